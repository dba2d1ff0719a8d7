use sea_orm::DbErr;

use crate::{
    codegen::{IntrospectError, InvalidSpec, InvalidTableName, TableName},
    error::{Error, sqlstate},
    schema,
};

/// Why a baseline was not taken to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContinuityError {
    /// The table is not audited.
    #[error(
        "table `{0}` is not captured, and a baseline without capture is out of date at once; run `cargo threadline gen-triggers --tables {0}` and apply the migration first"
    )]
    NotCaptured(TableName),
    /// The capture of the table is switched off.
    #[error(
        "a capture trigger of table `{0}` is disabled; run `ALTER TABLE {quoted} ENABLE TRIGGER {1}` first",
        quoted = .0.quoted()
    )]
    Disabled(TableName, Box<str>),
    /// The table is not what its capture was generated for.
    #[error(
        "table `{0}` or its capture function has changed since the capture was generated; run `cargo threadline gen-triggers --tables {0}` and apply the migration first"
    )]
    Drift(TableName),
    /// The table can't be looked at.
    #[error(transparent)]
    Introspect(#[from] IntrospectError),
    /// Some rows were locked all the time.
    #[error(
        "{rows} rows of table `{table}` were locked by other transactions all the time; everything else is captured, run the baseline again for these"
    )]
    StillLocked {
        /// The table.
        table: TableName,
        /// How many rows.
        rows: u64,
    },
    /// The role may not do this.
    #[error(
        "this role may not take a baseline: run it as the role that applies the migrations, which is a member of `{0}_owner` and may read and lock the table",
        schema::current()
    )]
    NotPermitted {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// See [`Error`].
    #[error(transparent)]
    Audit(#[from] Error),
}

impl From<InvalidSpec> for ContinuityError {
    fn from(err: InvalidSpec) -> Self {
        Self::Introspect(err.into())
    }
}

impl From<InvalidTableName> for ContinuityError {
    fn from(err: InvalidTableName) -> Self {
        Self::Audit(DbErr::Custom(err.to_string()).into())
    }
}

impl From<DbErr> for ContinuityError {
    fn from(err: DbErr) -> Self {
        match sqlstate(&err).as_deref() {
            Some("42501") => Self::NotPermitted { err },
            _ => Self::Audit(err.into()),
        }
    }
}
