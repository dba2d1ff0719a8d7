//! An AFTER ROW trigger of one row that changes another row of the same UPDATE.

use threadline::CapturePolicy;

use crate::support::{TestDb, statements};

const TABLE: &str =
    "CREATE TABLE t (id int PRIMARY KEY, v text, secret text, n int NOT NULL DEFAULT 0);
    INSERT INTO t VALUES (1, 'a', 's', 0), (2, 'a', 's', 0), (3, 'a', 's', 0), (4, 'a', 's', 0);";

/// The table, its capture, and a trigger that runs `body` once, in the AFTER trigger of row 1.
pub(super) async fn meddling(policy: CapturePolicy, event: &str, row: &str, body: &str) -> TestDb {
    let test = TestDb::new().await;
    test.run(TABLE).await;
    test.capture("public.t", policy).await;
    // What is there is on record, so that the trail can be checked from its beginning.
    test.run("UPDATE t SET v = 'b'").await;
    test.run(&format!(
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           IF {row}.id = 1 AND coalesce(current_setting('my.done', true), '') = '' THEN
             PERFORM set_config('my.done', '1', true);
             {body}
           END IF;
           RETURN NULL; END $f$;
         CREATE TRIGGER meddle AFTER {event} ON t FOR EACH ROW EXECUTE FUNCTION meddle();"
    ))
    .await;
    test
}

/// By row and by statement, with and without previous values.
pub(super) fn policies() -> impl Iterator<Item = CapturePolicy> {
    [CapturePolicy::default(), statements()]
        .into_iter()
        .flat_map(|policy| {
            [true, false].map(|store_changed_from| CapturePolicy {
                store_changed_from,
                ..policy.clone()
            })
        })
}

fn without_previous_values() -> CapturePolicy {
    CapturePolicy {
        store_changed_from: false,
        ..CapturePolicy::default()
    }
}

/// The values of `v` in the history of a row, oldest first.
pub(super) async fn history(test: &TestDb, id: i32) -> Vec<String> {
    test.all(&format!(
        "SELECT op || ' ' || (data_after ->> 'v') FROM threadline.audit_changes
          WHERE table_name = 't' AND table_pk ->> 'id' = '{id}' ORDER BY captured_at, id OFFSET 1"
    ))
    .await
}

#[track_caller]
fn assert_history(actual: Vec<String>, expected: &[&str]) {
    assert_eq!(actual, expected);
}

/// Runs the UPDATE under both ways to store previous values.
async fn check(body: &str, statement: &str, id: i32, expected: &[&str]) {
    for policy in policies() {
        let test = meddling(policy, "UPDATE", "NEW", body).await;
        test.run(statement).await;
        test.assert_true_trail("t").await;
        assert_history(history(&test, id).await, expected);
    }
}

#[tokio::test]
async fn an_update_by_the_trigger_of_another_row_comes_after_the_update_itself() {
    check(
        "UPDATE t SET v = 'd' WHERE id = 2;",
        "UPDATE t SET v = 'c'",
        2,
        &["update c", "update d"],
    )
    .await;
}

#[tokio::test]
async fn toggling_back_to_the_value_before_is_in_order() {
    check(
        "UPDATE t SET v = 'b' WHERE id = 2;",
        "UPDATE t SET v = 'c'",
        2,
        &["update c", "update b"],
    )
    .await;
}

#[tokio::test]
async fn toggling_twice_ends_as_the_statement_said() {
    check(
        "UPDATE t SET v = 'b' WHERE id = 2; UPDATE t SET v = 'c' WHERE id = 2;",
        "UPDATE t SET v = 'c'",
        2,
        &["update c", "update b", "update c"],
    )
    .await;
}

#[tokio::test]
async fn two_late_rows_of_one_statement_are_both_in_order() {
    let body = "UPDATE t SET v = 'd' WHERE id IN (2, 3); UPDATE t SET v = 'e' WHERE id = 3;";
    for id in [2, 3] {
        let expected: &[&str] = if id == 2 {
            &["update c", "update d"]
        } else {
            &["update c", "update d", "update e"]
        };
        check(body, "UPDATE t SET v = 'c'", id, expected).await;
    }
}

