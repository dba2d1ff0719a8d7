//! The engine, on the thread that owns it.

use std::{
    io::{self, Write},
    net::{Shutdown, TcpStream},
    path::Path,
};

use oliphaunt_wasix::{
    DatabaseStorage,
    session::{
        PostgresConfig, PreparedDatabase, ProtocolSession, StartupConfig, default_catalog_profile,
        startup_error_response_output,
    },
};

use super::protocol::{Batch, Startup, fatal, read_batch};

/// The superuser of the engine, and the name of its database.
pub(super) const POSTGRES: &str = "postgres";

const INTERNAL_ERROR: &str = "XX000";

/// A prepared database without a session.
#[derive(Debug)]
pub(super) struct Engine {
    database: PreparedDatabase,
}

/// A client that has introduced itself.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) stream: TcpStream,
    pub(super) startup: Startup,
}

impl Engine {
    /// Prepares a database in memory, or in a directory.
    pub(super) fn prepare(directory: Option<&Path>) -> anyhow::Result<Self> {
        let storage = match directory {
            Some(directory) => DatabaseStorage::Directory(directory.join("embedded")),
            None => DatabaseStorage::Memory,
        };
        let database = PreparedDatabase::prepare(storage, default_catalog_profile(), POSTGRES)?;
        Ok(Self { database })
    }

    /// Serves one client until it leaves; whatever happens to it, the next one can be served.
    pub(super) fn serve(&self, mut client: Client) {
        if let Err(err) = self.converse(&mut client) {
            if err.downcast_ref::<io::Error>().is_some() {
                tracing::debug!(error = %err, "a client of the embedded database broke off");
            } else {
                tracing::warn!(error = %err, "a session of the embedded database failed");
                let answer = startup_error_response_output(&err)
                    .map_or_else(|| fatal(INTERNAL_ERROR, &err.to_string()), <[u8]>::to_vec);
                // The client may have gone already.
                let _ = client.stream.write_all(&answer);
            }
        }
        let _ = client.stream.shutdown(Shutdown::Both);
    }

    fn converse(&self, Client { stream, startup }: &mut Client) -> anyhow::Result<()> {
        let account = StartupConfig {
            username: startup.user.clone(),
            database: startup.database.clone(),
        };
        let mut session = self
            .database
            .runtime()?
            .open(PostgresConfig::default(), account)?;
        let outcome = answer_all(&mut session, stream, &startup.packet);
        let end = session.shutdown();
        outcome.and(end)
    }

    /// Closes the database.
    pub(super) fn release(mut self) {
        if let Err(err) = self.database.release() {
            tracing::warn!(error = %err, "the embedded database was not closed cleanly");
        }
    }
}

fn answer_all(
    session: &mut ProtocolSession,
    stream: &mut TcpStream,
    startup: &[u8],
) -> anyhow::Result<()> {
    let response = session.startup_with_packet(startup)?;
    stream.write_all(&response.output)?;
    if !response.accepted {
        return Ok(());
    }
    while let Batch::Messages(messages) = read_batch(stream)? {
        stream.write_all(&session.send_buffered(&messages)?)?;
    }
    Ok(())
}
