//! Old changes go, and nothing that is left tells a lie.

mod age;
mod guard;
mod partitions;
mod property;
mod pruner;
mod purge;
mod telemetry;

use chrono::{DateTime, Utc};
use sea_orm::{DbBackend, FromQueryResult, Statement};
use threadline::{
    Image, Snapshot, as_of,
    retention::{RetentionPolicy, RetentionRun, purge as prepare},
};

use crate::support::TestDb;

mod item {
    use sea_orm::entity::prelude::*;
    use threadline::{Audited, CapturePolicy};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub title: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    // By hand, so that `install_triggers` does not expect the table in the databases of other tests.
    impl Audited for Entity {
        fn policy() -> CapturePolicy {
            CapturePolicy::default()
        }
    }
}
pub use item::Entity as Item;

pub const ITEMS: &str = "CREATE TABLE items (id int PRIMARY KEY, title text)";

pub async fn items() -> TestDb {
    TestDb::with_tables(ITEMS, &["items"]).await
}

pub fn days(days: u32) -> RetentionPolicy {
    RetentionPolicy::keep_days(days).unwrap()
}

/// Purges in batches so small that there are many.
pub async fn run(test: &TestDb, policy: &RetentionPolicy) -> RetentionRun {
    let purge = prepare(policy)
        .batch_size(3)
        .pause(std::time::Duration::ZERO);
    purge.run(&test.db).await.unwrap()
}

/// What the trail says of an item at an instant.
pub async fn item(test: &TestDb, id: i32, at: DateTime<Utc>) -> Snapshot<Image> {
    as_of::<Item>(id, at).fetch_image(&test.db).await.unwrap()
}

/// What is left of the trail, in words.
pub async fn left(test: &TestDb) -> Vec<String> {
    #[derive(FromQueryResult)]
    struct Line {
        line: String,
    }
    let sql = "SELECT concat_ws(' ', table_name, op, table_pk ->> 'id', data_after ->> 'title') AS line FROM threadline.audit_changes ORDER BY captured_at, id";
    let lines = Line::find_by_statement(Statement::from_string(DbBackend::Postgres, sql));
    let lines = lines.all(&test.db).await.unwrap();
    lines.into_iter().map(|line| line.line).collect()
}
