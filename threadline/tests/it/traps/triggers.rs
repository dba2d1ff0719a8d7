//! Other triggers of the audited tables.

use threadline::CapturePolicy;

use crate::support::TestDb;

#[tokio::test]
async fn what_before_triggers_change_is_in_the_image() {
    let test = TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v text, slug text);
         CREATE FUNCTION slug() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.slug := lower(NEW.v); RETURN NEW; END $f$;
         CREATE TRIGGER \"000_slug\" BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slug();
         CREATE TRIGGER zzz_slug BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slug();",
        &["public.t"],
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'AB', 'ignored')").await;
    test.run("UPDATE t SET v = 'CD'").await;
    assert_eq!(
        test.images().await,
        [
            r#"t insert {"v": "AB", "id": 1, "slug": "ab"}"#,
            r#"t update {"v": "CD", "id": 1, "slug": "cd"}"#
        ]
    );
    assert_eq!(test.changes().await[1], r#"t update {"id": 1} v,slug"#);
}

#[tokio::test]
async fn a_write_that_a_before_trigger_cancels_leaves_no_change() {
    let test = TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v text);
         CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$;",
        &["public.t"],
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a')").await;
    test.run("CREATE TRIGGER cancel BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION cancel()")
        .await;
    test.run("UPDATE t SET v = 'b'").await;
    test.run("DELETE FROM t").await;
    test.run("INSERT INTO t VALUES (2, 'a')").await;
    assert_eq!(test.changes().await, [r#"t insert {"id": 1}"#]);
}

#[tokio::test]
async fn an_after_trigger_that_writes_another_audited_table_stays_in_the_transaction() {
    let test = TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v text);
         CREATE TABLE log (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, t_id int, v text);
         CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           INSERT INTO log (t_id, v) VALUES (NEW.id, NEW.v); RETURN NULL; END $f$;
         CREATE TRIGGER a_log AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION log();",
        &["public.t", "public.log"],
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
    assert_eq!(
        test.images().await,
        [
            r#"t insert {"v": "a", "id": 1}"#,
            r#"log insert {"v": "a", "id": 1, "t_id": 1}"#,
            r#"t insert {"v": "b", "id": 2}"#,
            r#"log insert {"v": "b", "id": 2, "t_id": 2}"#,
        ]
    );
    assert_eq!(test.transactions().await, 1);
    let owners: i64 = test
        .one("SELECT count(DISTINCT transaction_id) FROM threadline.audit_changes")
        .await;
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn an_after_trigger_that_changes_the_same_row_comes_after_the_change() {
    for name in ["000_again", "zzz_again"] {
        let test = TestDb::with_tables(
            "CREATE TABLE t (id int PRIMARY KEY, v text);
             CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
               IF NEW.v = 'a' THEN UPDATE t SET v = 'b' WHERE id = NEW.id;
               ELSIF NEW.v = 'c' THEN UPDATE t SET v = 'b' WHERE id = NEW.id;
               ELSIF NEW.v = 'd' THEN DELETE FROM t WHERE id = NEW.id; END IF;
               RETURN NULL; END $f$;",
            &["public.t"],
        )
        .await;
        test.run(&format!("CREATE TRIGGER \"{name}\" AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION again()"))
            .await;
        for statement in [
            "INSERT INTO t VALUES (1, 'a'), (2, 'a')",
            "UPDATE t SET v = 'c'",
            "UPDATE t SET v = 'd' WHERE id = 2",
        ] {
            test.run(statement).await;
        }
        test.assert_true_trail("t").await;
        let second: Vec<String> = test
            .all("SELECT op || ' ' || (data_after ->> 'v') FROM threadline.audit_changes WHERE table_pk = '{\"id\": 2}' ORDER BY captured_at, id")
            .await;
        assert_eq!(
            second,
            [
                "insert a", "update b", "update c", "update b", "update d", "delete d"
            ],
            "{name}"
        );
    }
}

#[tokio::test]
async fn deferred_triggers_write_into_the_same_transaction() {
    let test = TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v text);
         CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           IF NEW.v <> 'z' THEN UPDATE t SET v = 'z' WHERE id = NEW.id; END IF; RETURN NULL; END $f$;
         CREATE CONSTRAINT TRIGGER later AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later();",
        &["public.t"],
    )
    .await;
    test.run("BEGIN; INSERT INTO t VALUES (1, 'a'), (2, 'a'); UPDATE t SET v = 'b'; COMMIT")
        .await;
    test.assert_true_trail("t").await;
    assert_eq!(test.changes().await.len(), 6);
    assert_eq!(test.transactions().await, 1);
}

#[tokio::test]
async fn a_function_that_changes_other_rows_while_the_statement_runs_is_in_order() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'a');
         CREATE FUNCTION touch(p int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
           UPDATE t SET v = 'z' WHERE id = p; RETURN p; END $f$;",
    )
    .await;
    test.capture("public.t", CapturePolicy::default()).await;
    test.run("UPDATE t SET v = 'b'").await;
    test.run("UPDATE t SET v = 'c' RETURNING touch(id)").await;
    test.assert_true_trail("t").await;
    let second: Vec<String> = test
        .all("SELECT data_after ->> 'v' FROM threadline.audit_changes WHERE table_pk = '{\"id\": 2}' ORDER BY captured_at, id")
        .await;
    assert_eq!(second, ["b", "c", "z"]);
}