#[tokio::test]
async fn a_delete_by_the_trigger_of_another_row_is_the_end() {
    check(
        "DELETE FROM t WHERE id = 2;",
        "UPDATE t SET v = 'c'",
        2,
        &["update c", "delete c"],
    )
    .await;
}

#[tokio::test]
async fn a_delete_and_insert_by_the_trigger_of_another_row_are_in_order() {
    check(
        "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'b', 's', 0);",
        "UPDATE t SET v = 'c'",
        2,
        &["update c", "delete c", "insert b"],
    )
    .await;
}

#[tokio::test]
async fn a_key_change_by_the_trigger_of_another_row_is_in_order() {
    check(
        "UPDATE t SET id = 20 WHERE id = 2; INSERT INTO t VALUES (2, 'x', 's', 0);",
        "UPDATE t SET v = 'c'",
        2,
        &["update c", "delete c", "insert x"],
    )
    .await;
}

#[tokio::test]
async fn a_trigger_that_runs_into_its_own_late_row_nests() {
    // The trigger's own statement meets a second trigger, which is late again.
    let test = meddling(
        CapturePolicy::default(),
        "UPDATE",
        "NEW",
        "UPDATE t SET v = 'd' WHERE id IN (2, 3, 4);",
    )
    .await;
    test.run(
        "CREATE FUNCTION deeper() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           IF NEW.id = 2 AND NEW.v = 'd' THEN UPDATE t SET v = 'e' WHERE id = 3; UPDATE t SET v = 'd' WHERE id = 3; END IF;
           RETURN NULL; END $f$;
         CREATE TRIGGER deeper AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION deeper();",
    )
    .await;
    test.run("UPDATE t SET v = 'c'").await;
    test.assert_true_trail("t").await;
    assert_history(
        history(&test, 3).await,
        &["update c", "update d", "update e", "update d"],
    );
    assert_history(history(&test, 4).await, &["update c", "update d"]);
}

#[tokio::test]
async fn masked_values_that_change_in_a_late_row_stay_in_order() {
    let policy = CapturePolicy {
        mask: vec!["secret".into()],
        ..CapturePolicy::default()
    };
    for store_changed_from in [true, false] {
        let policy = CapturePolicy {
            store_changed_from,
            ..policy.clone()
        };
        let body = "UPDATE t SET secret = 'x', v = 'd' WHERE id = 2; UPDATE t SET secret = 'y', v = 'c' WHERE id = 2;";
        let test = meddling(policy, "UPDATE", "NEW", body).await;
        test.run("UPDATE t SET v = 'c', secret = 'w'").await;
        let image = "jsonb_set(to_jsonb(t), '{secret}', '\"[REDACTED]\"')";
        assert_eq!(test.faults("t", &["id"], image).await, [""; 0]);
        assert_history(
            history(&test, 2).await,
            &["update c", "update d", "update c"],
        );
    }
}

#[tokio::test]
async fn columns_left_out_of_the_changed_fields_are_in_order_too() {
    let policy = CapturePolicy {
        except: vec!["n".into()],
        ..CapturePolicy::default()
    };
    let body = "UPDATE t SET n = 2 WHERE id = 2; UPDATE t SET n = 3 WHERE id = 2;";
    let test = meddling(policy, "UPDATE", "NEW", body).await;
    test.run("UPDATE t SET n = 1").await;
    let counters: Vec<String> = test
        .all("SELECT data_after ->> 'n' FROM threadline.audit_changes WHERE table_pk ->> 'id' = '2' ORDER BY captured_at, id")
        .await;
    assert_eq!(counters, ["0", "1", "2", "3"]);
}

#[tokio::test]
async fn an_update_of_excluded_columns_in_between_does_not_break_the_order() {
    let policy = CapturePolicy {
        exclude: vec!["n".into()],
        ..CapturePolicy::default()
    };
    let body = "UPDATE t SET n = 7 WHERE id = 2; UPDATE t SET v = 'd' WHERE id = 2;";
    for store_changed_from in [true, false] {
        let policy = CapturePolicy {
            store_changed_from,
            ..policy.clone()
        };
        let test = meddling(policy, "UPDATE", "NEW", body).await;
        test.run("UPDATE t SET v = 'c'").await;
        assert_eq!(
            test.faults("t", &["id"], "to_jsonb(t) - 'n'").await,
            [""; 0]
        );
        assert_history(history(&test, 2).await, &["update c", "update d"]);
    }
}

