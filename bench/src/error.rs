use std::{error::Error as StdError, io, path::PathBuf};

use sea_orm::{DbErr, sqlx};
use threadline::codegen::{IntrospectError, InvalidSpec, InvalidTableName};

/// The `Result` of this program.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no server.
    #[error("no PostgreSQL server to measure on")]
    Server(#[from] launcher::Error),

    /// The runtime of this program could not be made.
    #[error("the runtime can't be started")]
    Runtime(#[source] io::Error),

    /// A statement failed, or the connection did.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),

    /// As above, through SeaORM.
    #[error("the database failed")]
    SeaOrm(#[from] DbErr),

    /// Threadline could not be installed.
    #[error("the audit schema can't be installed")]
    Install(#[from] threadline::Error),

    /// See [`InvalidTableName`].
    #[error(transparent)]
    TableName(#[from] InvalidTableName),

    /// See [`IntrospectError`].
    #[error(transparent)]
    Introspect(#[from] IntrospectError),

    /// See [`InvalidSpec`].
    #[error(transparent)]
    Spec(#[from] InvalidSpec),

    /// The file of a variant could not be read.
    #[error("failed to read `{}`", path.display())]
    VariantFile {
        path: PathBuf,
        #[source]
        err: io::Error,
    },

    /// Two variants have one name, or the name of Threadline's own.
    #[error("variant `{0}` is there already; choose another name")]
    VariantName(String),

    /// A scenario failed.
    #[error("scenario `{scenario}` failed on variant `{variant}`")]
    Scenario {
        scenario: String,
        variant: String,
        #[source]
        err: Box<Error>,
    },

    /// The HTTP server could not listen, or failed.
    #[error("the HTTP server failed")]
    Serve(#[source] io::Error),

    /// A request got no response.
    #[error("a request got no response")]
    Request(#[source] Box<dyn StdError>),

    /// A request was not served.
    #[error("a request was answered with {status} instead of 201: {body}")]
    Response { status: u16, body: String },

    /// A page was not shown.
    #[error("the page `{path}` was answered with {status}: {body}")]
    Page {
        path: String,
        status: u16,
        body: String,
    },

    /// The results could not be written down.
    #[error("the results can't be written as JSON")]
    Json(#[from] serde_json::Error),

    /// A statement changed another number of rows than it should.
    #[error("a statement changed {found} rows instead of {expected}: nothing was measured")]
    Changed { expected: u64, found: u64 },

    /// The audited work left another number of changes than it made.
    #[error("{expected} changes were made and {found} captured: nothing was measured")]
    Captured { expected: i64, found: i64 },

    /// A bare statement found other rows than the library.
    #[error("a bare statement found {found} rows instead of {expected}: nothing was measured")]
    Read { expected: usize, found: usize },
}
