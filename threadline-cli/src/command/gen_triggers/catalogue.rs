//! The live catalogue, when there is one to ask.

use std::{io, str::FromStr, time::Duration};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        self, ConnectOptions as _,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, IntrospectError, TableName, TableSpec},
};
use tokio::{
    runtime::{self, Runtime},
    time::timeout,
};

use crate::reading;

/// How long to wait for a server before working without it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// The database was reached and failed, or its address is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CatalogueError {
    /// The address is not one of a PostgreSQL database.
    #[error("the database url is not a `postgres://` address")]
    Url,

    /// The address has a part that does not read.
    #[error("the database url cannot be read")]
    UrlPart(#[source] sqlx::Error),

    /// The server let nobody in.
    #[error("failed to connect to the database")]
    Connect(#[source] sqlx::Error),

    /// No thread or timer for the connection.
    #[error("failed to start the runtime of the database connection")]
    Runtime(#[source] io::Error),
}

/// The catalogue of a database, or the lack of one.
#[derive(Debug)]
pub(crate) enum Catalogue {
    /// A connection.
    Live {
        runtime: Runtime,
        db: DatabaseConnection,
    },
    /// No database was named.
    None,
    /// The named one cannot be reached.
    Unreachable(io::Error),
}

impl Catalogue {
    /// Connects. A server that does not answer is no error: the entities may say enough.
    ///
    /// # Errors
    /// When the address is wrong or the server refuses.
    pub(crate) fn open(url: Option<&str>) -> Result<Self, CatalogueError> {
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return Ok(Self::None);
        };
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(CatalogueError::Url);
        }
        let options = PgConnectOptions::from_str(url)
            .map_err(CatalogueError::UrlPart)?
            .disable_statement_logging();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CatalogueError::Runtime)?;
        match runtime.block_on(connect(options)) {
            Ok(db) => Ok(Self::Live { runtime, db }),
            Err(sqlx::Error::Io(err)) => Ok(Self::Unreachable(err)),
            Err(err) => Err(CatalogueError::Connect(err)),
        }
    }

    /// What the reader should know when no database is used: an entity can't say everything.
    pub(crate) fn warning(&self) -> Option<String> {
        match self {
            Self::Unreachable(err) => Some(format!(
                "the database cannot be reached, the entities alone are read: {err}"
            )),
            Self::None => Some(
                "DATABASE_URL is not set: columns and keys come from the entities and from earlier \
                 migrations"
                    .to_owned(),
            ),
            Self::Live { .. } => None,
        }
    }

    /// The table as it is, joined with its policy; `None` without a database.
    ///
    /// # Errors
    /// When the table is not there or cannot be captured, or the database fails.
    pub(crate) fn introspect(
        &self,
        schema: &SchemaName,
        table: &TableName,
        policy: &CapturePolicy,
    ) -> Option<Result<TableSpec, IntrospectError>> {
        match self {
            Self::Live { runtime, db } => Some(runtime.block_on(async {
                let failed = |err| IntrospectError::Database {
                    table: table.clone(),
                    err,
                };
                let txn = reading::begin(db).await.map_err(failed)?;
                codegen::introspect(schema, table, policy.clone(), &txn).await
            })),
            Self::None | Self::Unreachable(_) => None,
        }
    }
}

/// Connects once before there is a pool: a pool tries again and again where nobody listens.
async fn connect(options: PgConnectOptions) -> Result<DatabaseConnection, sqlx::Error> {
    let first = timeout(CONNECT_TIMEOUT, options.connect()).await;
    let first =
        first.map_err(|late| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, late)));
    sqlx::Connection::close(first??).await?;
    // A retention run holds its lock with one and works with the other.
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
