//! What goes, and what stays.

use chrono::{TimeDelta, Utc};
use serde_json::json;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt, Snapshot,
    evidence::{self, Verdict, evidence},
    record_action,
    retention::{Hold, RetentionError, RunStatus, complete_since, partitions, purge, status},
};

use super::{Item, days, item, items, left, run};
use crate::support::{TestDb, run as sql};

#[tokio::test]
async fn superseded_and_ended_changes_go_and_the_last_version_of_a_live_row_stays() {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        .await;
    test.age(20).await;
    test.run("UPDATE items SET title = 'd' WHERE id = 1; DELETE FROM items WHERE id = 2")
        .await;
    test.age(20).await;
    test.run("UPDATE items SET title = 'e' WHERE id = 1; INSERT INTO items VALUES (4, 'f')")
        .await;
    let preview = purge(&days(10)).preview(&test.db).await.unwrap();
    assert_eq!((preview.may_go(), preview.stay()), (3, 2));
    let done = run(&test, &days(10)).await;
    assert_eq!(
        left(&test).await,
        [
            "items insert 3 c",
            "items update 1 d",
            "items update 1 e",
            "items insert 4 f"
        ]
    );
    assert_eq!(
        (done.deleted_changes, done.status),
        (3, RunStatus::Completed)
    );
    let now = Utc::now();
    let ten = now - TimeDelta::days(9);
    assert!(
        matches!(item(&test, 3, ten).await, Snapshot::Present(i) if i.row.as_str().contains("\"c\""))
    );
    assert!(
        matches!(item(&test, 1, ten).await, Snapshot::Present(i) if i.row.as_str().contains("\"d\""))
    );
    // What was deleted long ago is no longer known.
    assert_eq!(item(&test, 2, ten).await, Snapshot::BeforeHorizon);
    // Before the cutoff nothing is claimed, although the row that is left is older.
    let before = now - TimeDelta::days(11);
    assert_eq!(item(&test, 3, before).await, Snapshot::BeforeHorizon);
    let since = complete_since(&"items".parse().unwrap(), &test.db)
        .await
        .unwrap()
        .unwrap();
    assert!(
        (now - since - TimeDelta::days(10)).abs() < TimeDelta::minutes(5),
        "{since}"
    );
}

#[tokio::test]
async fn without_the_last_versions_a_quiet_row_is_unknown_and_never_what_it_was_long_ago() {
    let test = items().await;
    let ctx = AuditContext::for_actor(ActorRef::user("held").unwrap());
    let held = test.db.begin_audited(&ctx).await.unwrap();
    sql(&held, "INSERT INTO items VALUES (1, 'first')").await;
    held.commit().await.unwrap();
    test.age(1).await;
    test.run("UPDATE items SET title = 'second'").await;
    test.age(30).await;
    let policy = days(10)
        .keep_last(false)
        .hold(Hold::actor(ActorRef::user("held").unwrap()))
        .unwrap();
    run(&test, &policy).await;
    assert_eq!(left(&test).await, ["items insert 1 first"]);
    assert_eq!(item(&test, 1, Utc::now()).await, Snapshot::BeforeHorizon);
    // Nor when a later purge keeps the last changes again.
    run(
        &test,
        &days(10)
            .hold(Hold::actor(ActorRef::user("held").unwrap()))
            .unwrap(),
    )
    .await;
    assert_eq!(item(&test, 1, Utc::now()).await, Snapshot::BeforeHorizon);
    // From its next change on it is known.
    test.run("UPDATE items SET title = 'third'").await;
    assert!(matches!(
        item(&test, 1, Utc::now()).await,
        Snapshot::Present(_)
    ));
}

