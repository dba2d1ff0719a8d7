//! What can go wrong when all rows of a statement are captured at its end, from transition tables.

use threadline::{CapturePolicy, codegen, policy::ContextMode};

use crate::support::{TestDb, sql::names, statements};

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, v text)";

async fn table(sql: &str) -> TestDb {
    TestDb::by_statement(sql, &["public.t"]).await
}

/// The ops and values of a record, oldest first.
async fn record(test: &TestDb, id: i32) -> Vec<String> {
    test.all(&format!(
        "SELECT op || ' ' || (data_after ->> 'v') FROM threadline.audit_changes WHERE table_name = 't' AND table_pk = '{{\"id\": {id}}}' ORDER BY captured_at, id"
    ))
    .await
}

#[tokio::test]
async fn a_statement_that_changes_nothing_leaves_nothing() {
    let test = table(TABLE).await;
    test.run("INSERT INTO t SELECT 1, 'a' WHERE false; UPDATE t SET v = 'b'; DELETE FROM t")
        .await;
    assert_eq!(test.transactions().await, 0);
    test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
    test.run("UPDATE t SET v = v").await;
    assert_eq!(test.transactions().await, 1);
    test.run("UPDATE t SET v = 'a'").await;
    assert_eq!(
        test.changes().await[2..],
        [r#"t update {"id": 2} v"#],
        "only what changed"
    );
}

#[tokio::test]
async fn keys_that_change_in_one_statement_pair_with_their_rows() {
    let test = table("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, v text)").await;
    test.run("INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 500) AS i")
        .await;
    test.run("UPDATE t SET id = 501 - id, v = v || '!'").await;
    test.run("UPDATE t SET id = id + 1 WHERE id > 100").await;
    test.assert_true_trail("t").await;
    let wrong: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes WHERE op = 'update' AND linked_pk IS NOT NULL AND changed_from ->> 'id' <> linked_pk ->> 'id'")
        .await;
    assert_eq!(wrong, 0);
    assert_eq!(
        test.all::<String>("SELECT DISTINCT data_after ->> 'v' FROM threadline.audit_changes WHERE table_pk = '{\"id\": 500}' AND op = 'update'").await,
        ["v1!", "v2!"]
    );
}

#[tokio::test]
async fn a_plan_that_was_made_for_one_row_takes_many() {
    let test = table(TABLE).await;
    test.run("INSERT INTO t VALUES (0, 'a'); UPDATE t SET v = 'b'; INSERT INTO t SELECT i, 'a' FROM generate_series(1, 30000) AS i;
              UPDATE t SET v = 'c'; DELETE FROM t WHERE id % 2 = 0").await;
    let changes: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes")
        .await;
    assert_eq!(changes, 1 + 1 + 30_000 + 30_001 + 15_001);
}

#[tokio::test]
async fn statements_of_several_kinds_are_in_order() {
    let test = table(
        "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, v text); CREATE UNIQUE INDEX u ON t (v)",
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        .await;
    for statement in [
        // An update of the key frees it for a row of the same statement.
        "INSERT INTO t VALUES (10, 'a'), (1, 'n') ON CONFLICT (v) DO UPDATE SET id = excluded.id",
        "MERGE INTO t USING (VALUES (1, 'x'), (2, 'y'), (7, 'z')) AS s (id, v) ON t.id = s.id
           WHEN MATCHED AND s.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)",
        "WITH gone AS (DELETE FROM t WHERE id = 2 RETURNING id) INSERT INTO t SELECT id, 'again' FROM gone",
        // The INSERT has ended before the UPDATE of the WITH goes on.
        "WITH moved AS (UPDATE t SET id = id + 100 WHERE id IN (2, 3) RETURNING id - 100 AS id) INSERT INTO t SELECT id, 'taken' FROM moved LIMIT 1",
        // Only a deferrable key lets the INSERT run before the DELETE.
        "WITH gone AS (DELETE FROM t WHERE id = 7) INSERT INTO t VALUES (7, 'new')",
        "COPY t FROM PROGRAM 'echo 50,x; echo 51,y' (FORMAT csv); UPDATE t SET v = v || '.'; DELETE FROM t WHERE id = 7",
    ] {
        test.run(statement).await;
        test.assert_true_trail("t").await;
    }
}

#[tokio::test]
async fn what_functions_and_before_triggers_do_meanwhile_is_in_order() {
    let test = table(TABLE).await;
    test.run(
        "CREATE FUNCTION touch(int) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN UPDATE t SET v = v || '+' WHERE id = $1; RETURN 'touched'; END $f$;
         CREATE FUNCTION make_room() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN DELETE FROM t WHERE id = NEW.id; RETURN NEW; END $f$;
         CREATE TRIGGER make_room BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION make_room();",
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING touch(id)")
        .await;
    assert_eq!(record(&test, 1).await, ["insert a", "update a+"]);
    // The room that is made comes before the row that takes it.
    test.run("INSERT INTO t VALUES (1, 'c')").await;
    assert_eq!(
        record(&test, 1).await[2..],
        ["delete a+", "insert c"],
        "{:?}",
        test.images().await
    );
    test.run("UPDATE t SET v = 'd' WHERE id = 2 RETURNING touch(2), touch(1)")
        .await;
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn a_row_of_which_nothing_is_known_that_a_trigger_sets_back_ends_as_it_is() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'idle')")
        .await;
    test.capture("public.t", statements()).await;
    test.run(
        "CREATE FUNCTION work() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           IF NEW.v = 'wanted' THEN UPDATE t SET v = 'idle' WHERE id = NEW.id; END IF; RETURN NULL; END $f$;
         CREATE TRIGGER work AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION work();",
    )
    .await;
    test.run("DO $$ BEGIN UPDATE t SET v = 'wanted'; UPDATE t SET v = 'off'; UPDATE t SET v = 'idle'; END $$")
        .await;
    assert_eq!(
        record(&test, 1).await,
        ["update wanted", "update idle", "update off", "update idle"]
    );
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn cascades_are_in_order_with_what_triggers_do_between_them() {
    let test = TestDb::by_statement(
        "CREATE TABLE p (id int PRIMARY KEY, v text);
         CREATE TABLE t (id int PRIMARY KEY, v text, p int REFERENCES p ON DELETE CASCADE)",
        &["public.t", "public.p"],
    )
    .await;
    test.run(
        "INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 2), (4, 'd', 3);
         CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           UPDATE t SET v = v || '!' WHERE id = 2; INSERT INTO t VALUES (1, 'new') ON CONFLICT DO NOTHING; RETURN NULL; END $f$;
         CREATE TRIGGER meddle AFTER DELETE ON p FOR EACH ROW EXECUTE FUNCTION meddle();",
    )
    .await;
    // Row 2 is changed by the trigger of the first parent and goes with the second; key 1 goes and comes back.
    test.run("DELETE FROM p WHERE id IN (1, 2)").await;
    test.assert_true_trail("t").await;
    assert_eq!(
        record(&test, 2).await,
        ["insert b", "update b!", "delete b!"]
    );
    assert_eq!(
        record(&test, 1).await,
        ["insert a", "delete a", "insert new"]
    );
    test.run("DELETE FROM t WHERE id = 1; DELETE FROM p").await;
    test.assert_true_trail("t").await;
    test.assert_true_trail("p").await;
}

#[tokio::test]
async fn savepoints_and_a_reset_in_a_trigger_leave_the_order_right() {
    let test = table(TABLE).await;
    test.run(
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           BEGIN UPDATE t SET v = 'undone' WHERE id = 2; RAISE 'x'; EXCEPTION WHEN raise_exception THEN NULL; END;
           IF NEW.v = 'reset' THEN UPDATE t SET v = 'after' WHERE id = 2; EXECUTE 'RESET ALL'; END IF;
           RETURN NULL; END $f$;
         CREATE TRIGGER meddle AFTER UPDATE ON t FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION meddle();",
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a'), (2, 'a'); BEGIN; UPDATE t SET v = 'b'; SAVEPOINT s; UPDATE t SET v = 'c'; ROLLBACK TO s; UPDATE t SET v = 'd'; COMMIT")
        .await;
    assert_eq!(record(&test, 2).await, ["insert a", "update b", "update d"]);
    test.run("UPDATE t SET v = 'reset'").await;
    test.assert_true_trail("t").await;
    assert_eq!(
        record(&test, 2).await[3..],
        ["update reset", "update after"]
    );
}

#[tokio::test]
async fn settings_that_a_session_makes_up_break_no_write() {
    let test = table(TABLE).await;
    let oid: i64 = test.one("SELECT 't'::regclass::oid::bigint").await;
    for value in ["", " ", "x", "-1 ", "99999999999999999999 3"] {
        test.run(&format!(
            "BEGIN; SET LOCAL threadline.captured = '{value}'; SET LOCAL threadline.insert_{oid} = '{value}';
             INSERT INTO t VALUES (1, 'a'), (2, 'b'); UPDATE t SET id = id + 10; DELETE FROM t; COMMIT"
        ))
        .await;
        test.assert_true_trail("t").await;
    }
}

#[tokio::test]
async fn columns_may_have_any_name_and_be_renamed_added_and_dropped() {
    let test = TestDb::by_statement(
        r#"CREATE TABLE w (t int PRIMARY KEY, n text, r text, "row" text, image text, place int, new_rows text, "k.old" text)"#,
        &["public.w"],
    )
    .await;
    test.run("INSERT INTO w VALUES (1, 'n', 'r', 'row', 'i', 1, 'x', 'k'); UPDATE w SET r = 'R', place = 2")
        .await;
    assert_eq!(test.changes().await[1], r#"w update {"t": 1} r,place"#);
    test.run("ALTER TABLE w ADD COLUMN late numeric; UPDATE w SET late = 1.0; UPDATE w SET late = 1.00, n = 'N'")
        .await;
    assert_eq!(
        test.changes().await[2..],
        [r#"w update {"t": 1} late"#, r#"w update {"t": 1} n,late"#]
    );
    test.run("ALTER TABLE w DROP COLUMN place; ALTER TABLE w RENAME COLUMN t TO key; UPDATE w SET key = 2; ALTER TABLE w RENAME TO w2; DELETE FROM w2")
        .await;
    assert_eq!(
        test.changes().await[4..],
        [
            r#"w delete {"key": 1} key"#,
            r#"w update {"key": 2} key"#,
            r#"w delete {"key": 2}"#
        ]
    );
}

#[tokio::test]
async fn values_that_an_image_does_not_carry_are_exact() {
    let test = table(
        "CREATE TABLE t (id int PRIMARY KEY, v text, f float8, fs float8[], j jsonb, k jsonb)",
    )
    .await;
    test.run(r#"INSERT INTO t VALUES (1, E'a "b" \\ (-0,null)', '-0', '{1,-0}', 'null', '"null"'), (2, 'b', 0, '{0}', NULL, '{}')"#)
        .await;
    let exact = |op: &str, id: i32| {
        format!(
            "SELECT coalesce(exact::text, 'none') FROM threadline.audit_changes WHERE op = '{op}' AND table_pk = '{{\"id\": {id}}}'"
        )
    };
    assert_eq!(
        test.one::<String>(&exact("insert", 1)).await,
        r#"{"f": "-0", "j": "null", "fs": "{1,-0}"}"#
    );
    assert_eq!(test.one::<String>(&exact("insert", 2)).await, "none");
    // Differences that the images do not show.
    test.run("UPDATE t SET f = -f, j = CASE id WHEN 2 THEN jsonb 'null' END")
        .await;
    assert_eq!(
        test.changes().await[2..],
        [r#"t update {"id": 1} f,j"#, r#"t update {"id": 2} f,j"#]
    );
    assert_eq!(
        test.one::<String>(&exact("update", 2)).await,
        r#"{"f": "-0", "j": "null"}"#
    );
}

#[tokio::test]
async fn redacted_values_are_nowhere_and_the_context_modes_hold() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE t (id int PRIMARY KEY, v text, secret text, hidden text, noise int)")
        .await;
    let policy = CapturePolicy {
        mask: names(&["secret"]),
        exclude: names(&["hidden"]),
        except: names(&["noise"]),
        context: ContextMode::Require,
        ..statements()
    };
    test.capture("public.t", policy).await;
    let err = sea_orm::ConnectionTrait::execute_unprepared(&test.db, "INSERT INTO t VALUES (1)")
        .await
        .unwrap_err()
        .to_string();
    assert!(err.contains("needs an audit context"), "{err}");
    let context = r#"SET LOCAL threadline.context = '{"actor": {"type": "user", "id": "alice"}}';"#;
    test.run(&format!(
        "BEGIN; {context} INSERT INTO t VALUES (1, 'a', 'topsecret', 'topsecret', 1); UPDATE t SET hidden = 'topsecret 2'; UPDATE t SET noise = 2;
         UPDATE t SET secret = 'topsecret 2', noise = 3; ALTER TABLE t RENAME COLUMN secret TO other; UPDATE t SET other = 'topsecret 3', id = 2; DELETE FROM t; COMMIT"
    ))
    .await;
    let leaks: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes c WHERE c::text LIKE '%topsecret%'")
        .await;
    assert_eq!(leaks, 0);
    assert_eq!(
        test.changes().await,
        [
            r#"t insert {"id": 1}"#,
            r#"t update {"id": 1} "#,
            r#"t update {"id": 1} secret"#,
            r#"t delete {"id": 1} id,other"#,
            r#"t update {"id": 2} id,other"#,
            r#"t delete {"id": 2}"#
        ]
    );
}

#[tokio::test]
async fn a_table_changes_from_one_way_to_the_other_and_back_without_a_gap_or_a_double() {
    let test = TestDb::with_tables(TABLE, &["public.t"]).await;
    test.run("INSERT INTO t VALUES (1, 'a')").await;
    test.capture("public.t", statements()).await;
    test.run("UPDATE t SET v = 'b'").await;
    test.capture("public.t", CapturePolicy::default()).await;
    test.run("UPDATE t SET v = 'c'").await;
    assert_eq!(record(&test, 1).await, ["insert a", "update b", "update c"]);
}

#[tokio::test]
async fn tables_that_can_not_be_captured_by_statement_are_refused() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parent (id int PRIMARY KEY);
         CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent); CREATE TABLE raw (id int PRIMARY KEY, doc json);
         CREATE TABLE p (id int PRIMARY KEY);
         CREATE TABLE friends (a int REFERENCES p ON UPDATE CASCADE, b int REFERENCES p ON UPDATE CASCADE, PRIMARY KEY (a, b));
         CREATE TABLE lost (id int PRIMARY KEY, a int REFERENCES p ON DELETE SET NULL);
         CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
         CREATE TABLE looks (id int PRIMARY KEY);
         CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$;
         CREATE TRIGGER look AFTER DELETE ON looks REFERENCING OLD TABLE AS gone FOR EACH ROW EXECUTE FUNCTION look()",
    )
    .await;
    for (table, reason) in [
        ("parts", "it is partitioned"),
        ("parent", "inherits or is inherited from"),
        ("child", "inherits or is inherited from"),
        ("raw", "values of the type of column `doc`"),
        ("friends", "change a row twice"),
        ("lost", "change a row twice"),
        ("tree", "change a row twice"),
        ("looks", "change a row twice"),
    ] {
        let schema = threadline::SchemaName::default();
        let name = table.parse().unwrap();
        let err = codegen::introspect(&schema, &name, statements(), &test.db)
            .await
            .unwrap_err()
            .to_string();
        assert!(err.contains(reason), "{err}");
        assert!(err.contains("leave the word out"), "{err}");
    }
}
