//! Data that somebody made to break the pages.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use threadline::{ActorRef, AuditContext, AuditedTransactionExt as _, record_action};

use super::{
    routes::{self, twin},
    site::get,
};
use crate::support::{TestDb, audited};

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{ 1234 * 5678 }}";
const DIRECTION: &str = "a\u{202e}txt.exe\u{2066}b\u{200f}";

async fn hostile(db: &DatabaseConnection) {
    let columns: Vec<String> = (0..1500).map(|n| format!("c{n} int")).collect();
    db.execute_unprepared(&format!(
        "CREATE TABLE wide (id int PRIMARY KEY, {})",
        columns.join(", ")
    ))
    .await
    .unwrap();
    db.execute_unprepared(r#"CREATE TABLE "<b>" ("<i>" text PRIMARY KEY, "a""b" text, raw json)"#)
        .await
        .unwrap();
    audited(db, "wide").await;
    audited(db, r#""<b>""#).await;
    let context = AuditContext::for_actor(ActorRef::user(SCRIPT).unwrap())
        .request_id("../..")
        .correlation_id(SCRIPT)
        .job_id(DIRECTION)
        .meta("note", SCRIPT);
    db.audited_transaction(&context, async |txn| {
        let values: Vec<String> = (0..1500).map(|n| n.to_string()).collect();
        txn.execute_unprepared(&format!(
            "INSERT INTO wide VALUES (1, {})",
            values.join(", ")
        ))
        .await?;
        let changes: Vec<String> = (0..1500).map(|n| format!("c{n} = c{n} + 1")).collect();
        txn.execute_unprepared(&format!("UPDATE wide SET {}", changes.join(", ")))
            .await?;
        for key in [
            SCRIPT,
            DIRECTION,
            "..",
            "a/b?c#d%2F",
            "x.json",
            " ",
            "{\"a\": 1}",
        ] {
            let key = key.replace('\'', "''");
            txn.execute_unprepared(&format!(
                r#"INSERT INTO "<b>" VALUES ('{key}', '{key}', '{{"half": "\ud800"}}')"#
            ))
            .await?;
        }
        txn.execute_unprepared(
            r#"UPDATE "<b>" SET "a""b" = repeat('long <b>', 131072) WHERE "<i>" = '..'"#,
        )
        .await?;
        record_action(SCRIPT)
            .comment(SCRIPT)
            .reason(DIRECTION)
            .insert(txn)
            .await?;
        Ok::<_, threadline::Error>(())
    })
    .await
    .unwrap();
}

#[actix_web::test]
async fn hostile_data_never_lands_as_markup_and_every_page_stays_small() {
    let db = TestDb::new("hostile").await.connect(2).await;
    hostile(&db).await;
    for path in routes::all(&db).await {
        let page = get(&db, &format!("/audit{path}")).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for markup in [
            "<script>alert",
            "<img",
            "<b>",
            "<i>",
            "\u{202e}",
            "\u{2066}",
            "7006652",
        ] {
            assert!(!page.body.contains(markup), "{path} has {markup}");
        }
        assert!(
            page.body.len() < 1_500_000,
            "{path}: {} bytes",
            page.body.len()
        );
        let json = get(&db, &format!("/audit{}", twin(&path))).await;
        assert_eq!(json.status, 200, "{path}");
        let raw: Result<Box<serde_json::value::RawValue>, _> = serde_json::from_str(&json.body);
        assert!(raw.is_ok(), "{path}");
    }
}