#[tokio::test]
async fn tables_of_a_class_go_by_their_own_time() {
    let test = items().await;
    test.run("CREATE TABLE sessions (id int PRIMARY KEY); CREATE TABLE books (id int PRIMARY KEY); CREATE SCHEMA other; CREATE TABLE other.sessions (id int PRIMARY KEY)")
        .await;
    for table in ["sessions", "books", "other.sessions"] {
        test.capture(table, threadline::CapturePolicy::default())
            .await;
        test.run(&format!(
            "INSERT INTO {table} VALUES (1); DELETE FROM {table}"
        ))
        .await;
    }
    test.run("INSERT INTO items VALUES (1, 'a'); DELETE FROM items")
        .await;
    test.age(50).await;
    let policy = days(40)
        .class("short", 10, ["sessions".parse().unwrap()])
        .and_then(|p| p.class("long", 400, ["books".parse().unwrap()]))
        .unwrap();
    let preview = purge(&policy).preview(&test.db).await.unwrap();
    let counts: Vec<_> = preview
        .tables
        .iter()
        .map(|t| (t.table.to_string(), t.may_go))
        .collect();
    assert_eq!(
        counts,
        [
            ("other.sessions".to_owned(), 2),
            ("items".to_owned(), 2),
            ("sessions".to_owned(), 2)
        ]
    );
    test.run("INSERT INTO items VALUES (2, 'b'); INSERT INTO sessions VALUES (2); DELETE FROM items; DELETE FROM sessions").await;
    test.age(20).await;
    run(&test, &policy).await;
    assert_eq!(
        left(&test).await,
        [
            "books insert 1",
            "books delete 1",
            "items insert 2 b",
            "items delete 2 b"
        ]
    );
    let since = async |table: &str| {
        let since = complete_since(&table.parse().unwrap(), &test.db)
            .await
            .unwrap();
        (Utc::now() - since.unwrap()).num_days()
    };
    assert_eq!(
        [
            since("items").await,
            since("sessions").await,
            since("books").await
        ],
        [40, 10, 400]
    );
}

#[tokio::test]
async fn a_table_that_joins_a_class_keeps_the_horizon_that_it_had() {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a'); UPDATE items SET title = 'b'")
        .await;
    test.age(60).await;
    run(&test, &days(30)).await;
    run(
        &test,
        &days(30)
            .class("long", 900, ["items".parse().unwrap()])
            .unwrap(),
    )
    .await;
    let at = Utc::now() - TimeDelta::days(40);
    assert_eq!(item(&test, 1, at).await, Snapshot::BeforeHorizon);
    // And one that leaves a class follows the rest again.
    run(&test, &days(10)).await;
    let since = complete_since(&"items".parse().unwrap(), &test.db)
        .await
        .unwrap();
    assert_eq!((Utc::now() - since.unwrap()).num_days(), 10);
}

#[tokio::test]
async fn what_is_held_by_row_actor_or_correlation_stays_with_the_end_that_it_had() {
    let test = items().await;
    let write = async |ctx: &AuditContext, text: &str| {
        let txn = test.db.begin_audited(ctx).await.unwrap();
        sql(&txn, text).await;
        txn.commit().await.unwrap();
    };
    let nobody = AuditContext::without_actor().allow_missing_actor();
    let eve = AuditContext::for_actor(ActorRef::user("eve").unwrap());
    write(&nobody, "INSERT INTO items VALUES (1, 'row')").await;
    write(&eve, "INSERT INTO items VALUES (2, 'actor')").await;
    write(
        &nobody.clone().correlation_id("case"),
        "INSERT INTO items VALUES (3, 'correlation')",
    )
    .await;
    write(&nobody, "INSERT INTO items VALUES (4, 'nothing')").await;
    write(&nobody, "INSERT INTO items VALUES (5, 'action')").await;
    let txn = test.db.begin_audited(&nobody).await.unwrap();
    sql(&txn, "UPDATE items SET title = 'action2' WHERE id = 5").await;
    record_action("x")
        .actor(ActorRef::user("eve").unwrap())
        .insert(&txn)
        .await
        .unwrap();
    txn.commit().await.unwrap();
    test.run("UPDATE items SET title = 'later'; DELETE FROM items")
        .await;
    test.age(30).await;
    let key = json!({"id": 1}).as_object().unwrap().clone();
    let policy = days(10)
        .hold(Hold::row("items".parse().unwrap(), key))
        .and_then(|p| p.hold(Hold::actor(ActorRef::user("eve").unwrap())))
        .and_then(|p| p.hold(Hold::correlation_id("case")))
        .unwrap();
    run(&test, &policy).await;
    assert_eq!(
        left(&test).await,
        [
            "items insert 1 row",
            "items insert 2 actor",
            "items insert 3 correlation",
            "items update 5 action2",
            "items update 1 later",
            "items delete 1 later",
            "items delete 2 later",
            "items delete 3 later",
            "items delete 5 later",
        ]
    );
    for id in 1..=5 {
        let now = item(&test, id, Utc::now()).await;
        assert!(
            !matches!(now, Snapshot::Present(_)),
            "{id} is there no longer: {now:?}"
        );
    }
    // When the case is over, everything goes.
    run(&test, &days(10)).await;
    assert_eq!(left(&test).await, Vec::<String>::new());
    assert_eq!(test.transactions().await, 0);
}

