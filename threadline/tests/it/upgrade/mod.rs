//! From an earlier form of the audit schema to this one. `install.sql` and `capture.sql` are what was generated before
//! there was retention; they are never generated anew.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseConnection;
use threadline::{CapturePolicy, codegen::TableName, health::Health, record};
use uuid::Uuid;

use crate::support::{TestDb, connect, run, server_url};

const POSTS: &str = "CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, slug text NOT NULL UNIQUE, author_email text NOT NULL, published_at timestamptz, search_vector tsvector)";

/// Everything in the audit schema that a database may differ in, one thing a line.
const OBJECTS: &str = "
SELECT concat_ws(' ', 'column', c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'threadline'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT concat_ws(' ', 'relation', relname, relkind, relowner::regrole, CASE WHEN relkind IN ('r', 'p') THEN coalesce(relacl, acldefault('r', relowner)) ELSE relacl END) FROM pg_class WHERE relnamespace = 'threadline'::regnamespace
UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'threadline'
UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'threadline'::regnamespace AND conrelid <> 0
UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'threadline'::regnamespace) AND NOT tgisinternal
UNION ALL SELECT concat_ws(' ', 'function', oid::regprocedure, proowner::regrole, proacl, pg_get_functiondef(oid), obj_description(oid, 'pg_proc')) FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace
UNION ALL SELECT concat_ws(' ', 'trigger', tgname, tgrelid::regclass, tgenabled, replace(pg_get_triggerdef(oid), tgrelid::oid::text, 'OID')) FROM pg_trigger WHERE tgrelid = 'posts'::regclass AND NOT tgisinternal
ORDER BY 1";

/// A database without an audit schema.
async fn bare() -> TestDb {
    let name = format!("test_{}", Uuid::new_v4().simple());
    let admin = connect(&server_url("postgres"), 1).await;
    run(&admin, &format!("CREATE DATABASE {name}")).await;
    admin.close().await.unwrap();
    let url = server_url(&name);
    let db = connect(&url, 5).await;
    run(&db, POSTS).await;
    TestDb { db, url }
}

fn policy() -> CapturePolicy {
    CapturePolicy {
        mask: vec!["author_email".to_owned()],
        exclude: vec!["search_vector".to_owned()],
        ..CapturePolicy::default()
    }
}

async fn trail(test: &TestDb) -> Vec<String> {
    test.all(
        "SELECT 'change ' || c::text FROM threadline.audit_changes c UNION ALL SELECT 'transaction ' || t::text FROM threadline.audit_transactions t
         UNION ALL SELECT 'action ' || a::text FROM threadline.audit_actions a ORDER BY 1",
    )
    .await
}

async fn codes(db: &DatabaseConnection) -> Vec<&'static str> {
    let health = Health::new()
        .application_roles(["pg_monitor"])
        .since(Utc::now() + TimeDelta::days(1));
    let found = health.fetch_findings(db).await.unwrap().findings;
    found.iter().map(|finding| finding.code).collect()
}

#[tokio::test]
async fn an_earlier_schema_becomes_the_one_of_today_and_nothing_in_it_is_lost() {
    let test = bare().await;
    test.run(include_str!("install.sql")).await;
    test.run(include_str!("capture.sql")).await;
    test.run(
        "BEGIN; SELECT threadline.set_context('{\"actor\": {\"type\": \"user\", \"id\": \"alice\"}, \"request_id\": \"r1\"}');
         INSERT INTO posts (title, slug, author_email) VALUES ('a', 'a', 'a@example.org');
         SELECT threadline.record_action('{\"name\": \"post.made\"}'); COMMIT; UPDATE posts SET title = 'b'",
    )
    .await;
    let then: DateTime<Utc> = test.one("SELECT clock_timestamp()").await;
    let before = trail(&test).await;
    assert_eq!(before.len(), 5);
    assert!(codes(&test.db).await.contains(&"outdated-function"));

    threadline::install(&test.db).await.unwrap();
    assert_eq!(trail(&test).await, before);
    // The earlier capture goes on until it is generated again.
    test.run("UPDATE posts SET title = 'c'").await;
    assert_eq!(trail(&test).await.len(), before.len() + 2);
    test.capture("posts", policy()).await;
    assert_eq!(codes(&test.db).await, Vec::<&str>::new());
    test.run("BEGIN; SELECT threadline.set_context('{\"actor\": {\"type\": \"user\", \"id\": \"alice\"}}'); DELETE FROM posts; COMMIT")
        .await;

    let changes: Vec<_> = test.changes().await;
    assert_eq!(
        changes,
        [
            r#"posts insert {"id": 1}"#,
            r#"posts update {"id": 1} title"#,
            r#"posts update {"id": 1} title"#,
            r#"posts delete {"id": 1}"#,
        ]
    );
    let key = serde_json::from_str(r#"{"id": 1}"#).unwrap();
    let post = record("posts".parse::<TableName>().unwrap(), key);
    let image = post.fetch_image(then, &test.db).await.unwrap();
    let image = format!("{image:?}");
    assert!(image.contains(r#""title": "b""#), "{image}");
    assert!(!image.contains("example.org"), "{image}");

    let fresh = bare().await;
    threadline::install(&fresh.db).await.unwrap();
    fresh.capture("posts", policy()).await;
    let expected = fresh.all::<String>(OBJECTS).await;
    let found = test.all::<String>(OBJECTS).await;
    assert!(expected.len() > 100);
    let only_in = |one: &[String], other: &[String]| -> Vec<String> {
        let only = one.iter().filter(|object| !other.contains(object));
        only.cloned().collect()
    };
    assert_eq!(only_in(&expected, &found), Vec::<String>::new());
    // What captures of the earlier version call stays, so that they go on until they are generated again.
    let stays = ["function threadline.begin_transaction() "];
    let left = only_in(&found, &expected);
    assert_eq!(left.len(), stays.len(), "{left:#?}");
    for (left, stays) in left.iter().zip(stays) {
        assert!(left.starts_with(stays), "{left}");
    }
}
