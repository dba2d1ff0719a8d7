//! Retention, on a page.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use threadline::{
    ActorRef,
    retention::{Hold, RetentionPolicy, purge},
};
use threadline_actix::surface::OperatorSurface;

use super::site::{Got, get, get_from, only_alice, request};
use crate::support::{TestDb, written};

fn policy() -> RetentionPolicy {
    RetentionPolicy::keep_days(400)
        .and_then(|policy| policy.class("short", 30, ["sessions".parse().unwrap()]))
        .and_then(|policy| policy.keep_last_of("short", false))
        .and_then(|policy| policy.hold(Hold::correlation_id("case-12").reason("the secret case")))
        .unwrap()
}

async fn page(db: &DatabaseConnection, path: &str) -> Got {
    let surface = OperatorSurface::new(db.clone(), only_alice).retention(policy());
    get_from(surface, "/audit", request(&format!("/audit{path}"))).await
}

#[actix_web::test]
async fn policy_partitions_and_runs_are_shown_and_what_is_held_is_only_counted() {
    let db = TestDb::new("retention_page").await.connect(3).await;
    written(&db).await;
    let carol = ActorRef::admin("carol").unwrap();
    purge(&policy()).actor(carol).run(&db).await.unwrap();
    let got = page(&db, "/policy/retention").await;
    assert_eq!(got.status, 200, "{}", got.body);
    for shown in [
        "400 days",
        "30 days",
        "sessions",
        "every other table",
        ">stays<",
        ">by age<",
        "1 correlation id",
        "audit_changes_default",
        "completed",
        "carol",
        "months to come are prepared",
        "cargo threadline retention show",
    ] {
        assert!(got.body.contains(shown), "{shown}: {}", got.body);
    }
    let json = page(&db, "/policy/retention.json").await;
    for body in [&got.body, &json.body] {
        assert!(!body.contains("case-12") && !body.contains("secret case"));
    }
    let json = json.json();
    assert_eq!(json["policy"]["holds"]["correlations"], 1);
    assert_eq!(json["runs"][0]["actor"]["id"], "carol");
    assert!(json["partitions"].as_array().unwrap().len() > 12);
}

#[actix_web::test]
async fn without_a_policy_the_page_says_so_and_shows_the_rest() {
    let db = TestDb::new("retention_none").await.connect(2).await;
    let got = get(&db, "/audit/policy/retention").await;
    assert_eq!(got.status, 200);
    for shown in [
        "was given no policy",
        "audit_changes_default",
        "nothing was ever purged",
    ] {
        assert!(got.body.contains(shown), "{shown}: {}", got.body);
    }
}

#[actix_web::test]
async fn runs_are_read_page_by_page_and_none_is_missed() {
    let db = TestDb::new("retention_runs").await.connect(2).await;
    db.execute_unprepared(
        "INSERT INTO threadline.audit_retention_runs (kind, status, policy, rules, newest_cutoff)
           SELECT 'purge', 'completed', '{}', '{}', now() FROM generate_series(1, 45)",
    )
    .await
    .unwrap();
    let mut found = Vec::new();
    let mut path = "/audit/policy/retention.json".to_owned();
    loop {
        let json = get(&db, &path).await.json();
        let runs = json["runs"].as_array().unwrap().clone();
        found.extend(runs.iter().map(|run| run["id"].as_i64().unwrap()));
        match json["older"].as_str() {
            Some(token) => path = format!("/audit/policy/retention.json?after={token}"),
            None => break,
        }
    }
    assert_eq!(found, (1..=45).rev().collect::<Vec<_>>());
    let first = get(&db, "/audit/policy/retention").await;
    let older = first.link("Older").unwrap();
    let page = get(&db, &older).await;
    assert!(page.link("Newest").is_some(), "{}", page.body);
    let foreign = get(&db, "/audit/policy/retention?after=nonsense").await;
    assert_eq!(foreign.status, 422);
}
