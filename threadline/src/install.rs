//! Installing without a migration crate.

use sea_orm::{ConnectionTrait, TransactionSession, TransactionTrait};

use crate::{
    audited,
    codegen::{self, InvalidSpec, TableName},
    error::{Error, Result},
    schema,
};

/// Creates the audit schema, or completes it. Idempotent; one transaction.
///
/// For applications without a migration crate. With one, `cargo threadline install` writes the
/// same SQL into a migration.
///
/// # Errors
/// When the database refuses, for example because the role may not create schemas.
pub async fn install<C: TransactionTrait>(db: &C) -> Result<()> {
    let txn = begin_alone(db).await?;
    txn.execute_unprepared(&codegen::base_schema(schema::current()).up)
        .await?;
    txn.commit().await?;
    Ok(())
}

/// Instances of an application that start at the same time install one after the other.
async fn begin_alone<C: TransactionTrait>(db: &C) -> Result<C::Transaction> {
    let txn = db.begin().await?;
    let lock = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('threadline.install'))";
    txn.execute_unprepared(lock).await?;
    Ok(txn)
}

/// Why the triggers could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallTriggersError {
    /// A table can't be audited.
    #[error(transparent)]
    Introspect(#[from] codegen::IntrospectError),
    /// A name does not fit PostgreSQL.
    #[error(transparent)]
    TableName(#[from] codegen::InvalidTableName),
    /// A table can't be captured.
    #[error(transparent)]
    Spec(#[from] InvalidSpec),
    /// The database failed.
    #[error(transparent)]
    Audit(#[from] Error),
}

impl From<sea_orm::DbErr> for InstallTriggersError {
    fn from(err: sea_orm::DbErr) -> Self {
        Self::Audit(err.into())
    }
}

/// Creates or replaces capture for every audited entity that is linked into this program. One
/// transaction. Gives the tables.
///
/// For applications without a migration crate. With one, `cargo threadline gen-triggers --all`
/// writes the same SQL into a migration.
///
/// # Errors
/// When a table is missing or can't be audited, or a policy does not fit its table; nothing is
/// changed then.
pub async fn install_triggers<C: TransactionTrait>(
    db: &C,
) -> Result<Vec<TableName>, InstallTriggersError> {
    let txn = begin_alone(db).await?;
    let schema = schema::current();
    let mut tables = Vec::new();
    for entity in audited::entities() {
        let name = TableName::new(
            entity.schema_name().unwrap_or_else(|| "public".to_owned()),
            entity.table_name(),
        )?;
        let spec = codegen::introspect(schema, &name, entity.policy(), &txn).await?;
        spec.check_entity_key(&entity.primary_key())?;
        txn.execute_unprepared(&codegen::capture(schema, &spec, None)?.up)
            .await?;
        tables.push(name);
    }
    txn.commit().await?;
    Ok(tables)
}
