//! `audit_horizons`: since when the trail of a table is complete.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use super::audit_table;

audit_table!("audit_horizons");

/// Since when the trail of a table is complete. Both names are empty in the row that speaks for
/// every table without a row of its own.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// The schema of the table.
    #[sea_orm(primary_key, auto_increment = false)]
    pub table_schema: String,
    /// The table.
    #[sea_orm(primary_key, auto_increment = false)]
    pub table_name: String,
    /// Nothing from this instant on was purged.
    pub complete_since: DateTimeUtc,
    /// A change before this instant says nothing about the time after it: later ones may have been
    /// purged.
    pub unreliable_before: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
