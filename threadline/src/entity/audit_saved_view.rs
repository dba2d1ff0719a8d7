//! `audit_saved_views`: filters that an operator keeps under a name.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use serde::Serialize;

use super::{JsonText, audit_table};
use crate::actor::{ActorRef, InvalidActorRef};

audit_table!("audit_saved_views");

/// Filters that an operator keeps under a name. See [`saved_view`](crate::saved_view).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// Counts up, with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The kind of the actor whose view it is; see [`Model::actor`].
    pub actor_type: String,
    /// The id of the actor; see [`Model::actor`].
    pub actor_id: String,
    /// The name, unique among those of the actor.
    pub name: String,
    /// The filters, a JSON object of texts; see [`Model::filter_texts`].
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub filters: JsonText,
    /// When it was saved, by the server's clock.
    pub saved_at: DateTimeUtc,
}

impl Model {
    /// Whose view it is.
    ///
    /// # Errors
    /// When the stored kind is one that this version does not know.
    pub fn actor(&self) -> Result<ActorRef, InvalidActorRef> {
        ActorRef::new(self.actor_type.parse()?, Some(&self.actor_id))
    }

    /// The filters by name, for example `table` = `posts`. The database stores nothing else here
    /// than texts; what is no text is left out.
    pub fn filter_texts(&self) -> BTreeMap<String, String> {
        let filters: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(self.filters.as_str()).unwrap_or_default();
        let texts = filters.into_iter().filter_map(|(name, value)| match value {
            serde_json::Value::String(text) => Some((name, text)),
            _ => None,
        });
        texts.collect()
    }
}

impl ActiveModelBehavior for ActiveModel {}
