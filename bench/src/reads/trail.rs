//! The data: a trail of so many changes, made by the server itself.

use sea_orm::{
    ConnectionTrait, DatabaseConnection,
    sqlx::{AssertSqlSafe, Connection as _, Executor as _},
};

use super::record;
use crate::{cluster::Cluster, error::Result};

const SEED: &str = include_str!("seed.sql");

/// Makes a database with a trail of so many changes, and gives a pool of one connection to it.
pub(crate) async fn make(changes: u64, cluster: &Cluster) -> Result<DatabaseConnection> {
    let name = format!("trail_{changes}");
    cluster.create(&name).await?;
    let db = cluster.pool(&name, 1).await?;
    threadline::install(&db).await?;
    db.execute_unprepared(record::TABLE).await?;
    let mut owner = cluster.connect(&name).await?;
    let seed = SEED.replace("{changes}", &changes.to_string());
    owner
        .execute(AssertSqlSafe(format!("BEGIN; {seed} COMMIT")))
        .await?;
    owner.execute("VACUUM (ANALYZE)").await?;
    owner.execute("CHECKPOINT").await?;
    owner.close().await?;
    Ok(db)
}

/// Drops it.
pub(crate) async fn drop(changes: u64, db: DatabaseConnection, cluster: &Cluster) -> Result<()> {
    db.close().await?;
    cluster.drop(&format!("trail_{changes}")).await
}
