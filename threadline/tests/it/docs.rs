//! The SQL of the guides does what they say.

use threadline::{ActorRef, actor_history};

use crate::support::{TestDb, rows};

pub(crate) fn sql_blocks(markdown: &str) -> Vec<String> {
    markdown
        .split("```sql\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

async fn posts() -> TestDb {
    let sql =
        "CREATE TABLE posts (id integer PRIMARY KEY, title text); CREATE TABLE drafts (id integer)";
    TestDb::with_tables(sql, &["posts"]).await
}

#[tokio::test]
async fn the_sql_of_the_first_hour_grants_and_lists_what_is_not_captured() {
    let blocks = sql_blocks(include_str!("../../../docs/getting-started.md"));
    let [grant, _prepare, uncovered] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    let role = format!("app_{}", uuid::Uuid::new_v4().simple());
    test.run(&format!("CREATE ROLE {role} LOGIN")).await;
    test.run(&grant.replace("my_application", &role)).await;
    let db = test.pool_as(&role, 1).await;
    assert_eq!(
        rows(&db, "SELECT 1 FROM threadline.audit_changes")
            .await
            .len(),
        0
    );
    assert_eq!(
        test.all::<String>(&uncovered.replace("c.oid::regclass", "c.relname::text"))
            .await,
        ["drafts"]
    );
}

#[tokio::test]
async fn the_context_that_is_set_by_hand_is_recorded() {
    let blocks = sql_blocks(include_str!("../../../docs/how-it-works.md"));
    let [by_hand] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    test.run("INSERT INTO posts VALUES (42, 'x')").await;
    test.run(by_hand).await;
    let carol = actor_history(ActorRef::admin("carol").unwrap())
        .fetch(&test.db)
        .await
        .unwrap();
    let requests: Vec<_> = carol
        .entries
        .iter()
        .map(|tx| tx.request_id.as_deref())
        .collect();
    assert_eq!(requests, [Some("ticket-12")]);
}
