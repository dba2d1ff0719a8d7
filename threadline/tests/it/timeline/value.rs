use sea_orm::{ConnectionTrait, DbBackend, QueryTrait};
use threadline::{ActorRef, AuditContext, AuditedTransactionExt, timeline};

use super::paged;
use crate::support::{TestDb, run};

/// Whatever a value holds, it is a value.
#[tokio::test]
async fn a_value_with_quotes_and_backslashes_finds_exactly_itself() {
    let names = [
        "it's",
        "a\\' OR true --",
        "?",
        "$1",
        "\"q\"",
        "{}",
        "ü\u{1a}\u{2028}",
    ];
    let test = TestDb::new().await;
    for name in names {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        test.run(&format!("CREATE TABLE {quoted} (id int PRIMARY KEY)"))
            .await;
        test.run(
            &format!(
                "INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk)
                 SELECT 0, clock_timestamp(), 0, nspname, relname, 'insert', '{{}}'
                   FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = '{}'::regclass",
                quoted.replace('\'', "''")
            ),
        )
        .await;
    }
    test.run("CREATE TABLE notes (id serial PRIMARY KEY)").await;
    test.capture("notes", threadline::CapturePolicy::default())
        .await;
    for name in &names[..6] {
        let context = AuditContext::for_actor(ActorRef::user(name).unwrap()).correlation_id(*name);
        let txn = test.db.begin_audited(&context).await.unwrap();
        run(&txn, "INSERT INTO notes DEFAULT VALUES").await;
        threadline::record_action(*name).insert(&txn).await.unwrap();
        txn.commit().await.unwrap();
    }
    for off in ["on", "off"] {
        let db = test.pool(1).await;
        db.execute_unprepared(&format!("SET standard_conforming_strings = {off}"))
            .await
            .unwrap();
        for name in names {
            let query = timeline().table(name);
            let page = query.fetch(&db).await.unwrap();
            let tables: Vec<_> = page
                .entries
                .iter()
                .map(|change| change.table_name.as_str())
                .collect();
            assert_eq!(tables, [name], "{off}");
            assert_eq!(paged(&query.schema("public"), 5, &db).await.len(), 1);
        }
        for name in &names[..6] {
            for query in [
                timeline().actor(ActorRef::user(name).unwrap()),
                timeline().correlation_id(*name),
                timeline().action(*name),
            ] {
                assert_eq!(paged(&query, 5, &db).await.len(), 1, "{name}, {off}");
            }
        }
    }
}

#[test]
fn a_value_is_bound_and_still_gives_the_statement_a_text_of_its_own() {
    let text = |table: &str| {
        let select = timeline().table(table).select().unwrap();
        select.build(DbBackend::Postgres).sql
    };
    assert!(!text("it's").contains("it's"));
    assert_ne!(text("posts"), text("settings"));
    assert_eq!(text("posts"), text("posts"));
}
