//! Everything that can go wrong, and what the process reports for it.

use std::{io, path::PathBuf};

use sea_orm::DbErr;
use threadline::{
    InvalidSchemaName,
    codegen::{IntrospectError, InvalidTableName},
    continuity::ContinuityError,
    retention::RetentionError,
};

use crate::{
    change::WriteError,
    command::{export::ExportFileError, gen_triggers::Refusal},
    config::ConfigError,
    connection::ConnectError,
    entity::ScanError,
    exit_code,
    migration::{ExistingError, NoVersionLeft, RenderError},
    migrator::NotRegistrable,
    pooler,
    project::{LocateError, WorkspaceError},
    trail::KeyError,
};

/// The result of a command or a part of one.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The working directory is gone or hidden.
    #[error("failed to find the current directory")]
    Directory {
        #[source]
        err: io::Error,
    },

    /// The file `.env` can't be read.
    #[error("failed to read `.env`")]
    Environment(#[source] io::Error),

    /// The file `.env` is not what it should be.
    #[error("`.env` has a line that is no `NAME=value`")]
    EnvironmentSyntax,

    /// See [`ConfigError`].
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// See [`InvalidSchemaName`].
    #[error(transparent)]
    Schema(#[from] InvalidSchemaName),

    /// See [`WorkspaceError`].
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),

    /// See [`LocateError`].
    #[error(transparent)]
    Locate(#[from] LocateError),

    /// See [`ExistingError`].
    #[error(transparent)]
    Existing(#[from] ExistingError),

    /// See [`NoVersionLeft`].
    #[error(transparent)]
    Version(#[from] NoVersionLeft),

    /// See [`RenderError`].
    #[error(transparent)]
    Render(#[from] RenderError),

    /// See [`WriteError`].
    #[error(transparent)]
    Write(#[from] WriteError),

    /// See [`ScanError`].
    #[error(transparent)]
    Scan(#[from] ScanError),

    /// See [`Refusal`].
    #[error(transparent)]
    Refused(#[from] Refusal),

    /// See [`ConnectError`].
    #[error(transparent)]
    Connect(#[from] ConnectError),

    /// A command needs a database and none was named.
    #[error("no database was named")]
    NoDatabase,

    /// The trail could not be read or written.
    #[error("the trail cannot be used")]
    Trail(#[source] Box<threadline::Error>),

    /// See [`KeyError`].
    #[error(transparent)]
    Key(#[from] KeyError),

    /// A filter can't be applied.
    #[error("`{option}` cannot be used: {reason}")]
    Filter { option: String, reason: String },

    /// The result could not be written to standard output.
    #[error("the result cannot be printed")]
    Print(#[source] io::Error),

    /// No transaction has this id.
    #[error("the trail has no transaction {0}")]
    NoTransaction(i64),

    /// What the trail holds can't be printed.
    #[error("what was read from the trail cannot be printed")]
    Json(#[source] serde_json::Error),

    /// No policy says what may go.
    #[error("threadline.toml has no `[retention]`, so nothing may go")]
    NoRetention,

    /// See [`RetentionError`].
    #[error(transparent)]
    Retention(#[from] RetentionError),

    /// See [`ContinuityError`].
    #[error(transparent)]
    Continuity(#[from] ContinuityError),

    /// See [`ExportFileError`].
    #[error(transparent)]
    ExportFile(#[from] ExportFileError),

    /// `verify-coverage` without anything to verify.
    #[error("no table is expected to be captured, so nothing can be verified")]
    NothingExpected,

    /// The JUnit report could not be written.
    #[error("the JUnit report cannot be written")]
    Junit(#[source] Box<quick_junit::SerializeError>),

    /// A table in threadline.toml does not read as a name.
    #[error("`{text}` in `{key}` of threadline.toml is not the name of a table")]
    ConfiguredName {
        key: &'static str,
        text: String,
        #[source]
        err: InvalidTableName,
    },

    /// The catalogue has no such table, or one that cannot be captured.
    #[error("table {subject} cannot be captured")]
    Introspect {
        subject: String,
        #[source]
        err: Box<IntrospectError>,
    },

    /// The migration cannot be registered by a text edit.
    #[error("the migration cannot be registered in `{migrator}`")]
    Register {
        migrator: PathBuf,
        name: String,
        #[source]
        err: NotRegistrable,
    },

    /// The audit schema was installed under another name.
    #[error("`{path}` installs the audit schema as `{installed}`, not as `{asked}`")]
    OtherSchema {
        path: PathBuf,
        installed: String,
        asked: String,
    },

    /// A migration of ours is not in the Migrator.
    #[error("`{path}` was written by `cargo threadline` but is not registered in `{migrator}`")]
    Unregistered {
        path: PathBuf,
        migrator: PathBuf,
        name: String,
    },
}

impl From<threadline::Error> for Error {
    fn from(err: threadline::Error) -> Self {
        Self::Trail(Box::new(err))
    }
}

impl From<DbErr> for Error {
    fn from(err: DbErr) -> Self {
        threadline::Error::from(err).into()
    }
}

impl Error {
    /// What the process reports to the shell.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Register { .. }
            | Self::OtherSchema { .. }
            | Self::Unregistered { .. }
            | Self::NoTransaction(_) => exit_code::REFUSED,
            Self::Refused(refusal) => refusal.exit_code(),
            Self::Introspect { err, .. } => introspect(err),
            Self::Retention(RetentionError::Busy | RetentionError::Refused { .. })
            | Self::Continuity(
                ContinuityError::NotCaptured(_)
                | ContinuityError::Disabled(..)
                | ContinuityError::Drift(_)
                | ContinuityError::StillLocked { .. },
            ) => exit_code::REFUSED,
            Self::Continuity(ContinuityError::Introspect(err)) => introspect(err),
            Self::ExportFile(err) => match err {
                ExportFileError::Exists(_)
                | ExportFileError::Busy(_)
                | ExportFileError::NothingToResume(_) => exit_code::REFUSED,
                _ => exit_code::FAILURE,
            },
            Self::Trail(err) => match err.as_ref() {
                threadline::Error::InvalidPageToken(_) => exit_code::USAGE,
                _ => exit_code::FAILURE,
            },
            Self::Config(ConfigError::Parse { .. })
            | Self::NoRetention
            | Self::EnvironmentSyntax
            | Self::Key(_)
            | Self::Filter { .. }
            | Self::Retention(RetentionError::Policy(_))
            | Self::Schema(_)
            | Self::NoDatabase
            | Self::NothingExpected
            | Self::ConfiguredName { .. }
            | Self::Existing(ExistingError::Marker { .. })
            | Self::Connect(ConnectError::Url | ConnectError::UrlPart(_))
            | Self::Version(_) => exit_code::USAGE,
            Self::Scan(ScanError::Read { .. }) => exit_code::FAILURE,
            Self::Scan(_) => exit_code::USAGE,
            Self::Locate(LocateError::Read { .. }) => exit_code::FAILURE,
            Self::Locate(_) => exit_code::USAGE,
            Self::Directory { .. }
            | Self::Environment(_)
            | Self::Retention(_)
            | Self::Continuity(_)
            | Self::Junit(_)
            | Self::Json(_)
            | Self::Print(_)
            | Self::Config(ConfigError::Read { .. })
            | Self::Workspace(_)
            | Self::Connect(_)
            | Self::Existing(ExistingError::Read { .. })
            | Self::Render(_)
            | Self::Write(_) => exit_code::FAILURE,
        }
    }

    /// What to do about it, where that can be said.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Locate(error) => error.help(),
            Self::ExportFile(err) => err.help(),
            Self::NoDatabase => Some("set DATABASE_URL, or use `--database-url`".to_owned()),
            Self::EnvironmentSyntax => Some(
                "put a value with spaces or `#` in quotes, and comments behind `#`".to_owned(),
            ),
            Self::Key(error) => Some(error.help()),
            Self::NoTransaction(_) => Some(
                "take an id that `cargo threadline timeline` shows; it may have been purged since"
                    .to_owned(),
            ),
            Self::NoRetention => Some(
                "say how long changes are kept:\n    [retention]\n    keep_days = 400".to_owned(),
            ),
            Self::NothingExpected => Some(
                "derive `Audited` on a `Model`, or name tables in `[coverage] expected` or in \
                 `[tables]` of threadline.toml"
                    .to_owned(),
            ),
            Self::ConfiguredName { .. } => Some(
                "write names like `posts`, `blog.posts` or `\"Quoted\".\"Name\"`".to_owned(),
            ),
            Self::Refused(refusal) => refusal.help(),
            Self::Register { name, .. } => Some(format!(
                "make `fn migrations` one plain `vec![…]`, or write the file with `--no-register` \
                 and add these lines yourself:\n    mod {name};\n    Box::new({name}::Migration),"
            )),
            Self::Introspect { err, .. } => match err.as_ref() {
                IntrospectError::Missing { .. } => Some(
                    "check the spelling, or apply the migration that creates the table first"
                        .to_owned(),
                ),
                _ => None,
            },
            Self::OtherSchema { installed, .. } => Some(format!("use `--audit-schema {installed}`")),
            Self::Unregistered { name, .. } => Some(format!(
                "delete the file, or register it with these lines:\n    mod {name};\n    \
                 Box::new({name}::Migration),"
            )),
            Self::Connect(ConnectError::Url | ConnectError::UrlPart(_)) => Some(
                "write DATABASE_URL or `--database-url` as `postgres://user:password@host/database`"
                    .to_owned(),
            ),
            Self::Existing(ExistingError::Marker { .. }) => {
                Some("restore the line from version control".to_owned())
            }
            _ => pooler::help(self).map(str::to_owned),
        }
    }
}

fn introspect(err: &IntrospectError) -> u8 {
    match err {
        IntrospectError::Database { .. } => exit_code::FAILURE,
        _ => exit_code::REFUSED,
    }
}
