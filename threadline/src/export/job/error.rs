use sea_orm::DbErr;

use crate::{
    error::{Error, sqlstate},
    export::StorageError,
};

/// Why an export job, or its file, was not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportJobError {
    /// The actor has no id, so that nobody else could be told from it.
    #[error("an export job needs an actor with an id, and `anonymous` has none")]
    Anonymous,
    /// The timeline has a scope, which is a condition of the host and can't be stored.
    #[error(
        "a timeline in a scope can't be exported in the background; stream the export to the operator instead"
    )]
    Scoped,
    /// The timeline begins at a page token.
    #[error("an export job holds everything that its filters find; leave out the page token")]
    PageToken,
    /// The actor has as many jobs under way as one may have.
    #[error("this actor has 10 export jobs under way already; wait until one ends")]
    TooMany {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// No such job, or not of this actor.
    #[error("there is no such export job of this actor")]
    NotFound,
    /// It has no file yet.
    #[error("the export is not ready yet")]
    NotReady,
    /// It could not be done.
    #[error("the export failed: {failure}")]
    Failed {
        /// The name of the failure, for example `abandoned`.
        failure: String,
    },
    /// The file was kept for its time, and is gone.
    #[error("the export has expired; ask for it again")]
    Expired,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// See [`Error`].
    #[error(transparent)]
    Audit(#[from] Error),
}

impl ExportJobError {
    /// The name of its kind, as events of [`telemetry`](crate::telemetry) and failed jobs have it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Scoped => "scoped",
            Self::PageToken => "page_token",
            Self::TooMany { .. } => "too_many",
            Self::NotFound => "not_found",
            Self::NotReady => "not_ready",
            Self::Failed { .. } => "failed",
            Self::Expired => "expired",
            Self::Storage(StorageError::NotFound(_)) => "file_missing",
            Self::Storage(_) => "storage",
            Self::Audit(error) => error.kind(),
        }
    }
}

impl From<DbErr> for ExportJobError {
    fn from(err: DbErr) -> Self {
        match sqlstate(&err).as_deref() {
            Some("TL011") => Self::TooMany { err },
            _ => Self::Audit(err.into()),
        }
    }
}