#[tokio::test]
async fn a_held_row_is_found_however_its_key_is_written_or_the_run_refuses() {
    let test = items().await;
    test.run(
        "CREATE TABLE parts (a bigint, b numeric, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
         CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10000)",
    )
    .await;
    test.capture("parts", threadline::CapturePolicy::default())
        .await;
    let fill = "INSERT INTO items VALUES (1, 'held'), (2, 'b'); DELETE FROM items; INSERT INTO parts VALUES (1017, 1.50); DELETE FROM parts";
    test.run(fill).await;
    test.age(30).await;
    let held = |table: &str, key: serde_json::Value| {
        let key = key.as_object().unwrap().clone();
        let hold = Hold::row(table.parse().unwrap(), key).reason("case 12");
        days(10).hold(hold).unwrap()
    };
    // What holds nothing is refused, whoever asks, and nothing goes.
    for (table, key, by_type) in [
        ("items", json!({"idd": 1}), false),
        ("items", json!({"id": 3}), false),
        ("items", json!({"id": "one"}), true),
        ("item", json!({"id": 1}), false),
        ("parts", json!({"a": 1017}), false),
        ("nowhere.items", json!({"id": 1}), false),
    ] {
        let policy = held(table, key.clone());
        for err in [
            purge(&policy).run(&test.db).await.unwrap_err(),
            purge(&policy).preview(&test.db).await.unwrap_err(),
            partitions(&policy).run(&test.db).await.unwrap_err(),
            partitions(&policy).preview(&test.db).await.unwrap_err(),
        ] {
            let RetentionError::HoldsNothing { hold, err } = &err else {
                panic!("{key}: {err:?}")
            };
            assert_eq!(hold, &format!("row {key} of {table} (case 12)"));
            assert_eq!(err.is_some(), by_type, "{key}");
        }
        // To look how it stands is not to delete.
        assert!(status(&policy, &test.db).await.unwrap().runs.is_empty());
    }
    assert_eq!(test.changes().await.len(), 6);
    let (role, _) = test.login("IN ROLE threadline_retention").await;
    let db = test.pool_as(&role, 2).await;
    for (table, key, stay) in [
        ("items", json!({"id": "1"}), "items"),
        ("items", json!({"id": 1.0}), "items"),
        ("parts_low", json!({"a": "1017", "b": 1.5}), "parts"),
        ("parts", json!({"a": 1017, "b": "1.5"}), "parts"),
    ] {
        let policy = held(table, key.clone());
        let preview = purge(&policy).preview(&db).await.unwrap();
        assert_eq!((preview.may_go(), preview.stay()), (4, 2), "{key}");
        let done = purge(&policy).run(&db).await.unwrap();
        assert_eq!(done.deleted_changes, 4, "{key}");
        let left: Vec<String> = test
            .all("SELECT DISTINCT table_name FROM threadline.audit_changes")
            .await;
        assert_eq!(left, [stay], "{key}");
        run(&test, &days(10)).await;
        test.run(fill).await;
        test.age(30).await;
    }
    // Of a table that is gone, and of one that the role can't name, the trail knows the key.
    test.run("CREATE SCHEMA closed; ALTER TABLE parts SET SCHEMA closed; DROP TABLE items")
        .await;
    test.forge("UPDATE threadline.audit_changes SET table_schema = 'closed', row_key = threadline.row_key('closed', table_name, table_pk) WHERE table_name = 'parts'")
        .await;
    let policy = held("items", json!({"id": 1}));
    let key = json!({"a": 1017, "b": 1.5}).as_object().unwrap().clone();
    let policy = policy.hold(Hold::row("closed.parts".parse().unwrap(), key));
    let done = purge(&policy.unwrap()).run(&db).await.unwrap();
    assert_eq!(done.deleted_changes, 2);
}