#[tokio::test]
async fn large_values_out_of_line_do_not_disturb_the_order() {
    let test = meddling(
        CapturePolicy::default(),
        "UPDATE",
        "NEW",
        "UPDATE t SET v = 'b' WHERE id = 2;",
    )
    .await;
    test.run(
        "UPDATE t SET secret = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) i)",
    )
    .await;
    test.run("UPDATE t SET v = 'c'").await;
    test.assert_true_trail("t").await;
    let size: i64 = test
        .one("SELECT min(length(data_after ->> 'secret'))::bigint FROM (SELECT * FROM threadline.audit_changes ORDER BY id DESC LIMIT 4) c")
        .await;
    assert_eq!(size, 12800);
}

#[tokio::test]
async fn rows_that_this_transaction_locked_are_not_misplaced() {
    for lock in [
        "FOR UPDATE",
        "FOR NO KEY UPDATE",
        "FOR SHARE",
        "FOR KEY SHARE",
    ] {
        for policy in [CapturePolicy::default(), without_previous_values()] {
            let test = TestDb::new().await;
            test.run(TABLE).await;
            test.capture("public.t", policy).await;
            test.run(
                "CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t ON DELETE CASCADE)",
            )
            .await;
            test.capture("public.child", CapturePolicy::default()).await;
            test.run("INSERT INTO child VALUES (1, 4)").await;
            // A cascade first: a nested capture came before in this transaction.
            let statements = [
                "DELETE FROM t WHERE id = 4".to_owned(),
                format!("SELECT 1 FROM t {lock}"),
                "INSERT INTO child VALUES (2, 1)".to_owned(),
                "UPDATE t SET v = 'b' WHERE id = 1".to_owned(),
                "UPDATE t SET v = 'a' WHERE id = 1".to_owned(),
                "UPDATE t SET v = 'b' WHERE id = 1".to_owned(),
                "UPDATE t SET v = 'a' WHERE id = 1".to_owned(),
                "INSERT INTO child VALUES (3, 2)".to_owned(),
                "UPDATE t SET v = 'b' WHERE id = 2".to_owned(),
                "UPDATE t SET v = 'a' WHERE id = 2".to_owned(),
                "DELETE FROM t WHERE id = 2".to_owned(),
            ];
            // Once as statements of their own, once as one message, with one statement time.
            let one = test.pool(1).await;
            crate::support::run(&one, "BEGIN").await;
            for statement in &statements {
                crate::support::run(&one, statement).await;
            }
            crate::support::run(&one, "ROLLBACK").await;
            test.run(&format!("BEGIN; {}; COMMIT", statements.join("; ")))
                .await;
            let ids = history_of_t(&test).await;
            assert_eq!(
                ids,
                [
                    "delete 4 a",
                    "update 1 b",
                    "update 1 a",
                    "update 1 b",
                    "update 1 a",
                    "update 2 b",
                    "update 2 a",
                    "delete 2 a"
                ],
                "{lock}"
            );
            crate::support::run(&one, "INSERT INTO t VALUES (2, 'a'), (4, 'a')").await;
            crate::support::run(&one, "BEGIN").await;
            for statement in &statements[1..6] {
                let statement = statement.replace("(2, 1)", "(9, 1)");
                crate::support::run(&one, &statement).await;
            }
            crate::support::run(&one, "COMMIT").await;
            let again = history_of_t(&test).await;
            assert_eq!(
                again[10..],
                ["update 1 b", "update 1 a", "update 1 b"],
                "{lock}"
            );
        }
    }
}

async fn history_of_t(test: &TestDb) -> Vec<String> {
    test.all(
        "SELECT concat_ws(' ', op, table_pk ->> 'id', data_after ->> 'v') FROM threadline.audit_changes
          WHERE table_name = 't' ORDER BY captured_at, id",
    )
    .await
}
