//! What is redacted, on a page.

use sea_orm::ConnectionTrait as _;
use threadline::{
    CapturePolicy,
    health::{DeclaredTable, Health},
};
use threadline_actix::surface::OperatorSurface;

use super::site::{get_from, only_alice, request};
use crate::support::{TestDb, written};

fn declared(table: &str, mask: &[&str]) -> DeclaredTable {
    DeclaredTable {
        name: table.parse().unwrap(),
        policy: CapturePolicy {
            mask: mask.iter().map(|&name| name.to_owned()).collect(),
            ..CapturePolicy::default()
        },
        key: vec!["id".to_owned()],
    }
}

#[actix_web::test]
async fn a_declared_policy_is_held_against_the_deployed_one_without_any_value() {
    let db = TestDb::new("redaction_page").await.connect(2).await;
    written(&db).await;
    db.execute_unprepared("CREATE TABLE plain (id int PRIMARY KEY)")
        .await
        .unwrap();
    crate::support::audited(&db, "plain").await;
    let health = || Health::new().declare([declared("notes", &["title"]), declared("plain", &[])]);
    let surface = || OperatorSurface::new(db.clone(), only_alice).health(health());
    let json = request("/audit/policy/redaction.json");
    let json = get_from(surface(), "/audit", json).await.json();
    let verdicts: Vec<_> = json["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| {
            (
                table["table_name"].as_str().unwrap(),
                table["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(verdicts, [("notes", "drift"), ("plain", "matches")]);
    assert_eq!(
        json["summary"],
        serde_json::json!({"matches": 1, "drift": 1, "cannot_tell": 0})
    );
    let page = get_from(surface(), "/audit", request("/audit/policy/redaction")).await;
    for shown in [
        "recorded in the clear",
        "is declared as title and deployed as nothing",
        "cargo threadline policy show",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for body in [page.body, json.to_string()] {
        for value in ["first title", "second title", "bob"] {
            assert!(!body.contains(value), "{value}");
        }
    }
}