#[tokio::test]
async fn a_class_may_let_last_versions_go_and_the_rest_keep_them() {
    let test = items().await;
    test.run("CREATE TABLE sessions (id int PRIMARY KEY)").await;
    test.capture("sessions", threadline::CapturePolicy::default())
        .await;
    test.run("INSERT INTO items VALUES (1, 'a'); INSERT INTO sessions VALUES (1)")
        .await;
    test.age(30).await;
    let class = |of: &str, keep_last: bool| {
        days(10)
            .keep_last(!keep_last)
            .class("own", 10, [of.parse().unwrap()])
            .and_then(|policy| policy.keep_last_of("own", keep_last))
            .unwrap()
    };
    let policy = class("sessions", false);
    let lanes = status(&policy, &test.db).await.unwrap().lanes;
    assert_eq!((lanes[0].keep_last, lanes[1].keep_last), (true, false));
    run(&test, &policy).await;
    assert_eq!(left(&test).await, ["items insert 1 a"]);
    assert!(matches!(
        item(&test, 1, Utc::now()).await,
        Snapshot::Present(_)
    ));
    // A table that loses its last versions is not trusted about the time before.
    test.run("INSERT INTO sessions VALUES (2)").await;
    test.age(30).await;
    let lost = "SELECT table_name FROM threadline.audit_horizons WHERE unreliable_before IS NOT NULL ORDER BY 1";
    assert_eq!(test.all::<String>(lost).await, ["sessions"]);
    run(&test, &class("items", true)).await;
    assert_eq!(left(&test).await, ["items insert 1 a"]);
    assert_eq!(test.all::<String>(lost).await, ["", "sessions"]);
}

#[tokio::test]
async fn what_classes_have_is_passed_by_in_batches_as_well() {
    let test = items().await;
    test.run("CREATE TABLE sessions (id int PRIMARY KEY)").await;
    test.capture("sessions", threadline::CapturePolicy::default())
        .await;
    test.run("INSERT INTO sessions SELECT n FROM generate_series(1, 20) n; INSERT INTO items VALUES (1, 'a'); DELETE FROM items; CREATE SCHEMA other; CREATE TABLE other.sessions (id int PRIMARY KEY)")
        .await;
    test.capture("other.sessions", threadline::CapturePolicy::default())
        .await;
    test.age(50).await;
    let policy = days(40)
        .class("long", 400, ["sessions".parse().unwrap()])
        .unwrap();
    // The first batch looks at as many changes as it is asked to, none of which is its own.
    let judged: Vec<String> = test
        .all(
            r#"SELECT coalesce(may_go::text, 'passed') FROM threadline.examine_changes(threadline.retention_rules(
                 '{"keep_days": 40, "keep_last": true, "classes": [{"keep_days": 400, "tables": [{"schema": "public", "table": "sessions"}]}]}', now()),
                 0, '-infinity', 0, 'infinity', 3)"#,
        )
        .await;
    assert_eq!(judged, ["passed"; 3]);
    let preview = purge(&policy)
        .batch_size(3)
        .preview(&test.db)
        .await
        .unwrap();
    let counts: Vec<_> = preview
        .tables
        .iter()
        .map(|of| (of.table.to_string(), of.may_go, of.stay))
        .collect();
    assert_eq!(counts, [("items".to_owned(), 2, 0)]);
    let lanes = status(&policy, &test.db).await.unwrap().lanes;
    let oldest: Vec<chrono::DateTime<Utc>> = test
        .all("SELECT min(captured_at) FROM threadline.audit_changes GROUP BY table_name ORDER BY table_name")
        .await;
    assert_eq!(
        [lanes[0].oldest_change, lanes[1].oldest_change],
        [Some(oldest[0]), Some(oldest[1])]
    );
    let done = run(&test, &policy).await;
    assert_eq!(done.deleted_changes, 2);
    assert_eq!(left(&test).await.len(), 20);
    test.run("INSERT INTO other.sessions VALUES (1)").await;
    let lanes = status(&policy, &test.db).await.unwrap().lanes;
    assert!(lanes[0].oldest_change > Some(oldest[0]));
}

