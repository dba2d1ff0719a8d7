//! Coverage, findings and policies: each fault is made, seen, put right by what the finding prints, and gone.

mod capture;
mod coverage;
mod policy;
mod reader;
mod role;
mod trail;

use sea_orm::ConnectionTrait;
use threadline::{
    CapturePolicy,
    codegen::TableName,
    health::{DeclaredTable, Finding, Fix, Health},
};

use crate::support::TestDb;

const POSTS: &str = "CREATE TABLE posts (id int PRIMARY KEY, title text, secret text)";

/// A database in which `posts` is captured, and what its application expects. The roles of a server
/// are shared by all tests, so the application's role is always named.
async fn posts() -> (TestDb, Health) {
    let test = TestDb::with_tables(POSTS, &["posts"]).await;
    let health = health(&test).await;
    (test, health)
}

async fn health(test: &TestDb) -> Health {
    let role = test.role("IN ROLE threadline_writer").await;
    Health::new().application_roles([role])
}

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

fn declared(name: &str, policy: CapturePolicy) -> DeclaredTable {
    DeclaredTable {
        name: table(name),
        policy,
        key: vec!["id".to_owned()],
    }
}

async fn findings(health: &Health, db: &impl ConnectionTrait) -> Vec<Finding> {
    health.fetch_findings(db).await.unwrap().findings
}

async fn codes(health: &Health, test: &TestDb) -> Vec<&'static str> {
    let findings = findings(health, &test.db).await;
    findings.iter().map(|finding| finding.code).collect()
}

/// The one finding that there is.
async fn only(health: &Health, test: &TestDb, code: &str) -> Finding {
    let mut found = findings(health, &test.db).await;
    assert_eq!(
        found.iter().map(|finding| finding.code).collect::<Vec<_>>(),
        [code],
        "{found:#?}"
    );
    found.remove(0)
}

/// Makes the fault, sees exactly this finding, runs its statements, and sees nothing any more.
async fn check(test: &TestDb, health: &Health, fault: &str, code: &str) -> Finding {
    assert_eq!(
        codes(health, test).await,
        Vec::<&str>::new(),
        "before {fault}"
    );
    test.run(fault).await;
    let finding = only(health, test, code).await;
    let Fix::Sql(sql) = &finding.fix else {
        panic!("{:?} is no statement", finding.fix)
    };
    test.run(sql).await;
    assert_eq!(codes(health, test).await, Vec::<&str>::new(), "after {sql}");
    finding
}
