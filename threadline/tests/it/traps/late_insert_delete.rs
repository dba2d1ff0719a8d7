//! An AFTER ROW trigger of one row that changes another row of the same INSERT or DELETE.

use threadline::CapturePolicy;

use super::late::{history, meddling, policies};
use crate::support::TestDb;

async fn check(event: &str, body: &str, statement: &str, id: i32, expected: &[&str]) {
    for policy in policies() {
        let row = if event == "INSERT" { "NEW" } else { "OLD" };
        let test = meddling(policy, event, row, body).await;
        test.run(statement).await;
        test.assert_true_trail("t").await;
        let mut history = history(&test, id).await;
        if event == "INSERT" {
            // There the first change is not the one from before the statement.
            let first: String = test
                .one(&format!(
                    "SELECT op || ' ' || (data_after ->> 'v') FROM threadline.audit_changes
                      WHERE table_pk ->> 'id' = '{id}' ORDER BY captured_at, id LIMIT 1"
                ))
                .await;
            history.insert(0, first);
        }
        assert_eq!(history, expected);
    }
}

const TWO: &str = "DELETE FROM t WHERE id = 1";
const INSERT: &str = "INSERT INTO t VALUES (1, 'n'), (12, 'n')";

#[tokio::test]
async fn an_inserted_row_that_a_trigger_updates_at_once_begins_with_its_insert() {
    let body = "UPDATE t SET v = 'o' WHERE id = 12; UPDATE t SET v = 'n' WHERE id = 12;";
    let statement = format!("{TWO}; {INSERT}");
    check(
        "INSERT",
        body,
        &statement,
        12,
        &["insert n", "update o", "update n"],
    )
    .await;
}

#[tokio::test]
async fn an_inserted_row_that_a_trigger_deletes_at_once_ends_deleted() {
    let statement = format!("{TWO}; {INSERT}");
    check(
        "INSERT",
        "DELETE FROM t WHERE id = 12;",
        &statement,
        12,
        &["insert n", "delete n"],
    )
    .await;
}

#[tokio::test]
async fn an_inserted_row_that_a_trigger_deletes_and_inserts_again_is_there() {
    let statement = format!("{TWO}; {INSERT}");
    let body = "DELETE FROM t WHERE id = 12; INSERT INTO t VALUES (12, 'n', NULL, 0);";
    check(
        "INSERT",
        body,
        &statement,
        12,
        &["insert n", "delete n", "insert n"],
    )
    .await;
}

#[tokio::test]
async fn an_inserted_row_that_a_trigger_gives_another_key_leaves_its_first_key() {
    let statement = format!("{TWO}; {INSERT}");
    let body = "UPDATE t SET id = 13 WHERE id = 12;";
    check("INSERT", body, &statement, 12, &["insert n", "delete n"]).await;
}

#[tokio::test]
async fn a_deleted_row_that_a_trigger_inserts_again_is_there() {
    for (value, last) in [("b", "insert b"), ("x", "insert x")] {
        let body = format!("INSERT INTO t VALUES (2, '{value}', 's', 0);");
        check("DELETE", &body, "DELETE FROM t", 2, &["delete b", last]).await;
    }
}

#[tokio::test]
async fn a_deleted_row_that_a_trigger_inserts_updates_and_deletes_again_is_gone() {
    let body = "INSERT INTO t VALUES (2, 'b', 's', 0); UPDATE t SET v = 'x' WHERE id = 2; DELETE FROM t WHERE id = 2;";
    check(
        "DELETE",
        body,
        "DELETE FROM t",
        2,
        &["delete b", "insert b", "update x", "delete x"],
    )
    .await;
}

#[tokio::test]
async fn a_deleted_key_that_a_trigger_gives_to_another_row_belongs_to_that_row() {
    let body = "UPDATE t SET id = 2 WHERE id = 4;";
    check(
        "DELETE",
        body,
        "DELETE FROM t WHERE id < 4",
        2,
        &["delete b", "update b"],
    )
    .await;
}

#[tokio::test]
async fn a_deleted_row_of_which_nothing_was_known_ends_before_it_is_inserted_again() {
    for value in ["a", "x"] {
        let test = meddling(
            CapturePolicy::default(),
            "DELETE",
            "OLD",
            &format!("INSERT INTO t VALUES (2, '{value}', 's', 0);"),
        )
        .await;
        test.run("ALTER TABLE t DISABLE TRIGGER USER").await;
        test.run("UPDATE t SET v = 'a'; INSERT INTO t VALUES (5), (6)")
            .await;
        test.run("ALTER TABLE t ENABLE TRIGGER USER").await;
        // The audit starts again with an empty trail.
        test.run("SET session_replication_role = replica; DELETE FROM threadline.audit_changes; RESET session_replication_role")
            .await;
        test.run("DELETE FROM t").await;
        test.assert_true_trail("t").await;
    }
}

