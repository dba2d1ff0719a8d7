//! `audit_export_jobs`: exports that operators asked for, and what became of them.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{JsonText, audit_table};
use crate::actor::{ActorRef, InvalidActorRef};

audit_table!("audit_export_jobs");

/// What became of an export job.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// It waits for a worker, for the first time or once more.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// A worker is at it, or was cut off a short while ago.
    #[sea_orm(string_value = "running")]
    Running,
    /// Its file can be downloaded.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// It could not be done.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Its file was deleted after its time.
    #[sea_orm(string_value = "expired")]
    Expired,
}

impl JobStatus {
    /// The name used in the database, in JSON and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// One export that somebody asked for. Nobody can delete it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// Counts up, with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The kind of the actor who asked; see [`Model::actor`].
    pub actor_type: String,
    /// The id of the actor who asked; see [`Model::actor`].
    pub actor_id: String,
    /// How the file is written: `csv`, `json` or `ndjson`.
    pub format: String,
    /// The filters, as [`TimelineFilters`](crate::TimelineFilters).
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub filters: JsonText,
    /// The most changes that the file holds.
    pub row_limit: i64,
    /// How long the file is kept, in seconds.
    pub keep_seconds: i32,
    /// How often a worker may begin.
    pub max_attempts: i32,
    /// The database role of the session that asked.
    pub enqueued_by: String,
    /// When it was asked for.
    pub enqueued_at: DateTimeUtc,
    /// What became of it.
    pub status: JobStatus,
    /// How often a worker began.
    pub attempts: i32,
    /// How often a worker took it: tells the one that has it from those before.
    #[serde(skip)]
    pub claim: i64,
    /// When the last worker began.
    pub started_at: Option<DateTimeUtc>,
    /// When a worker was last heard of.
    pub heartbeat_at: Option<DateTimeUtc>,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
    /// Until when the file can be downloaded.
    pub expires_at: Option<DateTimeUtc>,
    /// Why the last attempt failed: a name, for example `abandoned`.
    pub failure: Option<String>,
    /// The name of the file in the storage.
    #[serde(skip)]
    pub file: Option<String>,
    /// How many changes the file holds; of a running job, so far.
    pub rows: i64,
    /// How large the file is.
    pub bytes: Option<i64>,
    /// Whether the file holds everything that the filters find.
    pub complete: Option<bool>,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: Option<String>,
}

impl Model {
    /// Who asked for it.
    ///
    /// # Errors
    /// When the stored kind is one that this version does not know.
    pub fn actor(&self) -> Result<ActorRef, InvalidActorRef> {
        ActorRef::new(self.actor_type.parse()?, Some(&self.actor_id))
    }
}

impl ActiveModelBehavior for ActiveModel {}
