//! `audit_transactions`: one database transaction that changed something, and its context.

use sea_orm::entity::prelude::*;

use super::{JsonText, audit_table};
use crate::actor::{ActorRef, InvalidActorRef};

audit_table!("audit_transactions");

/// One database transaction that changed something, and its context.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// The handle of the transaction, in URLs too. Counts up, with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The transaction id of PostgreSQL: information, never an identity, since it repeats after a
    /// restore into another cluster.
    #[sea_orm(select_as = "text")]
    pub xid: String,
    /// When the transaction began, by the server's clock.
    pub occurred_at: DateTimeUtc,
    /// The kind of the actor; see [`Model::actor`].
    pub actor_type: Option<String>,
    /// The id of the actor; see [`Model::actor`].
    pub actor_id: Option<String>,
    /// The request in which it happened.
    pub request_id: Option<String>,
    /// What joins the work across services.
    pub correlation_id: Option<String>,
    /// The background job that did it.
    pub job_id: Option<String>,
    /// The address the request came from.
    pub remote_ip: Option<String>,
    /// What the request came through.
    pub source: Option<String>,
    /// The W3C `traceparent` of the work.
    pub traceparent: Option<String>,
    /// Free values of the application, a JSON object.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub meta: Option<JsonText>,
    /// What was wrong with the context, where the session sent a malformed one.
    pub context_error: Option<String>,
    /// The changes.
    #[sea_orm(has_many)]
    pub changes: HasMany<super::audit_change::Entity>,
    /// The intent that the application recorded.
    #[sea_orm(has_many)]
    pub actions: HasMany<super::audit_action::Entity>,
}

impl Model {
    /// Who did it; `None` when the transaction carried no actor.
    ///
    /// # Errors
    /// When the stored kind is one that this version does not know.
    pub fn actor(&self) -> Result<Option<ActorRef>, InvalidActorRef> {
        super::actor(self.actor_type.as_deref(), self.actor_id.as_deref())
    }
}

impl ActiveModelBehavior for ActiveModel {}