#[tokio::test]
async fn a_truncate_ends_what_is_held_for_as_long_as_it_is_held() {
    let test = items().await;
    let ctx = AuditContext::for_actor(ActorRef::user("held").unwrap());
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    sql(&txn, "INSERT INTO items VALUES (1, 'a')").await;
    txn.commit().await.unwrap();
    test.run(
        "INSERT INTO items VALUES (2, 'b'); TRUNCATE items; INSERT INTO items VALUES (2, 'c')",
    )
    .await;
    test.age(30).await;
    let policy = days(10)
        .hold(Hold::actor(ActorRef::user("held").unwrap()))
        .unwrap();
    run(&test, &policy).await;
    assert_eq!(
        left(&test).await,
        ["items insert 1 a", "items truncate", "items insert 2 c"]
    );
    assert!(matches!(
        item(&test, 1, Utc::now()).await,
        Snapshot::Deleted { .. }
    ));
    assert!(matches!(
        item(&test, 2, Utc::now()).await,
        Snapshot::Present(_)
    ));
    run(&test, &days(10)).await;
    assert_eq!(left(&test).await, ["items insert 2 c"]);
}

#[tokio::test]
async fn the_last_version_before_a_truncate_stays_while_an_older_one_is_held() {
    let test = items().await;
    let ctx = AuditContext::for_actor(ActorRef::user("held").unwrap());
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    sql(&txn, "INSERT INTO items VALUES (1, 'a')").await;
    txn.commit().await.unwrap();
    test.run("UPDATE items SET title = 'b'; UPDATE items SET title = 'c'; TRUNCATE items")
        .await;
    test.age(30).await;
    let policy = days(10)
        .hold(Hold::actor(ActorRef::user("held").unwrap()))
        .unwrap();
    let before = item(&test, 1, Utc::now()).await;
    run(&test, &policy).await;
    assert_eq!(
        left(&test).await,
        ["items insert 1 a", "items update 1 c", "items truncate"]
    );
    assert_eq!(item(&test, 1, Utc::now()).await, before);
    run(&test, &days(10)).await;
    assert_eq!(left(&test).await, Vec::<String>::new());
}

#[tokio::test]
async fn transactions_and_actions_go_with_their_last_change_and_actions_alone_by_their_age() {
    let test = items().await;
    let ctx = AuditContext::for_actor(ActorRef::user(1).unwrap());
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    sql(&txn, "INSERT INTO items VALUES (1, 'a'), (2, 'b')").await;
    record_action("both").insert(&txn).await.unwrap();
    txn.commit().await.unwrap();
    for name in ["alone", "kept"] {
        let ctx = if name == "kept" {
            ctx.clone().correlation_id("case")
        } else {
            ctx.clone()
        };
        let txn = test.db.begin_audited(&ctx).await.unwrap();
        record_action(name).insert(&txn).await.unwrap();
        txn.commit().await.unwrap();
    }
    test.run("DELETE FROM items WHERE id = 1").await;
    test.age(30).await;
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    record_action("young").insert(&txn).await.unwrap();
    txn.commit().await.unwrap();
    let names = async || {
        test.all::<String>("SELECT name FROM threadline.audit_actions ORDER BY id")
            .await
    };
    let policy = days(10).hold(Hold::correlation_id("case")).unwrap();
    let done = run(&test, &policy).await;
    // The first transaction still has the last change of row 2.
    assert_eq!(names().await, ["both", "kept", "young"]);
    assert_eq!(
        (
            done.deleted_changes,
            done.deleted_transactions,
            done.deleted_actions
        ),
        (2, 2, 1)
    );
    test.run("DELETE FROM items").await;
    test.age(30).await;
    let done = run(&test, &policy).await;
    assert_eq!(names().await, ["kept"]);
    assert_eq!(done.deleted_changes, 2);
    run(&test, &days(10)).await;
    assert_eq!(names().await, Vec::<String>::new());
    assert_eq!(test.transactions().await, 0);
}

