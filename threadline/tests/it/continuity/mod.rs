//! Tables that have rows before they are audited.

mod concurrent;

use std::time::Duration;

use chrono::Utc;
use threadline::{
    Audited, CapturePolicy, ChangeDiff, Snapshot, as_of,
    codegen::TableName,
    continuity::{BASELINE_SOURCE, ContinuityError, TableContinuity, baseline, continuity},
    evidence::{self, evidence},
    retention::{RetentionPolicy, purge},
};

use crate::{
    retention::{ITEMS, Item, item},
    support::{TestDb, sql::names},
};

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

async fn of(test: &TestDb, name: &str) -> TableContinuity {
    let all = continuity(&test.db).await.unwrap().tables;
    all.into_iter().find(|t| t.table == table(name)).unwrap()
}

/// Rows that were there before the capture, and one that changed since.
async fn brownfield() -> TestDb {
    let test = TestDb::new().await;
    test.run(ITEMS).await;
    test.run("INSERT INTO items SELECT n, 'old ' || n FROM generate_series(1, 10) n")
        .await;
    test.capture("items", CapturePolicy::default()).await;
    test.run("UPDATE items SET title = 'new' WHERE id = 3; DELETE FROM items WHERE id = 4")
        .await;
    test
}

#[tokio::test]
async fn as_of_and_history_of_a_row_begin_with_its_baseline_which_does_not_claim_an_insert() {
    let test = brownfield().await;
    let before = Utc::now();
    assert_eq!(item(&test, 1, before).await, Snapshot::BeforeHorizon);
    let prepared = baseline(table("items")).chunk_size(3);
    let preview = prepared.preview(&test.db).await.unwrap();
    assert_eq!((preview.rows, preview.missing), (9, 8));
    assert_eq!(test.changes().await.len(), 2);
    let mut seen = Vec::new();
    let done = prepared
        .run_with(|progress| seen.push(progress.rows), &test.db)
        .await
        .unwrap();
    assert_eq!((done.rows, done.captured), (9, 8));
    assert_eq!(seen, [3, 6, 9, 9]);
    let now = as_of::<Item>(1, Utc::now()).fetch(&test.db).await.unwrap();
    assert_eq!(now.present().unwrap().title.as_deref(), Some("old 1"));
    assert_eq!(item(&test, 1, before).await, Snapshot::BeforeHorizon);
    let history = Item::history(1).find_also_related(threadline::entity::audit_transaction::Entity);
    let history = history.all(&test.db).await.unwrap();
    let [(change, Some(transaction))] = history.as_slice() else {
        panic!("{history:?}")
    };
    assert_eq!(change.op.as_str(), "update");
    assert!(ChangeDiff::of(change).fields.is_empty());
    assert!(transaction.is_baseline());
    assert_eq!(
        transaction.actor().unwrap().unwrap().to_string(),
        "system:threadline"
    );
    assert_eq!(transaction.source.as_deref(), Some(BASELINE_SOURCE));
    // Every other row has the history that it had.
    test.assert_true_trail("items").await;
    assert_eq!(
        prepared.run(&test.db).await.unwrap().captured,
        0,
        "a second run finds nothing to do"
    );
    assert_eq!(test.changes().await.len(), 10);
    // No transaction is left behind where nothing was captured.
    assert_eq!(test.transactions().await, 4);
}

#[tokio::test]
async fn the_report_says_since_when_every_row_is_known() {
    let test = brownfield().await;
    let report = of(&test, "items").await;
    assert!(report.captured && report.first_change.is_some());
    assert_eq!((report.baseline, report.every_row_since), (None, None));
    let done = baseline(table("items")).run(&test.db).await.unwrap();
    let report = of(&test, "items").await;
    assert_eq!(report.every_row_since, Some(done.evidence.recorded_at));
    assert_eq!(report.baseline.unwrap().rows, 9);
    let found = evidence()
        .subject(evidence::BASELINE)
        .reference("\"public\".\"items\"")
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(found.entries, [done.evidence]);
    // A purge that keeps no last changes makes them unknown again, and another baseline known.
    test.age(30).await;
    test.forge(
        "UPDATE threadline.audit_evidence SET recorded_at = recorded_at - interval '30 days'",
    )
    .await;
    purge(&RetentionPolicy::keep_days(10).unwrap().keep_last(false))
        .run(&test.db)
        .await
        .unwrap();
    assert_eq!(of(&test, "items").await.every_row_since, None);
    assert_eq!(item(&test, 1, Utc::now()).await, Snapshot::BeforeHorizon);
    assert_eq!(
        baseline(table("items"))
            .run(&test.db)
            .await
            .unwrap()
            .captured,
        9
    );
    assert!(matches!(
        item(&test, 1, Utc::now()).await,
        Snapshot::Present(_)
    ));
    test.run("ALTER TABLE items DISABLE TRIGGER ALL").await;
    assert!(!of(&test, "items").await.captured);
}

