//! The writes of many rows at once.

use futures_util::TryStreamExt as _;
use sea_orm::sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{
    scenario::Name,
    table::{POST_COLUMNS, TABLE},
};
use crate::error::{Error, Result};

/// One statement over many rows, ready to run.
#[derive(Debug)]
pub(crate) enum Bulk {
    Statement(String),
    /// The lines of a COPY, in the chunks that are sent.
    Copy(Vec<Vec<u8>>),
}

impl Bulk {
    /// Prepares the statement of a scenario; `None` if it writes row by row.
    pub(crate) async fn new(name: Name, connection: &mut PgConnection) -> Result<Option<Self>> {
        let sql = match name {
            Name::BulkInsert => format!(
                "INSERT INTO {TABLE} ({POST_COLUMNS}) SELECT {POST_COLUMNS} FROM public.source"
            ),
            Name::BulkUpdate => format!("UPDATE {TABLE} SET counter = counter + 1"),
            Name::BulkDelete => format!("DELETE FROM {TABLE}"),
            Name::Copy => return Ok(Some(Self::Copy(source(connection).await?))),
            _ => return Ok(None),
        };
        Ok(Some(Self::Statement(sql)))
    }

    /// Runs it, and makes sure that it changed so many rows.
    pub(crate) async fn run(self, rows: i64, connection: &mut PgConnection) -> Result<()> {
        let found = match self {
            Self::Statement(sql) => connection
                .execute(AssertSqlSafe(sql))
                .await?
                .rows_affected(),
            Self::Copy(chunks) => {
                let sql = format!("COPY {TABLE} ({POST_COLUMNS}) FROM STDIN");
                let mut copy = connection.copy_in_raw(&sql).await?;
                for chunk in chunks {
                    copy.send(chunk).await?;
                }
                copy.finish().await?
            }
        };
        let expected = rows.unsigned_abs();
        if found == expected {
            Ok(())
        } else {
            Err(Error::Changed { expected, found })
        }
    }
}

async fn source(connection: &mut PgConnection) -> Result<Vec<Vec<u8>>> {
    /// A message for every line would cost more than the line.
    const CHUNK: usize = 64 * 1024;
    let mut lines = connection
        .copy_out_raw(&format!("COPY public.source ({POST_COLUMNS}) TO STDOUT"))
        .await?;
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    while let Some(line) = lines.try_next().await? {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.extend_from_slice(&line),
            _ => chunks.push(line.to_vec()),
        }
    }
    Ok(chunks)
}
