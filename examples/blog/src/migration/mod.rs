//! The blog's tables and what audits them.

use sea_orm::DatabaseConnection;
use sea_orm_migration::prelude::*;
use threadline::InstallTriggersError;

mod m20261101_090000_create_tables;

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261101_090000_create_tables::Migration)]
    }
}

/// Why the database could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A statement failed.
    #[error("a migration failed")]
    Database(#[from] DbErr),
    /// The audit schema could not be created.
    #[error("the audit schema can't be installed")]
    Install(#[from] threadline::Error),
    /// A table can't be audited.
    #[error("the tables can't be audited")]
    Triggers(#[from] InstallTriggersError),
}

/// Brings the database up to date. May run on every start.
///
/// # Errors
/// When the database refuses; what is missing is created by the next run.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), Error> {
    Migrator::up(db, None).await?;
    threadline::install(db).await?;
    threadline::install_triggers(db).await?;
    Ok(())
}