#[tokio::test]
async fn a_row_that_was_inserted_by_a_trigger_and_is_deleted_later_is_gone() {
    // In the same message: the statement time does not tell the two apart.
    let test = meddling(
        CapturePolicy {
            exclude: vec!["n".into()],
            ..CapturePolicy::default()
        },
        "UPDATE",
        "NEW",
        "INSERT INTO t VALUES (12, 'n', 's', 0), (13, 'n', 's', 0);",
    )
    .await;
    test.run(
        "BEGIN; UPDATE t SET v = 'c' WHERE id = 1; UPDATE t SET n = 5 WHERE id = 12;
         DELETE FROM t WHERE id IN (12, 13); COMMIT",
    )
    .await;
    assert_eq!(
        test.faults("t", &["id"], "to_jsonb(t) - 'n'").await,
        [""; 0]
    );
}

#[tokio::test]
async fn truncating_and_inserting_in_the_same_message_is_not_taken_for_a_late_delete() {
    let test = meddling(
        CapturePolicy::default(),
        "UPDATE",
        "NEW",
        "INSERT INTO t VALUES (12, 'n', 's', 0);",
    )
    .await;
    test.run(
        "BEGIN; UPDATE t SET v = 'c' WHERE id = 1; TRUNCATE t; INSERT INTO t VALUES (2, 'z'), (3, 'z');
         DELETE FROM t WHERE id = 2; UPDATE t SET id = 30 WHERE id = 3; COMMIT",
    )
    .await;
    let end: Vec<String> = test
        .all(
            "SELECT op || ' ' || (table_pk ->> 'id') FROM threadline.audit_changes
              WHERE id > (SELECT max(id) FROM threadline.audit_changes WHERE op = 'truncate') ORDER BY captured_at, id",
        )
        .await;
    assert_eq!(
        end,
        ["insert 2", "insert 3", "delete 2", "delete 3", "update 30"]
    );
}

#[tokio::test]
async fn the_truncate_of_another_partition_does_not_end_a_row_whose_key_is_given_away() {
    let test = TestDb::with_tables(
        "CREATE TABLE p (id int PRIMARY KEY DEFERRABLE, v text) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);",
        &["public.p"],
    )
    .await;
    test.run("INSERT INTO p VALUES (1, 'a'), (2, 'b'), (11, 'c')")
        .await;
    test.run("TRUNCATE p2").await;
    test.run("UPDATE p SET id = 3 - id").await;
    test.assert_true_trail("p").await;
    let ends: Vec<String> = test
        .all("SELECT DISTINCT ON (table_pk) concat_ws(' ', op, data_after) FROM threadline.audit_changes WHERE table_pk ->> 'id' IN ('1', '2') ORDER BY table_pk, captured_at DESC, id DESC")
        .await;
    assert_eq!(
        ends,
        [
            r#"update {"v": "b", "id": 1}"#,
            r#"update {"v": "a", "id": 2}"#
        ]
    );
}

#[tokio::test]
async fn late_rows_of_a_partitioned_table_are_in_order() {
    let test = TestDb::with_tables(
        "CREATE TABLE p (id int, region int, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
         CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);",
        &["public.p"],
    )
    .await;
    test.run("INSERT INTO p VALUES (1, 1, 'a'), (1, 2, 'b')")
        .await;
    test.run(
        "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
           IF TG_OP = 'DELETE' AND OLD.v = 'a' THEN INSERT INTO p VALUES (1, 2, 'c'); UPDATE p SET v = 'd' WHERE region = 2; END IF;
           IF TG_OP = 'UPDATE' AND NEW.v = 'x' THEN UPDATE p SET region = 3 - region WHERE v = 'x'; END IF;
           RETURN NULL; END $f$;
         CREATE TRIGGER again AFTER DELETE OR UPDATE ON p FOR EACH ROW EXECUTE FUNCTION again();",
    )
    .await;
    for statement in [
        "DELETE FROM p",
        "INSERT INTO p VALUES (2, 1, 'e'), (3, 2, 'e')",
        "UPDATE p SET v = 'x' WHERE v = 'e'",
    ] {
        test.run(statement).await;
        assert_eq!(
            test.faults("p", &["id", "region"], "to_jsonb(t)").await,
            [""; 0],
            "{:#?}",
            test.images().await
        );
    }
    let live: Vec<String> = test
        .all("SELECT concat_ws(' ', id, region, v) FROM p ORDER BY 1")
        .await;
    // Both moved to the other partition and back.
    assert_eq!(live, ["1 2 d", "2 1 x", "3 2 x"]);
}
