//! `audit_actions`: intent that the application recorded.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{JsonText, audit_table};
use crate::actor::{ActorRef, InvalidActorRef};

audit_table!("audit_actions");

/// How the action ended.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum ActionStatus {
    /// It did what it was asked to do.
    #[default]
    #[sea_orm(string_value = "ok")]
    Ok,
    /// It failed; the record of the attempt is the point.
    #[sea_orm(string_value = "error")]
    Error,
}

/// Who did what, and why.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// Counts up, with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The transaction in which it was recorded.
    pub transaction_id: i64,
    /// The name, by convention `category.verb`.
    pub name: String,
    /// How it ended.
    pub status: ActionStatus,
    /// What was done, for example `publish`.
    pub verb: Option<String>,
    /// The area it belongs to, for example `post`.
    pub category: Option<String>,
    /// Why, as a word or a code.
    pub reason: Option<String>,
    /// Why, in somebody's words.
    pub comment: Option<String>,
    /// The kind of the actor; see [`Model::actor`].
    pub actor_type: String,
    /// The id of the actor; see [`Model::actor`].
    pub actor_id: Option<String>,
    /// The request in which it happened.
    pub request_id: Option<String>,
    /// What joins the work across services.
    pub correlation_id: Option<String>,
    /// The background job that did it.
    pub job_id: Option<String>,
    /// Free values, JSON.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub details: Option<JsonText>,
    /// When it was recorded, by the server's clock.
    pub recorded_at: DateTimeUtc,
    /// The transaction.
    #[sea_orm(belongs_to, from = "transaction_id", to = "id")]
    pub transaction: HasOne<super::audit_transaction::Entity>,
}

impl Model {
    /// Who did it.
    ///
    /// # Errors
    /// When the stored kind is one that this version does not know.
    pub fn actor(&self) -> Result<Option<ActorRef>, InvalidActorRef> {
        super::actor(Some(&self.actor_type), self.actor_id.as_deref())
    }

    /// About how many bytes it has.
    pub(crate) fn weight(&self) -> usize {
        let texts = [
            self.verb.as_deref(),
            self.category.as_deref(),
            self.reason.as_deref(),
            self.comment.as_deref(),
            self.details.as_ref().map(JsonText::as_str),
        ];
        let texts = texts.into_iter().flatten().map(str::len);
        self.name.len() + texts.sum::<usize>()
    }
}

impl ActiveModelBehavior for ActiveModel {}
