//! Drift: the table changes after its capture was generated. No write fails, and nothing is lost.

use sea_orm::{ConnectionTrait, TransactionTrait};
use sha2::{Digest, Sha256};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, COMMENT_PREFIX, FunctionComment},
};

use crate::support::{
    TestDb, run,
    sql::{names, refused},
};

const POSTS: &str = "CREATE TABLE posts (id int PRIMARY KEY, title text, doc jsonb, raw json, score float8, secret text, hidden text)";

async fn posts(policy: CapturePolicy) -> TestDb {
    let test = TestDb::new().await;
    test.run(POSTS).await;
    test.capture("posts", policy).await;
    test
}

/// The newest change: operation, key, image, changed fields, previous values, exact texts.
async fn newest(test: &TestDb) -> String {
    test.one(
        "SELECT concat_ws(' ', op, table_pk, data_after, coalesce(array_to_string(changed_fields, ','), '-'), coalesce(changed_from::text, '-'), exact)
           FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC LIMIT 1",
    )
    .await
}

#[tokio::test]
async fn an_added_column_is_in_the_image_the_changed_fields_and_the_previous_values() {
    let test = posts(CapturePolicy::default()).await;
    test.run("INSERT INTO posts VALUES (1, 'a'); ALTER TABLE posts ADD extra text DEFAULT 'old', ADD \"n n\" jsonb;")
        .await;
    test.run("UPDATE posts SET extra = 'new', \"n n\" = 'null', title = 'b'")
        .await;
    assert_eq!(
        newest(&test).await,
        r#"update {"id": 1} {"id": 1, "doc": null, "n n": null, "raw": null, "extra": "new", "score": null, "title": "b", "hidden": null, "secret": null} title,extra {"extra": "old", "title": "a"}"#
    );
    test.run("UPDATE posts SET extra = NULL").await;
    assert_eq!(
        newest(&test).await,
        r#"update {"id": 1} {"id": 1, "doc": null, "n n": null, "raw": null, "extra": null, "score": null, "title": "b", "hidden": null, "secret": null} extra {"extra": "new"}"#
    );
    let before: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes")
        .await;
    test.run("UPDATE posts SET extra = extra").await;
    let after: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes")
        .await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn no_change_of_a_column_makes_a_write_fail_in_sessions_that_have_the_plan_cached() {
    let test = posts(CapturePolicy {
        mask: names(&["secret"]),
        exclude: names(&["hidden"]),
        except: names(&["score"]),
        ..CapturePolicy::default()
    })
    .await;
    let session = test.pool(1).await;
    let insert = "INSERT INTO posts (id, raw, score) VALUES (1, '{\"a\": \"\\u0000\"}', '-0')";
    run(&session, insert).await;
    run(&session, "UPDATE posts SET raw = '[]'; DELETE FROM posts").await;
    let images = [
        (
            "ALTER TABLE posts ALTER doc TYPE text, ALTER score TYPE text, ALTER raw TYPE jsonb USING raw::jsonb",
            r#"{"id": 1, "doc": null, "raw": null, "score": "-0", "title": "x", "secret": "[REDACTED]"}"#,
        ),
        (
            "ALTER TABLE posts ALTER raw TYPE text, ALTER title TYPE bytea USING convert_to(title, 'UTF8')",
            r#"{"id": 1, "doc": null, "raw": null, "score": "-0", "title": "\\x78", "secret": "[REDACTED]"}"#,
        ),
        (
            "ALTER TABLE posts ALTER title TYPE json USING to_json(1), ALTER score TYPE float8 USING score::float8",
            r#"{"id": 1, "doc": null, "raw": null, "score": 0, "title": 7, "secret": "[REDACTED]"}"#,
        ),
        (
            "ALTER TABLE posts RENAME raw TO cooked; ALTER TABLE posts DROP doc, DROP score",
            r#"{"id": 1, "title": 7, "cooked": null, "secret": "[REDACTED]"}"#,
        ),
        (
            "ALTER TABLE posts DROP secret, DROP hidden",
            r#"{"id": 1, "title": 7, "cooked": null}"#,
        ),
        (
            "ALTER TABLE posts DROP title, ADD title int[]",
            r#"{"id": 1, "title": [7], "cooked": null}"#,
        ),
    ];
    for (change, image) in images {
        test.run(change).await;
        let columns: String = test
            .one(
                "SELECT string_agg(attname || ':' || format_type(atttypid, NULL), ',') FROM pg_attribute
                  WHERE attrelid = 'posts'::regclass AND attnum > 0 AND NOT attisdropped",
            )
            .await;
        let title = match columns.split(',').find_map(|c| c.strip_prefix("title:")) {
            Some("json") => "7",
            Some("integer[]") => "{7}",
            _ => "x",
        };
        run(
            &session,
            &format!("INSERT INTO posts (id, title) VALUES (1, '{title}')"),
        )
        .await;
        if columns.contains("score") {
            run(&session, "UPDATE posts SET score = '-0'").await;
        }
        if columns.contains("secret") {
            run(
                &session,
                "UPDATE posts SET secret = 'pssst', hidden = 'pssst'",
            )
            .await;
        }
        run(&session, "DELETE FROM posts").await;
        let last: String = test
            .one("SELECT op || ' ' || data_after FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC LIMIT 1")
            .await;
        assert_eq!(last, format!("delete {image}"), "{change}");
    }
    let leaks: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes c WHERE c::text LIKE '%pssst%'")
        .await;
    assert_eq!(leaks, 0);
}

#[tokio::test]
async fn a_change_of_the_table_in_the_writing_transaction_itself_is_seen() {
    let test = posts(CapturePolicy::default()).await;
    let txn = test.db.begin().await.unwrap();
    run(&txn, "INSERT INTO posts (id, title) VALUES (1, 'a')").await;
    run(&txn, "ALTER TABLE posts RENAME title TO name; ALTER TABLE posts DROP doc, DROP raw, DROP score, DROP secret, DROP hidden")
        .await;
    run(&txn, "UPDATE posts SET name = 'b'").await;
    txn.commit().await.unwrap();
    assert_eq!(
        newest(&test).await,
        r#"update {"id": 1} {"id": 1, "name": "b"} name {"name": "a"}"#
    );
    assert_eq!(test.transactions().await, 1);
}

#[tokio::test]
async fn a_renamed_key_column_keeps_records_apart_under_its_new_name() {
    let test = posts(CapturePolicy::default()).await;
    test.run("ALTER TABLE posts RENAME id TO uid; INSERT INTO posts VALUES (1, 'a'), (2, 'b'); UPDATE posts SET uid = 3 WHERE uid = 1; DELETE FROM posts WHERE uid = 2")
        .await;
    assert_eq!(
        test.changes().await,
        [
            r#"posts insert {"uid": 1}"#,
            r#"posts insert {"uid": 2}"#,
            r#"posts delete {"uid": 1} uid"#,
            r#"posts update {"uid": 3} uid"#,
            r#"posts delete {"uid": 2}"#,
        ]
    );
    // The capture that is generated then goes on with the same keys.
    test.capture("posts", CapturePolicy::default()).await;
    test.run("DELETE FROM posts").await;
    let keys: i64 = test
        .one(r#"SELECT count(DISTINCT row_key) FROM threadline.audit_changes WHERE table_pk = '{"uid": 3}'"#)
        .await;
    assert_eq!(keys, 1);
    assert_eq!(test.changes().await[5], r#"posts delete {"uid": 3}"#);
}

#[tokio::test]
async fn a_dropped_key_column_leaves_the_image_and_a_key_without_value() {
    let test = posts(CapturePolicy::default()).await;
    test.run("ALTER TABLE posts DROP id; INSERT INTO posts (title) VALUES ('a'); UPDATE posts SET title = 'b'; DELETE FROM posts; TRUNCATE posts")
        .await;
    assert_eq!(
        test.changes().await,
        [
            r#"posts insert {"id": null}"#,
            r#"posts update {"id": null} title"#,
            r#"posts delete {"id": null}"#,
            "posts truncate {}",
        ]
    );
}

#[tokio::test]
async fn a_renamed_table_keeps_its_recorded_name_and_its_function_for_itself() {
    let test = posts(CapturePolicy::default()).await;
    test.run(
        "ALTER TABLE posts RENAME TO articles; INSERT INTO articles VALUES (1); TRUNCATE articles",
    )
    .await;
    assert_eq!(
        test.changes().await,
        [r#"posts insert {"id": 1}"#, "posts truncate {}"]
    );
    test.run(POSTS).await;
    let spec = test.spec("posts", CapturePolicy::default()).await.unwrap();
    let sql = codegen::capture(&SchemaName::default(), &spec, None).unwrap();
    assert_eq!(
        refused(&test.db, &sql.up).await,
        "P0001 threadline: table public.articles still uses the capture function of \"public\".\"posts\""
    );
    // Generated again under its new name, it lets go of the old function.
    test.capture("articles", CapturePolicy::default()).await;
    test.run(&sql.up).await;
    test.run("INSERT INTO articles VALUES (2); INSERT INTO posts VALUES (3)")
        .await;
    assert_eq!(
        test.changes().await[2..],
        [r#"articles insert {"id": 2}"#, r#"posts insert {"id": 3}"#]
    );
}

#[tokio::test]
async fn the_comment_says_what_was_meant_and_the_digest_of_what_is_deployed() {
    let policy = CapturePolicy {
        mask: names(&["secret"]),
        ..CapturePolicy::default()
    };
    let test = posts(policy.clone()).await;
    let spec = test.spec("posts", policy).await.unwrap();
    let function = codegen::capture_function(&spec);
    let comment: String = test
        .one(&format!(
            "SELECT obj_description('threadline.{function}()'::regprocedure, 'pg_proc')"
        ))
        .await;
    let body: String = test
        .one(&format!(
            "SELECT prosrc FROM pg_proc WHERE oid = 'threadline.{function}()'::regprocedure"
        ))
        .await;
    let comment: FunctionComment =
        serde_json::from_str(comment.strip_prefix(COMMENT_PREFIX).unwrap()).unwrap();
    assert_eq!(comment.spec, spec);
    let digest: String = Sha256::digest(&body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(comment.body, digest);
    assert_eq!(
        codegen::capture_body(&SchemaName::default(), &comment.spec).unwrap(),
        body
    );
}

#[tokio::test]
async fn the_migration_back_restores_the_policy_before() {
    let masked = CapturePolicy {
        mask: names(&["secret"]),
        ..CapturePolicy::default()
    };
    let test = posts(masked.clone()).await;
    let schema = SchemaName::default();
    let before = test.spec("posts", masked).await.unwrap();
    let after = test.spec("posts", CapturePolicy::default()).await.unwrap();
    let sql = codegen::capture(&schema, &after, Some(&before)).unwrap();
    test.run(&sql.up).await;
    test.run("INSERT INTO posts (id, secret) VALUES (1, 'open')")
        .await;
    test.run(&sql.down).await;
    test.run("INSERT INTO posts (id, secret) VALUES (2, 'closed')")
        .await;
    test.run(&codegen::capture(&schema, &before, None).unwrap().down)
        .await;
    test.db
        .execute_unprepared("INSERT INTO posts (id) VALUES (3)")
        .await
        .unwrap();
    let found: Vec<String> = test
        .all("SELECT data_after ->> 'secret' FROM threadline.audit_changes ORDER BY id")
        .await;
    assert_eq!(found, ["open", "[REDACTED]"]);
    let left: i64 = test
        .one("SELECT count(*) FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace AND prorettype = 'trigger'::regtype AND proname NOT LIKE 'refuse%'")
        .await;
    assert_eq!(left, 0);
}
