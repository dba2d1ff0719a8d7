//! What retention asks of a large trail, besides what it deletes.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use threadline::retention::{Hold, MAX_KEEP_DAYS, RetentionPolicy, purge, status};

use super::{
    Listener, ROW, Statements, TABLE, case, check, day,
    plan::{Plan, plan},
    seed::seeded,
};
use crate::support::rows;

fn policy() -> RetentionPolicy {
    RetentionPolicy::keep_days(MAX_KEEP_DAYS).unwrap()
}

/// Those of the statements that read changes.
fn of_changes(statements: Statements) -> Vec<Statement> {
    let mut found = statements.0;
    found.retain(|statement| statement.sql.contains(".audit_changes "));
    found
}

#[tokio::test]
async fn holds_and_the_oldest_changes_are_found_by_their_indexes() {
    let (test, db) = seeded().await;
    let listener = Listener::new(&test).await;
    let mut cases = Vec::new();
    for (name, written) in [
        ("a held row that is hot", r#"{"id": 7}"#),
        ("a held row", r#"{"id": 24}"#),
        ("a held row that is written otherwise", r#"{"id": "24"}"#),
    ] {
        let key = serde_json::from_str(written).unwrap();
        let policy = policy().hold(Hold::row("posts".parse().unwrap(), key));
        let policy = policy.unwrap();
        let heard = listener
            .heard_of(async |db| {
                purge(&policy).preview(db).await.unwrap();
                Ok(())
            })
            .await;
        let mut asked = of_changes(heard);
        asked.retain(|statement| statement.sql.contains("row_key("));
        assert!(!asked.is_empty(), "{name}");
        cases.push(case(name, Statements(asked), &[ROW], 5));
    }
    let tables = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    for (name, of_class, reads) in [
        ("the oldest change of every table", vec![], 30),
        (
            "the oldest change of a small table",
            tables(&["settings"]),
            100,
        ),
        // A thousand changes of each name are looked through for another schema.
        (
            "the oldest changes of large tables",
            tables(&["posts", "comments"]),
            4_100,
        ),
        (
            "the oldest change of a table that has none",
            tables(&["other.posts"]),
            1_050,
        ),
    ] {
        let policy = if of_class.is_empty() {
            policy()
        } else {
            policy().class("some", 30, of_class).unwrap()
        };
        let heard = listener
            .heard_of(async |db| {
                status(&policy, db).await.unwrap();
                Ok(())
            })
            .await;
        let asked = of_changes(heard);
        assert!(!asked.is_empty(), "{name}");
        cases.push(case(name, Statements(asked), &[TABLE], reads));
    }
    check(&db, cases).await;
}

/// The statement of a function, which hides from EXPLAIN, with its parameters as a driver sends them.
async fn what_ends(
    [from, until, since, before]: [DateTime<Utc>; 4],
    db: &DatabaseConnection,
) -> Statement {
    let body = "SELECT prosrc FROM pg_proc WHERE oid = 'threadline.what_ends'::regproc";
    let row = rows(db, body).await.pop().unwrap();
    let mut sql: String = row.try_get_by_index(0).unwrap();
    for (n, name) in ["p_from", "p_until", "p_since", "p_before"]
        .into_iter()
        .enumerate()
    {
        assert!(sql.contains(name), "{name}");
        sql = sql.replace(name, &format!("${}", n + 1));
    }
    let values = [from.into(), until.into(), since.into(), before.into()];
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Of the month itself every change is looked at, of what is before it one for each end.
#[tokio::test]
async fn what_ends_in_a_month_is_asked_by_the_indexes_of_the_months_before() {
    let (_test, db) = seeded().await;
    let at = |seconds| day(1, 1) + TimeDelta::seconds(seconds);
    for (name, [from, until], [since, before], has_end, reads) in [
        // Two changes are in that time, of rows that are not deleted later.
        (
            "deletes of nothing older",
            [day(2, 1), day(3, 1)],
            [at(75), at(175)],
            false,
            50_200,
        ),
        (
            "markers of nothing older",
            [day(4, 1), day(5, 1)],
            [at(75), at(125)],
            false,
            43_000,
        ),
        (
            "deletes of something older",
            [day(2, 1), day(3, 1)],
            [day(1, 1), day(2, 1)],
            true,
            50_200,
        ),
    ] {
        let statement = what_ends([from, until, since, before], &db).await;
        let found = db.query_one_raw(statement.clone()).await.unwrap();
        assert_eq!(found.is_some(), has_end, "{name}");
        for mode in ["force_custom_plan", "auto"] {
            let plan: Plan = plan(&db, &statement, mode).await;
            assert!(plan.read <= reads, "{name}, {mode}: {plan:?}");
        }
    }
}
