//! The blog's migrations.

use sea_orm_migration::prelude::*;

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
