//! `audit_retention_runs`: who purged by which policy, and what became of it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{JsonText, audit_table};
use crate::actor::{ActorRef, InvalidActorRef};

audit_table!("audit_retention_runs");

/// What a run does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// It deletes changes one by one.
    #[sea_orm(string_value = "purge")]
    Purge,
    /// It drops whole months.
    #[sea_orm(string_value = "partitions")]
    Partitions,
}

/// What became of a run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It goes on, or was cut off and nobody has begun another since.
    #[sea_orm(string_value = "running")]
    Running,
    /// It came to its end.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// It met an error; what it had deleted until then is deleted.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// It was cut off, and another began.
    #[sea_orm(string_value = "abandoned")]
    Abandoned,
}

impl RunStatus {
    /// The name used in the database, in JSON and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// One retention run. Nobody can delete or falsify it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// Counts up, with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it does.
    pub kind: RunKind,
    /// What became of it.
    pub status: RunStatus,
    /// The database role of the session that began it.
    pub run_by: String,
    /// The kind of the actor; see [`Model::actor`].
    pub actor_type: Option<String>,
    /// The id of the actor; see [`Model::actor`].
    pub actor_id: Option<String>,
    /// The policy, as it was given.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub policy: JsonText,
    /// What the policy meant at that time: the cutoff of every table, and the holds.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub rules: JsonText,
    /// No change from this instant on was deleted.
    pub newest_cutoff: DateTimeUtc,
    /// When it began, by the server's clock.
    pub started_at: DateTimeUtc,
    /// When its last batch was done.
    pub batch_at: DateTimeUtc,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
    /// How many batches it did.
    pub batches: i64,
    /// How many rows it looked at.
    pub examined: i64,
    /// How many changes it deleted, those of dropped months included.
    pub deleted_changes: i64,
    /// How many transactions it deleted, because nothing was left of them.
    pub deleted_transactions: i64,
    /// How many actions it deleted with their transactions.
    pub deleted_actions: i64,
    /// How many months it dropped.
    pub dropped_partitions: i64,
    /// Why it failed.
    pub error: Option<String>,
}

impl Model {
    /// Who asked for it; `None` when nobody was named.
    ///
    /// # Errors
    /// When the stored kind is one that this version does not know.
    pub fn actor(&self) -> Result<Option<ActorRef>, InvalidActorRef> {
        super::actor(self.actor_type.as_deref(), self.actor_id.as_deref())
    }

    /// How long it took, or has taken so far, in milliseconds.
    pub fn duration_ms(&self) -> i64 {
        (self.finished_at.unwrap_or(self.batch_at) - self.started_at).num_milliseconds()
    }
}

impl ActiveModelBehavior for ActiveModel {}
