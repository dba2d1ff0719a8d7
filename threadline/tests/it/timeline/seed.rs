//! A trail to read: what was done, and a list of it that owes nothing to the query.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt, CapturePolicy, Error, record_action,
};

use crate::support::{TestDb, rows, run};

pub mod post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub title: String,
        pub n: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod shop_post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts", schema_name = "shop")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub title: String,
        pub n: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A change and its transaction, as SQL reads them.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub transaction: i64,
    pub schema: String,
    pub table: String,
    pub op: String,
    pub fields: Vec<String>,
    pub actor_type: Option<String>,
    pub actor_id: Option<String>,
    pub request: Option<String>,
    pub correlation: Option<String>,
    pub actions: Vec<String>,
}

/// A database with some days' work of several people in three tables.
pub async fn seeded() -> (TestDb, Vec<Line>) {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, n int NOT NULL DEFAULT 0);
         CREATE TABLE comments (id serial PRIMARY KEY, title text NOT NULL, n int NOT NULL DEFAULT 0);
         CREATE SCHEMA shop;
         CREATE TABLE shop.posts (id serial PRIMARY KEY, title text NOT NULL, n int NOT NULL DEFAULT 0);",
    )
    .await;
    for table in ["posts", "comments", "shop.posts"] {
        test.capture(table, CapturePolicy::default()).await;
    }
    let user = |id: &str| AuditContext::for_actor(ActorRef::user(id).unwrap());
    let contexts = [
        user("alice").request_id("r-1").correlation_id("c-1"),
        user("bob").request_id("r-2").correlation_id("c-1"),
        AuditContext::for_actor(ActorRef::admin("alice").unwrap()).correlation_id("c-2"),
        AuditContext::for_actor(ActorRef::anonymous()).request_id("r-3"),
        AuditContext::without_actor()
            .request_id("r-1")
            .allow_missing_actor(),
        user("alice").request_id("r-4"),
    ];
    for (i, context) in contexts.iter().enumerate() {
        test.db
            .audited_transaction(context, async |txn| {
                for table in ["posts", "comments", "shop.posts"] {
                    run(
                        txn,
                        &format!("INSERT INTO {table} (title) VALUES ('{i}a'), ('{i}b')"),
                    )
                    .await;
                }
                run(
                    txn,
                    &format!("UPDATE posts SET n = {i} + 1 WHERE title = '{i}a'"),
                )
                .await;
                run(
                    txn,
                    &format!(
                        "UPDATE shop.posts SET n = {i} + 1, title = '{i}c' WHERE title = '{i}b'"
                    ),
                )
                .await;
                if i % 2 == 0 && i < 4 {
                    record_action("post.created").insert(txn).await?;
                    record_action("post.announced").insert(txn).await?;
                }
                if i == 1 {
                    record_action("post.created").insert(txn).await?;
                }
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    }
    test.run("DELETE FROM comments WHERE id < 4").await;
    test.run("UPDATE posts SET title = title || '!' WHERE id = 1")
        .await;
    test.run("TRUNCATE comments").await;
    ties(&test).await;
    let lines = lines(&test.db).await;
    assert_eq!(lines.len(), 6 * 8 + 3 + 1 + 1 + 12);
    (test, lines)
}

/// Changes of one instant, which only the owner of the tables can make up.
async fn ties(test: &TestDb) {
    test.run(
        r#"WITH t AS (
               INSERT INTO threadline.audit_transactions (xid, actor_type, actor_id, correlation_id)
               VALUES ('0', 'system', 'import', 'c-ties') RETURNING id)
           INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after)
           SELECT t.id, at, 0, 'public', CASE n % 2 WHEN 0 THEN 'posts' ELSE 'comments' END, 'insert', jsonb_build_object('id', n), '{}'
             FROM t, generate_series(1, 6) AS n, unnest(ARRAY['2024-05-05 05:05:05.000001Z', '2024-05-05 05:05:05Z'::timestamptz]) AS at"#,
    )
    .await;
}

async fn lines(db: &impl ConnectionTrait) -> Vec<Line> {
    let sql = "SELECT c.id, c.captured_at, c.transaction_id, c.table_schema, c.table_name, c.op, coalesce(c.changed_fields, '{}'),
                 t.actor_type, t.actor_id, t.request_id, t.correlation_id,
                 ARRAY(SELECT a.name FROM threadline.audit_actions a WHERE a.transaction_id = t.id)
            FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id";
    let rows = rows(db, sql).await;
    let line = |row: &sea_orm::QueryResult| {
        Ok::<_, sea_orm::DbErr>(Line {
            id: row.try_get_by_index(0)?,
            at: row.try_get_by_index(1)?,
            transaction: row.try_get_by_index(2)?,
            schema: row.try_get_by_index(3)?,
            table: row.try_get_by_index(4)?,
            op: row.try_get_by_index(5)?,
            fields: row.try_get_by_index(6)?,
            actor_type: row.try_get_by_index(7)?,
            actor_id: row.try_get_by_index(8)?,
            request: row.try_get_by_index(9)?,
            correlation: row.try_get_by_index(10)?,
            actions: row.try_get_by_index(11)?,
        })
    };
    let mut lines: Vec<_> = rows.iter().map(|row| line(row).unwrap()).collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.at, line.id)));
    lines
}
