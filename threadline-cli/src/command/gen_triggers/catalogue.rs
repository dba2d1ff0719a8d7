//! The live catalogue, when there is one to ask.

use std::io;

use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, IntrospectError, TableName, TableSpec},
};

use crate::{
    connection::{ConnectError, Connection},
    reading,
};

/// The catalogue of a database, or the lack of one.
#[derive(Debug)]
pub(super) enum Catalogue {
    /// A connection.
    Live(Connection),
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
    pub(super) fn open(url: Option<&str>) -> Result<Self, ConnectError> {
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return Ok(Self::None);
        };
        match Connection::open(url) {
            Ok(connection) => Ok(Self::Live(connection)),
            Err(ConnectError::Unreachable(err)) => Ok(Self::Unreachable(err)),
            Err(err) => Err(err),
        }
    }

    /// What the reader should know when no database is used: an entity can't say everything.
    pub(super) fn warning(&self) -> Option<String> {
        match self {
            Self::Unreachable(err) => Some(format!(
                "the database cannot be reached, the entities alone are read: {err}"
            )),
            Self::None => Some(
                "DATABASE_URL is not set: columns and keys come from the entities and from earlier \
                 migrations"
                    .to_owned(),
            ),
            Self::Live(_) => None,
        }
    }

    /// The table as it is, joined with its policy; `None` without a database.
    ///
    /// # Errors
    /// When the table is not there or cannot be captured, or the database fails.
    pub(super) fn introspect(
        &self,
        schema: &SchemaName,
        table: &TableName,
        policy: &CapturePolicy,
    ) -> Option<Result<TableSpec, IntrospectError>> {
        match self {
            Self::Live(Connection { runtime, db }) => Some(runtime.block_on(async {
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
