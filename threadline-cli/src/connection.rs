//! The connection to a database.

use std::{io, str::FromStr, time::Duration};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        self, ConnectOptions as _, Connection as _,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use tokio::{
    runtime::{self, Runtime},
    time::timeout,
};

/// How long to wait for a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    /// The address is not one of a PostgreSQL database.
    #[error("the database url is not a `postgres://` address")]
    Url,

    /// The address has a part that does not read.
    #[error("the database url cannot be read")]
    UrlPart(#[source] sqlx::Error),

    /// Nobody answers there.
    #[error("failed to connect to the database")]
    Unreachable(#[source] io::Error),

    /// The server let nobody in.
    #[error("failed to connect to the database")]
    Refused(#[source] sqlx::Error),

    /// No thread or timer for the connection.
    #[error("failed to start the runtime of the database connection")]
    Runtime(#[source] io::Error),
}

/// A database, and what runs its work.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) runtime: Runtime,
    pub(crate) db: DatabaseConnection,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// [`ConnectError`]
    pub(crate) fn open(url: &str) -> Result<Self, ConnectError> {
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(ConnectError::Url);
        }
        let options = PgConnectOptions::from_str(url)
            .map_err(ConnectError::UrlPart)?
            .disable_statement_logging();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ConnectError::Runtime)?;
        match runtime.block_on(connect(options)) {
            Ok(db) => Ok(Self { runtime, db }),
            Err(sqlx::Error::Io(err)) => Err(ConnectError::Unreachable(err)),
            Err(err) => Err(ConnectError::Refused(err)),
        }
    }
}

/// Connects once before there is a pool: a pool tries again and again where nobody listens.
async fn connect(options: PgConnectOptions) -> Result<DatabaseConnection, sqlx::Error> {
    let first = timeout(CONNECT_TIMEOUT, options.connect()).await;
    let first =
        first.map_err(|late| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, late)));
    first??.close().await?;
    // A retention run holds its lock with one and works with the other.
    // A transaction drops the statements that it finds on the server (`reading`), so the driver must
    // not go on with those it prepared in an earlier one.
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .before_acquire(|connection, _| {
            Box::pin(async move {
                connection.clear_cached_statements().await?;
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
