use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::ExprTrait,
};

use crate::{
    codegen::TableName,
    entity::audit_horizon::{self, Column},
    error::Result,
};

/// Since when nothing of a table was purged: the histories of its records are complete from there
/// on. `None` where nothing was ever purged.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// if let Some(since) = threadline::retention::complete_since(&"posts".parse()?, db).await? {
///     println!("what happened before {since} may have been purged");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database fails.
pub async fn complete_since<C: ConnectionTrait>(
    table: &TableName,
    db: &C,
) -> Result<Option<DateTime<Utc>>> {
    let row = audit_horizon::Entity::find()
        .filter(
            Column::TableSchema
                .eq(table.schema())
                .and(Column::TableName.eq(table.table()))
                .or(Column::TableSchema.eq("").and(Column::TableName.eq(""))),
        )
        .order_by_desc(Column::TableName)
        .one(db)
        .await?;
    Ok(row.map(|row| row.complete_since))
}
