//! The blog's tables, and what `cargo threadline` wrote to audit them.

#![expect(unreachable_pub, reason = "generated migrations are public")]

use sea_orm::DatabaseConnection;
use sea_orm_migration::prelude::*;

mod m20261101_090000_create_tables;
mod m20261123_020540_threadline_install;
mod m20261127_014712_threadline_capture_3_tables;

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_090000_create_tables::Migration),
            Box::new(m20261123_020540_threadline_install::Migration),
            Box::new(m20261127_014712_threadline_capture_3_tables::Migration),
        ]
    }
}

/// Brings the database up to date. May run on every start.
///
/// # Errors
/// When the database refuses; what is missing is created by the next run.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(db, None).await
}
