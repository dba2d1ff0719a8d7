use sea_orm::DbErr;

use super::{MAX_FILTERS_BYTES, MAX_NAME_CHARS, MAX_VIEWS};
use crate::{
    error::{Error, sqlstate},
    schema,
};

/// Why a view was not saved or not deleted. Nothing changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedViewError {
    /// Somebody who has no id has no views.
    #[error("an anonymous actor has no saved views: sign in as somebody")]
    Anonymous,
    /// The name can't be one.
    #[error(
        "a saved view needs a name of 1 to {MAX_NAME_CHARS} characters, without line breaks or other control characters"
    )]
    Name,
    /// The filters are too large together.
    #[error("the filters of a saved view have at most {MAX_FILTERS_BYTES} bytes together")]
    TooLarge,
    /// The actor has another view of that name.
    #[error(
        "there is a saved view `{name}` with other filters: choose another name, or delete that one"
    )]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The actor has as many views as there may be.
    #[error("there are {MAX_VIEWS} saved views already, as many as there may be: delete one")]
    TooMany,
    /// The role or the connection may only read.
    #[error(
        "views can't be saved here, because this database role or connection may only read: run `GRANT {0}_writer TO` the role, or use a connection that may write",
        schema::current()
    )]
    ReadOnly {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// See [`Error`].
    #[error(transparent)]
    Audit(#[from] Error),
}

impl SavedViewError {
    /// The name of its kind, as events of [`telemetry`](crate::telemetry) have it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Name => "name",
            Self::TooLarge => "too_large",
            Self::NameTaken { .. } => "name_taken",
            Self::TooMany => "too_many",
            Self::ReadOnly { .. } => "read_only",
            Self::Audit(error) => error.kind(),
        }
    }

    /// What the database said when a view of that name was to be saved or deleted.
    pub(super) fn of(err: DbErr, name: &str) -> Self {
        match sqlstate(&err).as_deref() {
            Some("TL010") => Self::NameTaken {
                name: name.to_owned(),
            },
            Some("TL011") => Self::TooMany,
            // A transaction or a server that takes no writes.
            Some("25006") => Self::ReadOnly { err },
            // A character that jsonb or text can't hold.
            Some("22P05" | "22021") => Self::Audit(Error::Refused { err }),
            _ => match Error::from(err) {
                Error::NotPermitted { err } => Self::ReadOnly { err },
                error => Self::Audit(error),
            },
        }
    }
}