#[tokio::test]
async fn a_run_leaves_a_record_and_evidence_that_say_who_did_what() {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a'); DELETE FROM items")
        .await;
    test.age(30).await;
    let (role, db) = test.login("IN ROLE threadline_retention").await;
    let actor = ActorRef::admin("carol").unwrap();
    let db2 = test.pool_as(&role, 2).await;
    let done = purge(&days(10))
        .actor(actor.clone())
        .run(&db2)
        .await
        .unwrap();
    assert_eq!(done.run_by, role);
    assert_eq!(done.actor().unwrap(), Some(actor));
    assert!(done.finished_at.is_some() && done.duration_ms() >= 0);
    assert!(
        done.policy.as_str().contains("\"keep_days\": 10"),
        "{}",
        done.policy.as_str()
    );
    let page = evidence()
        .subject(evidence::RETENTION_RUN)
        .fetch(&db)
        .await
        .unwrap();
    let found = &page.entries[0];
    assert_eq!(
        (found.reference.clone(), found.verdict),
        (done.id.to_string(), Verdict::Proven)
    );
    assert!(
        found.provenance.as_str().contains("\"deleted_changes\": 2"),
        "{}",
        found.provenance.as_str()
    );
    let status = status(&days(10), &db).await.unwrap();
    assert_eq!(status.runs, [done]);
    assert_eq!(status.lanes[0].overdue_days, None);
}

#[tokio::test]
async fn a_purge_is_overdue_until_it_ran() {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a')").await;
    test.age(60).await;
    let late = async || status(&days(30), &test.db).await.unwrap().lanes[0].overdue_days;
    assert_eq!(late().await, Some(30));
    run(&test, &days(30)).await;
    assert_eq!(late().await, None, "what it kept is not overdue");
    assert_eq!(test.changes().await.len(), 1);
}

#[tokio::test]
async fn the_history_of_a_purged_record_begins_with_the_version_that_was_kept() {
    use threadline::Audited;
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a'); UPDATE items SET title = 'b'; UPDATE items SET title = 'c'").await;
    test.age(30).await;
    run(&test, &days(10)).await;
    let changes: Vec<_> = {
        use sea_orm::QuerySelect;
        Item::history(1).limit(10).all(&test.db).await.unwrap()
    };
    let titles: Vec<_> = changes
        .iter()
        .map(|c| c.data_after.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(titles, [r#"{"id": 1, "title": "c"}"#]);
}

/// Many rows, so that there are more batches than plans that are made for a value of their own.
#[tokio::test]
async fn a_long_run_leaves_what_one_statement_would() {
    let test = items().await;
    test.run("INSERT INTO items SELECT n, 'a' FROM generate_series(1, 400) n; UPDATE items SET title = 'b' WHERE id % 3 = 0; DELETE FROM items WHERE id % 5 = 0").await;
    test.age(30).await;
    let expected: Vec<String> = test
        .all("SELECT concat_ws(' ', 'items', op, table_pk ->> 'id', data_after ->> 'title') FROM threadline.audit_changes c
               WHERE op <> 'delete' AND NOT EXISTS (SELECT FROM threadline.audit_changes n WHERE n.table_pk = c.table_pk AND n.id > c.id) ORDER BY captured_at, id")
        .await;
    let done = run(&test, &days(10)).await;
    assert_eq!(left(&test).await, expected);
    assert!(done.batches > 100, "{}", done.batches);
}

#[tokio::test]
async fn writers_do_not_wait_for_a_batch() {
    let test: TestDb = items().await;
    test.run("INSERT INTO items SELECT n, 'a' FROM generate_series(1, 50) n; UPDATE items SET title = 'b'").await;
    test.age(30).await;
    let id: i64 = test.one("SELECT threadline.begin_retention('purge', '{\"keep_days\": 10, \"keep_last\": true}', NULL)").await;
    let batch = sea_orm::TransactionTrait::begin(&test.db).await.unwrap();
    sql(
        &batch,
        &format!("SELECT threadline.purge_batch({id}, 1000)"),
    )
    .await;
    // The batch is not committed yet.
    test.run("SET lock_timeout = '1s'; INSERT INTO items VALUES (1000, 'new'); UPDATE items SET title = 'c' WHERE id = 1; DELETE FROM items WHERE id = 2; TRUNCATE items").await;
    sea_orm::TransactionSession::commit(batch).await.unwrap();
    assert_eq!(test.one::<i64>("SELECT count(*) FROM threadline.audit_changes WHERE captured_at > now() - interval '1 day'").await, 4);
}
