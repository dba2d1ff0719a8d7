//! Operators who may see a part of the trail.

use std::convert::Infallible;

use actix_web::HttpRequest;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use threadline::{ActorRef, AuditContext, AuditedTransactionExt as _, ChangeScope, record_action};
use threadline_actix::surface::{Access, OperatorSurface};

use super::{
    routes::{self, twin},
    site::{get, get_from, request},
};
use crate::support::{TestDb, audited};

/// What is out of the scope has this in its every value.
const FOREIGN: &str = "qqforeignqq";

/// Transactions of organisation 7, of organisation 8, and of both.
async fn organisations(db: &DatabaseConnection) {
    db.execute_unprepared(
        "CREATE TABLE docs (id text PRIMARY KEY, organisation_id int, title text)",
    )
    .await
    .unwrap();
    audited(db, "docs").await;
    let own = "INSERT INTO docs VALUES ('own-1', 7, 'ours'); UPDATE docs SET title = 'still ours' WHERE id = 'own-1'";
    let other = format!("INSERT INTO docs VALUES ('{FOREIGN}-1', 8, '{FOREIGN} title')");
    let both = format!(
        "UPDATE docs SET title = 'once more' WHERE organisation_id = 7;
         UPDATE docs SET title = '{FOREIGN} again' WHERE organisation_id = 8"
    );
    let moved =
        "UPDATE docs SET organisation_id = 7, title = 'moved here' WHERE organisation_id = 8"
            .to_owned();
    for (who, sql) in [
        ("ours", own.to_owned()),
        (FOREIGN, other),
        ("ours", both),
        ("ours", moved),
    ] {
        let context = AuditContext::for_actor(ActorRef::user(who).unwrap())
            .request_id(format!("{who}-request"))
            .correlation_id(format!("{who}-flow"))
            // Free words are shown of a transaction whose changes are all in scope.
            .meta(
                "note",
                if sql.contains(FOREIGN) {
                    FOREIGN
                } else {
                    "ours"
                },
            );
        db.audited_transaction(&context, async |txn| {
            txn.execute_unprepared(&sql).await?;
            record_action(format!("{who}.changed"))
                .comment(if sql.contains(FOREIGN) {
                    FOREIGN
                } else {
                    "ours"
                })
                .insert(txn)
                .await?;
            Ok::<_, threadline::Error>(())
        })
        .await
        .unwrap();
    }
    // The row that moved has a foreign key still; its changes from then on are in scope.
    db.execute_unprepared(&format!("DELETE FROM docs WHERE id = '{FOREIGN}-1'"))
        .await
        .unwrap();
}

fn support(db: &DatabaseConnection) -> OperatorSurface<i32> {
    let organisation = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Scope(7));
    OperatorSurface::new(db.clone(), organisation)
        .scope_query(|id: &i32| ChangeScope::column_is("organisation_id", id))
}

#[actix_web::test]
async fn no_byte_of_any_page_is_from_out_of_the_scope() {
    let db = TestDb::new("scope_walk").await.connect(2).await;
    organisations(&db).await;
    let mut seen = 0;
    for path in routes::all(&db).await {
        for path in [twin(&path), path] {
            // With the pages of policies open too: a host may open them to whom it scopes.
            let open = async |_: &HttpRequest| Ok::<_, Infallible>(true);
            let support = support(&db).authorize_policies(open);
            let got = get_from(support, "/audit", request(&format!("/audit{path}"))).await;
            assert!(matches!(got.status, 200 | 404), "{path}: {}", got.status);
            // What the address itself holds comes back in links.
            let mut body = got.body;
            for own in [&path, &twin(&path), &path.replace(".json", "")] {
                body = body.replace(own.as_str(), "");
            }
            // The key of the row that moved into the scope is in the scope.
            let body = body.replace(&format!("{FOREIGN}-1"), "moved-1");
            assert!(!body.contains(FOREIGN), "{path}: {body}");
            seen += usize::from(got.status == 200);
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[actix_web::test]
async fn what_is_out_of_scope_reads_like_what_is_not_there() {
    let db = TestDb::new("scope_missing").await.connect(2).await;
    organisations(&db).await;
    let page = async |path: &str| {
        let got = get_from(support(&db), "/audit", request(path)).await;
        (got.status, got.body.replace(path, "…"))
    };
    assert_eq!(page("/audit/transactions/1").await.0, 200);
    for extension in ["", ".json"] {
        let foreign = page(&format!("/audit/transactions/2{extension}")).await;
        let missing = page(&format!("/audit/transactions/9{extension}")).await;
        assert_eq!(foreign.0, 404);
        assert_eq!(foreign, missing);
    }
}

#[actix_web::test]
async fn a_scope_narrows_the_count_too() {
    let db = TestDb::new("scope_count").await.connect(2).await;
    organisations(&db).await;
    let twin = get_from(support(&db), "/audit", request("/audit/timeline.json")).await;
    let page = twin.json();
    let changes: usize = page["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["changes"].as_array().unwrap().len())
        .sum();
    assert_eq!(page["count"]["value"], changes);
    assert_eq!(changes, 5, "{}", twin.body);
}

#[actix_web::test]
async fn a_key_tells_a_scoped_operator_nothing_of_tables_and_columns_out_of_the_scope() {
    let db = TestDb::new("scope_probe").await.connect(2).await;
    organisations(&db).await;
    db.execute_unprepared("CREATE TABLE salaries (id int PRIMARY KEY)")
        .await
        .unwrap();
    let asked = async |table: &str, key: &str| {
        let (schema, table) = table.split_once('.').unwrap();
        let query = [
            ("schema", schema),
            ("table", table),
            ("key", key),
            ("from", "all"),
        ];
        let query = serde_urlencoded::to_string(query).unwrap();
        let got = get_from(
            support(&db),
            "/audit",
            request(&format!("/audit/timeline.json?{query}")),
        )
        .await;
        (got.status, got.json()["error"].clone())
    };
    let own = asked("public.docs", r#"{"id": "own-1"}"#).await;
    assert_eq!(own.0, 200, "{own:?}");
    let missing = asked("public.nothing", r#"{"id": 1}"#).await;
    assert_eq!(missing.0, 422);
    for (table, key) in [
        ("public.salaries", r#"{"id": 1}"#),
        ("public.salaries", r#"{"id": "x"}"#),
        ("pg_catalog.pg_class", r#"{"oid": 1}"#),
        ("public.docs", r#"{"organisation_id": "x"}"#),
        ("public.docs", r#"{"id": "own-1", "title": "x"}"#),
    ] {
        assert_eq!(asked(table, key).await, missing, "{table} {key}");
    }
}

#[actix_web::test]
async fn a_truncate_that_ended_a_record_in_scope_leads_nowhere() {
    let db = TestDb::new("scope_truncate").await.connect(2).await;
    organisations(&db).await;
    db.execute_unprepared("TRUNCATE docs").await.unwrap();
    let path = "/audit/rows/public.docs/own-1";
    let page = get_from(support(&db), "/audit", request(path)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let history = page.body.replace("&#x2f;", "/");
    let (_, history) = history.split_once("id=\"history\"").unwrap();
    assert!(history.contains("op-truncate"), "{history}");
    let links: Vec<_> = history
        .split("href=\"/audit/transactions/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!links.is_empty());
    for id in links {
        let path = format!("/audit/transactions/{id}");
        let got = get_from(support(&db), "/audit", request(&path)).await;
        assert_eq!(got.status, 200, "{path}");
    }
    // Who sees the whole trail sees the whole of it.
    let whole = get(&db, path).await;
    assert!(whole.link("transaction 6<").is_some(), "{}", whole.body);
}
