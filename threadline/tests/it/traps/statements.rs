//! Every statement that writes.

use threadline::CapturePolicy;

use crate::support::TestDb;

async fn table() -> TestDb {
    TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v text, n int)",
        &["public.t"],
    )
    .await
}

/// Runs the statement and gives what it left in the trail.
async fn captured(test: &TestDb, statement: &str) -> Vec<String> {
    let before: i64 = test
        .one("SELECT coalesce(max(id), 0) FROM threadline.audit_changes")
        .await;
    test.run(statement).await;
    test.all(&format!(
        "SELECT concat_ws(' ', table_name, op, data_after::text, array_to_string(changed_fields, ','), changed_from::text)
           FROM threadline.audit_changes WHERE id > {before} ORDER BY captured_at, id"
    ))
    .await
}

#[tokio::test]
async fn insert_on_conflict_is_what_it_did() {
    let test = table().await;
    test.run("INSERT INTO t VALUES (1, 'a', 1)").await;
    let upsert = "INSERT INTO t VALUES (1, 'b', 2), (2, 'c', 3) ON CONFLICT (id) DO UPDATE SET v = excluded.v";
    assert_eq!(
        captured(&test, upsert).await,
        [
            r#"t update {"n": 1, "v": "b", "id": 1} v {"v": "a"}"#,
            r#"t insert {"n": 3, "v": "c", "id": 2}"#
        ]
    );
    let nothing = "INSERT INTO t VALUES (1, 'x', 9), (3, 'y', 9) ON CONFLICT DO NOTHING";
    assert_eq!(
        captured(&test, nothing).await,
        [r#"t insert {"n": 9, "v": "y", "id": 3}"#]
    );
    let same = "INSERT INTO t VALUES (1, 'b', 2) ON CONFLICT (id) DO UPDATE SET v = excluded.v";
    assert!(captured(&test, same).await.is_empty());
    let unmet =
        "INSERT INTO t VALUES (1, 'z', 2) ON CONFLICT (id) DO UPDATE SET v = 'z' WHERE t.n > 100";
    assert!(captured(&test, unmet).await.is_empty());
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn merge_is_what_it_did_to_each_row() {
    let test = table().await;
    test.run("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 1), (4, 'd', 1)")
        .await;
    let merge = "MERGE INTO t USING (VALUES (1, 'x'), (2, 'y'), (3, 'z'), (4, 'w')) AS s (id, v) ON t.id = s.id
        WHEN MATCHED AND s.id = 2 THEN DELETE
        WHEN MATCHED AND s.id = 4 THEN DO NOTHING
        WHEN MATCHED THEN UPDATE SET v = s.v
        WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)";
    let mut changes = captured(&test, merge).await;
    changes.sort_unstable();
    assert_eq!(
        changes,
        [
            r#"t delete {"n": 1, "v": "b", "id": 2}"#,
            r#"t insert {"n": null, "v": "z", "id": 3}"#,
            r#"t update {"n": 1, "v": "x", "id": 1} v {"v": "a"}"#,
        ]
    );
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn copy_captures_every_row() {
    let test = table().await;
    let mut connection = test
        .db
        .get_postgres_connection_pool()
        .acquire()
        .await
        .unwrap();
    let mut copy = connection.copy_in_raw("COPY t FROM STDIN").await.unwrap();
    copy.send("1\ta\\tb\t1\n2\t\\N\t\\N\n".as_bytes())
        .await
        .unwrap();
    assert_eq!(copy.finish().await.unwrap(), 2);
    drop(connection);
    assert_eq!(
        test.images().await,
        [
            r#"t insert {"n": 1, "v": "a\tb", "id": 1}"#,
            r#"t insert {"n": null, "v": null, "id": 2}"#
        ]
    );
    assert_eq!(test.transactions().await, 1);
}

#[tokio::test]
async fn writes_through_views_are_writes_of_the_table() {
    let test = table().await;
    test.run(
        "CREATE VIEW simple AS SELECT id AS key, v AS value FROM t WHERE id < 10;
         CREATE VIEW odd AS SELECT id, upper(v) AS v FROM t;
         CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN UPDATE t SET v = lower(NEW.v) WHERE id = OLD.id; RETURN NEW; END $f$;
         CREATE TRIGGER odd INSTEAD OF UPDATE ON odd FOR EACH ROW EXECUTE FUNCTION odd();",
    )
    .await;
    assert_eq!(
        captured(&test, "INSERT INTO simple VALUES (1, 'a'), (2, 'b')")
            .await
            .len(),
        2
    );
    assert_eq!(
        captured(&test, "UPDATE simple SET value = 'c' WHERE key = 1").await,
        [r#"t update {"n": null, "v": "c", "id": 1} v {"v": "a"}"#]
    );
    assert_eq!(
        captured(&test, "UPDATE odd SET v = 'DD' WHERE id = 1").await,
        [r#"t update {"n": null, "v": "dd", "id": 1} v {"v": "c"}"#]
    );
    assert_eq!(
        captured(&test, "DELETE FROM simple").await,
        [
            r#"t delete {"n": null, "v": "dd", "id": 1}"#,
            r#"t delete {"n": null, "v": "b", "id": 2}"#
        ]
    );
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn what_foreign_keys_do_is_captured() {
    let test = TestDb::with_tables(
        "CREATE TABLE p (id int PRIMARY KEY, v text);
         CREATE TABLE cascades (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);
         CREATE TABLE nulls (id int PRIMARY KEY, p int REFERENCES p ON DELETE SET NULL ON UPDATE SET NULL);
         CREATE TABLE defaults (id int PRIMARY KEY, p int DEFAULT 1 REFERENCES p ON DELETE SET DEFAULT);",
        &["public.p", "public.cascades", "public.nulls", "public.defaults"],
    )
    .await;
    test.run("INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        .await;
    test.run("INSERT INTO cascades VALUES (1, 2), (2, 3); INSERT INTO nulls VALUES (1, 2), (2, 3); INSERT INTO defaults VALUES (1, 2)").await;
    assert_eq!(
        captured(&test, "DELETE FROM p WHERE id = 2").await,
        [
            r#"p delete {"v": "b", "id": 2}"#,
            r#"cascades delete {"p": 2, "id": 1}"#,
            r#"nulls update {"p": null, "id": 1} p {"p": 2}"#,
            r#"defaults update {"p": 1, "id": 1} p {"p": 2}"#,
        ]
    );
    assert_eq!(
        captured(&test, "UPDATE p SET id = 4 WHERE id = 3").await,
        [
            r#"p delete {"v": "c", "id": 3} id"#,
            r#"p update {"v": "c", "id": 4} id {"id": 3}"#,
            r#"cascades update {"p": 4, "id": 2} p {"p": 3}"#,
            r#"nulls update {"p": null, "id": 2} p {"p": 3}"#,
        ]
    );
    for table in ["p", "cascades", "nulls", "defaults"] {
        test.assert_true_trail(table).await;
    }
    let shared: i64 = test
        .one("SELECT count(DISTINCT transaction_id) FROM threadline.audit_changes")
        .await;
    assert_eq!(shared, test.transactions().await);
}

#[tokio::test]
async fn every_part_of_a_statement_that_changes_data_is_captured() {
    let test = TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE archive (id int PRIMARY KEY, v text)",
        &["public.t", "public.archive"],
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        .await;
    let statement = "WITH gone AS (DELETE FROM t WHERE id = 1 RETURNING *),
             kept AS (INSERT INTO archive SELECT * FROM gone RETURNING *),
             changed AS (UPDATE t SET v = 'x' WHERE id = 2)
        INSERT INTO t SELECT id + 10, v FROM kept";
    let mut changes = captured(&test, statement).await;
    changes.sort_unstable();
    assert_eq!(
        changes,
        [
            r#"archive insert {"v": "a", "id": 1}"#,
            r#"t delete {"v": "a", "id": 1}"#,
            r#"t insert {"v": "a", "id": 11}"#,
            r#"t update {"v": "x", "id": 2} v {"v": "b"}"#,
        ]
    );
    // The same key deleted and inserted in one statement.
    test.run("WITH gone AS (DELETE FROM t WHERE id = 2 RETURNING *) INSERT INTO t SELECT id, 'again' FROM gone")
        .await;
    test.assert_true_trail("t").await;
    test.assert_true_trail("archive").await;
    assert_eq!(test.transactions().await, 3);
}

#[tokio::test]
async fn an_update_that_changes_nothing_records_nothing_not_even_a_transaction() {
    let test = table().await;
    test.run("INSERT INTO t VALUES (1, 'a', 1)").await;
    for statement in [
        "UPDATE t SET v = 'a', n = 1",
        "UPDATE t SET v = v",
        "UPDATE t SET v = 'b' WHERE id = 99",
        "DELETE FROM t WHERE id = 99",
        "SELECT * FROM t FOR UPDATE",
    ] {
        assert!(captured(&test, statement).await.is_empty(), "{statement}");
    }
    assert_eq!(test.transactions().await, 1);
}

#[tokio::test]
async fn excluded_and_excepted_columns_are_what_their_names_say() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE t (id int PRIMARY KEY, v text, n int, hidden text, masked text)")
        .await;
    let names = |name: &str| vec![name.to_owned()];
    let policy = CapturePolicy {
        exclude: names("hidden"),
        except: names("n"),
        mask: names("masked"),
        ..CapturePolicy::default()
    };
    test.capture("public.t", policy).await;
    assert_eq!(
        captured(
            &test,
            "INSERT INTO t VALUES (1, 'a', 1, 'secret one', 'secret two')"
        )
        .await,
        [r#"t insert {"n": 1, "v": "a", "id": 1, "masked": "[REDACTED]"}"#]
    );
    assert!(
        captured(&test, "UPDATE t SET hidden = 'secret three'")
            .await
            .is_empty()
    );
    assert_eq!(
        captured(&test, "UPDATE t SET masked = 'secret four', v = 'b', n = 2").await,
        [
            r#"t update {"n": 2, "v": "b", "id": 1, "masked": "[REDACTED]"} v,masked {"v": "a", "masked": "[REDACTED]"}"#
        ]
    );
    assert_eq!(
        captured(&test, "UPDATE t SET n = 3").await,
        [r#"t update {"n": 3, "v": "b", "id": 1, "masked": "[REDACTED]"}  {}"#]
    );
    assert_eq!(
        captured(&test, "UPDATE t SET id = 2").await,
        [
            r#"t delete {"n": 3, "v": "b", "id": 1, "masked": "[REDACTED]"} id"#,
            r#"t update {"n": 3, "v": "b", "id": 2, "masked": "[REDACTED]"} id {"id": 1}"#
        ]
    );
    assert_eq!(
        captured(&test, "DELETE FROM t").await,
        [r#"t delete {"n": 3, "v": "b", "id": 2, "masked": "[REDACTED]"}"#]
    );
    let leaked: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes c WHERE c::text LIKE '%secret%'")
        .await;
    assert_eq!(leaked, 0);
}

#[tokio::test]
async fn previous_values_are_left_out_where_the_policy_says_so() {
    let test = table().await;
    test.capture(
        "public.t",
        CapturePolicy {
            store_changed_from: false,
            ..CapturePolicy::default()
        },
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a', 1)").await;
    assert_eq!(
        captured(&test, "UPDATE t SET v = 'b'").await,
        [r#"t update {"n": 1, "v": "b", "id": 1} v"#]
    );
    assert_eq!(
        captured(&test, "UPDATE t SET id = 2, n = 3").await,
        [
            r#"t delete {"n": 1, "v": "b", "id": 1} id,n"#,
            r#"t update {"n": 3, "v": "b", "id": 2} id,n"#
        ]
    );
    let stored: i64 = test
        .one("SELECT count(changed_from) FROM threadline.audit_changes")
        .await;
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn generated_and_identity_columns_are_in_the_image() {
    let test = TestDb::with_tables(
        "CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, serial bigserial, by_default int GENERATED BY DEFAULT AS IDENTITY (START 7),
           a int, doubled int GENERATED ALWAYS AS (a * 2) STORED, d text DEFAULT 'none')",
        &["public.g"],
    )
    .await;
    assert_eq!(
        captured(&test, "INSERT INTO g (a) VALUES (1)").await,
        [r#"g insert {"a": 1, "d": "none", "id": 1, "serial": 1, "doubled": 2, "by_default": 7}"#]
    );
    assert_eq!(
        captured(&test, "UPDATE g SET a = 5").await,
        [
            r#"g update {"a": 5, "d": "none", "id": 1, "serial": 1, "doubled": 10, "by_default": 7} a,doubled {"a": 1, "doubled": 2}"#
        ]
    );
    assert_eq!(
        captured(
            &test,
            "INSERT INTO g (id, a) OVERRIDING SYSTEM VALUE VALUES (50, 3)"
        )
        .await,
        [r#"g insert {"a": 3, "d": "none", "id": 50, "serial": 2, "doubled": 6, "by_default": 8}"#]
    );
    test.assert_true_trail("g").await;
}

#[tokio::test]
async fn changed_fields_are_in_the_order_of_the_table() {
    let test = TestDb::with_tables(
        "CREATE TABLE w (zebra int, id int PRIMARY KEY, apple int, mango int)",
        &["public.w"],
    )
    .await;
    test.run("INSERT INTO w VALUES (1, 1, 1, 1)").await;
    test.run("UPDATE w SET mango = 2, apple = 2, zebra = 2")
        .await;
    assert_eq!(
        test.changes().await[1],
        r#"w update {"id": 1} zebra,apple,mango"#
    );
}

#[tokio::test]
async fn unchanged_values_out_of_line_are_whole_in_the_image() {
    let test = table().await;
    test.run(
        "INSERT INTO t SELECT 1, string_agg(md5(i::text), ''), 1 FROM generate_series(1, 4000) i",
    )
    .await;
    test.run("UPDATE t SET n = 2").await;
    test.assert_true_trail("t").await;
    assert_eq!(test.changes().await[1], r#"t update {"id": 1} n"#);
    let size: i32 = test
        .one("SELECT length(data_after ->> 'v') FROM threadline.audit_changes WHERE op = 'update'")
        .await;
    assert_eq!(size, 128_000);
}

#[tokio::test]
async fn a_virtual_column_which_no_trigger_sees_is_left_out_not_recorded_as_null() {
    let test = TestDb::new().await;
    let version: i32 = test
        .one("SELECT current_setting('server_version_num')::int")
        .await;
    // Before version 18 every generated column is a stored one.
    let (kind, image) = if version < 180_000 {
        ("STORED", r#"{"a": 2, "id": 1, "doubled": 4}"#)
    } else {
        ("VIRTUAL", r#"{"a": 2, "id": 1}"#)
    };
    test.run(&format!(
        "CREATE TABLE g (id int PRIMARY KEY, a int, doubled int GENERATED ALWAYS AS (a * 2) {kind})"
    ))
    .await;
    test.capture("public.g", CapturePolicy::default()).await;
    test.run("INSERT INTO g VALUES (1, 1)").await;
    test.run("UPDATE g SET a = 2").await;
    assert_eq!(test.images().await[1], format!("g update {image}"));
}