#[tokio::test]
async fn the_image_of_a_baseline_is_what_the_trigger_would_have_captured() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN short AS text CHECK (length(value) < 9); CREATE TYPE pair AS (a int, b float8);
         CREATE TABLE odd (\"I d\" int, at timestamptz, n numeric, f float8, g float8, fs float8[], j json, b jsonb, c jsonb, bin bytea, i interval, m money, p point, e mood, s short,
           r int4range, x pair, ts timestamp, d date, t text[], reg regclass, secret text, pin text, doubled int GENERATED ALWAYS AS (touched * 2) STORED, touched int,
           PRIMARY KEY (\"I d\", at));
         INSERT INTO odd (\"I d\", at, n, f, g, fs, j, b, c, bin, i, m, p, e, s, r, x, ts, d, t, reg, secret, pin, touched) VALUES
           (1, '2026-01-01 12:00+05', 1.50, '-0', 0.1::float8 + 0.2, '{-0,1}', '{ \"a\":1, \"a\": 2}', 'null', '{\"k\": [1]}', '\\xdeadbeef', '1 mon 2 days', '1.5', '(-0,1)', 'ok', 'x', '[1,3)', '(1,-0)', '2026-01-01', '2026-01-01', '{a,NULL}', 'pg_class', 'hunter2', '1234', 0),
           (1, '2026-01-02 12:00+05', 'NaN', 'Infinity', NULL, NULL, '\"\\u0000\"', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0)",
    )
    .await;
    let policy = CapturePolicy {
        mask: names(&["secret"]),
        exclude: names(&["pin"]),
        ..CapturePolicy::default()
    };
    test.capture("odd", policy).await;
    // The session is as odd as the table.
    let db = test.pool(2).await;
    test.run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -5', current_database()); EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database());
        EXECUTE format('ALTER DATABASE %I SET bytea_output = escape', current_database()); EXECUTE format('ALTER DATABASE %I SET intervalstyle = ''sql_standard''', current_database()); END $$").await;
    assert_eq!(
        baseline(table("odd"))
            .chunk_size(1)
            .run(&db)
            .await
            .unwrap()
            .captured,
        2
    );
    test.run("UPDATE odd SET touched = 1").await;
    let differences: Vec<String> = test
        .all("SELECT format(E'%s\n%s\n%s\n%s', b.data_after, u.data_after, b.exact, u.exact) FROM threadline.audit_changes b JOIN threadline.audit_changes u ON u.row_key = b.row_key AND u.table_pk = b.table_pk AND u.id > b.id
               WHERE b.data_after - '{touched,doubled}'::text[] <> u.data_after - '{touched,doubled}'::text[] OR b.exact IS DISTINCT FROM u.exact")
        .await;
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(
        test.one::<i64>("SELECT count(DISTINCT table_pk) FROM threadline.audit_changes")
            .await,
        2
    );
    let leaks: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes c WHERE to_jsonb(c)::text ~ 'hunter2|1234'")
        .await;
    assert_eq!(leaks, 0);
    let masked: String = test.one("SELECT data_after ->> 'secret' FROM threadline.audit_changes WHERE op = 'update' AND changed_fields = '{}' LIMIT 1").await;
    assert_eq!(masked, "[REDACTED]");
}

#[tokio::test]
async fn rows_of_partitions_are_taken_under_the_root_and_a_truncate_of_one_ends_them() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE events (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
         CREATE TABLE events_eu PARTITION OF events FOR VALUES IN ('eu');
         CREATE TABLE \"events US\" (region text NOT NULL, id int NOT NULL); ALTER TABLE events ATTACH PARTITION \"events US\" FOR VALUES IN ('us');
         INSERT INTO events SELECT n, r FROM generate_series(1, 5) n, unnest(ARRAY['eu', 'us']) r",
    )
    .await;
    test.capture("events", CapturePolicy::default()).await;
    assert_eq!(
        baseline(table("events"))
            .chunk_size(2)
            .run(&test.db)
            .await
            .unwrap()
            .captured,
        10
    );
    let names: Vec<String> = test.all("SELECT DISTINCT table_name || ' ' || partition_name FROM threadline.audit_changes ORDER BY 1").await;
    assert_eq!(
        names,
        ["events public.\"events US\"", "events public.events_eu"]
    );
    test.run("TRUNCATE events_eu; INSERT INTO events VALUES (9, 'eu')")
        .await;
    // What was there before a truncate is missing again when it comes back unseen.
    test.run("ALTER TABLE events_eu DISABLE TRIGGER USER; INSERT INTO events VALUES (1, 'eu'); ALTER TABLE events_eu ENABLE TRIGGER USER").await;
    assert_eq!(
        baseline(table("events"))
            .run(&test.db)
            .await
            .unwrap()
            .captured,
        1
    );
}

#[tokio::test]
async fn what_can_not_be_taken_is_refused_and_nothing_is_written() {
    let test = TestDb::new().await;
    test.run(ITEMS).await;
    test.run("INSERT INTO items VALUES (1, 'a'); CREATE VIEW seen AS SELECT 1 AS id")
        .await;
    let refuse = async |name: &str| {
        let err = baseline(table(name)).run(&test.db).await.unwrap_err();
        assert_eq!(test.one::<i64>("SELECT (SELECT count(*) FROM threadline.audit_changes) + (SELECT count(*) FROM threadline.audit_evidence)").await, 0);
        err
    };
    let err = refuse("items").await;
    assert!(matches!(err, ContinuityError::NotCaptured(_)), "{err:?}");
    assert!(
        err.to_string()
            .contains("cargo threadline gen-triggers --tables items"),
        "{err}"
    );
    assert!(refuse("itmes").await.to_string().contains("does not exist"));
    assert!(refuse("seen").await.to_string().contains("is a view"));
    assert!(
        refuse("threadline.audit_changes")
            .await
            .to_string()
            .contains("belongs to the audit trail")
    );
    test.capture(
        "items",
        CapturePolicy {
            mask: names(&["title"]),
            ..CapturePolicy::default()
        },
    )
    .await;
    test.run("ALTER TABLE items RENAME title TO name").await;
    assert!(matches!(
        refuse("items").await,
        ContinuityError::Drift(_) | ContinuityError::Introspect(_)
    ));
    test.run("ALTER TABLE items RENAME name TO title; ALTER TABLE items ADD token text")
        .await;
    assert!(matches!(refuse("items").await, ContinuityError::Drift(_)));
    test.run("ALTER TABLE items DROP token; ALTER TABLE items DISABLE TRIGGER \"00_threadline_audit_capture\"").await;
    let err = refuse("items").await;
    assert!(matches!(err, ContinuityError::Disabled(..)), "{err:?}");
    let fix = err.to_string();
    let fix = fix
        .split('`')
        .find(|part| part.starts_with("ALTER"))
        .unwrap();
    test.run(fix).await;
    let edit = "DO $$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(tgfoid), 'BEGIN', E'BEGIN\n--') FROM pg_trigger WHERE tgname = '00_threadline_audit_capture'); END $$";
    test.run(edit).await;
    assert!(matches!(refuse("items").await, ContinuityError::Drift(_)));
    test.capture("items", CapturePolicy::default()).await;
    let (role, db) = test.login("IN ROLE threadline_writer").await;
    test.run(&format!("GRANT ALL ON items TO {role}")).await;
    let err = baseline(table("items")).run(&db).await.unwrap_err();
    assert!(
        matches!(err, ContinuityError::NotPermitted { .. }),
        "{err:?}"
    );
    assert_eq!(
        baseline(table("items"))
            .pause(Duration::from_millis(1))
            .run(&test.db)
            .await
            .unwrap()
            .captured,
        1
    );
}

#[tokio::test]
async fn the_role_that_applies_the_migrations_may_take_a_baseline() {
    let test = brownfield().await;
    let role = test
        .role("IN ROLE threadline_owner, threadline_writer")
        .await;
    test.run(&format!("ALTER TABLE items OWNER TO {role}"))
        .await;
    let db = test.pool_as(&role, 2).await;
    let done = baseline(table("items")).run(&db).await.unwrap();
    assert_eq!((done.captured, done.evidence.recorded_by), (8, role));
    // Row security that would hide rows is an error, not a gap.
    test.run("INSERT INTO items VALUES (11, 'late'); ALTER TABLE items ENABLE ROW LEVEL SECURITY; ALTER TABLE items FORCE ROW LEVEL SECURITY")
        .await;
    let err = baseline(table("items")).run(&db).await.unwrap_err();
    assert!(
        matches!(err, ContinuityError::NotPermitted { .. }),
        "{err:?}"
    );
}
