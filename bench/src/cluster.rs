//! A PostgreSQL server for one run, and its databases.

use std::thread;

use launcher::{Binaries, Server};
use sea_orm::{
    ConnectOptions as SeaOrmOptions, Database, DatabaseConnection,
    sqlx::{
        AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
        postgres::PgConnectOptions,
    },
};
use threadline::codegen::quote_ident;

use crate::error::Result;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As in production: `fsync`, `full_page_writes` and `synchronous_commit` are on.
    Full,
    /// Nothing is written to the disk in time: for reads.
    None,
}

/// A running server with nothing else to do.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Server,
    settings: String,
}

impl Cluster {
    /// Starts a server with these settings, and no autovacuum unless they say so.
    pub(crate) fn start(durability: Durability, settings: &[(&str, &str)]) -> Result<Self> {
        let binaries = Binaries::find()?;
        let durable = durability == Durability::Full;
        let mut builder = Server::builder(&binaries)
            .durable(durable)
            .setting("autovacuum", "off");
        let switch = if durable { "on" } else { "off" };
        let mut text = format!(
            "PostgreSQL {} on {} cores; fsync = {switch}, full_page_writes = {switch}, autovacuum = off",
            binaries.version(),
            thread::available_parallelism().map_or(1, usize::from),
        );
        for (name, value) in settings {
            builder = builder.setting(*name, *value);
            text += &format!(", {name} = {value}");
        }
        Ok(Self {
            server: builder.start()?,
            settings: text,
        })
    }

    /// The server and its settings, in a line.
    pub(crate) fn describe(&self) -> &str {
        &self.settings
    }

    /// One connection through the Unix socket, which costs least. Statements are prepared once and values sent binary.
    pub(crate) async fn connect(&self, database: &str) -> Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.server.socket_dir())
            .port(self.server.port())
            .username("postgres")
            .database(database)
            .disable_statement_logging();
        Ok(PgConnection::connect_with(&options).await?)
    }

    /// A pool of SeaORM, over TCP.
    pub(crate) async fn pool(
        &self,
        database: &str,
        connections: u32,
    ) -> Result<DatabaseConnection> {
        let mut options = SeaOrmOptions::new(self.server.url(database));
        options
            .max_connections(connections)
            .min_connections(connections)
            .sqlx_logging(false);
        Ok(Database::connect(options).await?)
    }

    /// Makes an empty database.
    pub(crate) async fn create(&self, database: &str) -> Result<()> {
        self.command(format!("CREATE DATABASE {}", quote_ident(database)))
            .await
    }

    /// Copies a database that nobody is connected to.
    pub(crate) async fn copy(&self, template: &str, database: &str) -> Result<()> {
        let (template, database) = (quote_ident(template), quote_ident(database));
        self.command(format!("CREATE DATABASE {database} TEMPLATE {template}"))
            .await
    }

    /// Drops a database, and whoever is connected to it.
    pub(crate) async fn drop(&self, database: &str) -> Result<()> {
        let database = quote_ident(database);
        self.command(format!("DROP DATABASE {database} WITH (FORCE)"))
            .await
    }

    async fn command(&self, sql: String) -> Result<()> {
        let mut connection = self.connect("postgres").await?;
        connection.execute(AssertSqlSafe(sql)).await?;
        Ok(connection.close().await?)
    }
}
