//! A trail large enough for the planner to choose.

use sea_orm::DatabaseConnection;
use threadline::{Audited, CapturePolicy};

use crate::support::{TestDb, run};

pub mod post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod setting {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

// By hand: the derive would list them for `install_triggers`, which other tests call.
impl Audited for post::Entity {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}

impl Audited for setting::Entity {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}

/// Four months of changes, four in each transaction. Of two large tables and a small one; by a
/// thousand users and an import that did a third; in requests of their own, correlated in tens,
/// and a nightly correlation that has a third. Post 7 is hot: it has a tenth of all changes.
const SEED: &str = r#"
    SET synchronous_commit = off;
    CREATE TABLE posts (id bigint PRIMARY KEY, title text NOT NULL);
    CREATE TABLE settings (id bigint PRIMARY KEY, title text NOT NULL);
    CREATE TABLE threadline.audit_changes_2024_01 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-01-01Z') TO ('2024-02-01Z');
    CREATE TABLE threadline.audit_changes_2024_02 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-02-01Z') TO ('2024-03-01Z');
    CREATE TABLE threadline.audit_changes_2024_03 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-03-01Z') TO ('2024-04-01Z');
    CREATE TABLE threadline.audit_changes_2024_04 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-04-01Z') TO ('2024-05-01Z');
    INSERT INTO threadline.audit_transactions (id, xid, occurred_at, actor_type, actor_id, request_id, correlation_id) OVERRIDING SYSTEM VALUE
    SELECT n, '0', timestamptz '2024-01-01Z' + n * interval '200 seconds',
           CASE WHEN n % 3 = 0 THEN 'system' WHEN n % 50 = 1 THEN NULL WHEN n % 7 = 2 THEN 'anonymous' ELSE 'user' END,
           CASE WHEN n % 3 = 0 THEN 'import' WHEN n = 20000 THEN 'rare' WHEN n % 50 <> 1 AND n % 7 <> 2 THEN (n % 1000)::text END,
           'r-' || n, CASE WHEN n % 3 = 0 THEN 'nightly' ELSE 'c-' || n / 10 END
      FROM generate_series(1, 50000) AS n;
    INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type, actor_id)
    SELECT n, CASE WHEN n = 30000 THEN 'post.rare' ELSE 'post.common' END, 'ok', 'system', 'import' FROM generate_series(10, 50000, 10) AS n;
    INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from)
    SELECT (n + 3) / 4, timestamptz '2024-01-01Z' + n * interval '50 seconds', threadline.row_key('public', t.name, k.pk), 'public', t.name,
           CASE WHEN n % 5000 = 0 THEN 'delete' WHEN i.first THEN 'insert' ELSE 'update' END, k.pk, k.pk || '{"title": "t"}',
           CASE WHEN NOT i.first AND n % 5000 <> 0 THEN ARRAY['title'] END, CASE WHEN NOT i.first AND n % 5000 <> 0 THEN '{"title": "s"}'::jsonb END
      FROM generate_series(1, 200000) AS n,
           LATERAL (SELECT n <= 1000 AS first) AS i,
           LATERAL (SELECT CASE WHEN n % 10000 = 9 THEN 'settings' WHEN n % 2 = 0 THEN 'posts' ELSE 'comments' END AS name) AS t,
           LATERAL (SELECT jsonb_build_object('id', CASE WHEN n % 10 = 2 THEN 7 ELSE n % 20000 END) AS pk) AS k;
    INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk)
    SELECT 50000, timestamptz '2024-04-25Z' + n * interval '1 second', threadline.row_key('public', 'comments', '{}'), 'public', 'comments', 'truncate', '{}'
      FROM generate_series(1, 20) AS n;
    ANALYZE threadline.audit_transactions, threadline.audit_actions, threadline.audit_changes"#;

/// The seeded database, and one connection to it.
pub async fn seeded() -> (TestDb, DatabaseConnection) {
    let test = TestDb::new().await;
    let db = test.pool(1).await;
    run(&db, SEED).await;
    (test, db)
}
