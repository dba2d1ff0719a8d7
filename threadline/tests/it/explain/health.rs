//! What health asks of a large trail.

use std::sync::Mutex;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};
use threadline::health::Health;

use super::{day, plan::plan, seed::seeded};

/// A connection that remembers what it was asked.
struct Asked<'a> {
    db: &'a DatabaseConnection,
    statements: Mutex<Vec<Statement>>,
}

#[async_trait::async_trait]
impl ConnectionTrait for Asked<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        panic!("health writes nothing: {statement}")
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        panic!("health writes nothing: {sql}")
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.statements.lock().unwrap().push(statement.clone());
        self.db.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.statements.lock().unwrap().push(statement.clone());
        self.db.query_all_raw(statement).await
    }
}

#[tokio::test]
async fn health_reads_a_bounded_number_of_rows_of_a_trail_by_its_indexes() {
    let (_test, db) = seeded().await;
    let asked = Asked {
        db: &db,
        statements: Mutex::default(),
    };
    let health = Health::new().since(day(1, 1));
    let report = health.fetch_findings(&asked).await.unwrap();
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.code == "writes-without-context"),
        "{report:#?}"
    );
    let statements = asked.statements.into_inner().unwrap();
    let of_trail: Vec<_> = statements
        .iter()
        .filter(|statement| statement.sql.contains("FROM \"threadline\".audit_"))
        .collect();
    assert!(of_trail.len() >= 4, "{of_trail:#?}");
    for statement in of_trail {
        for mode in ["force_custom_plan", "auto"] {
            let plan = plan(&db, statement, mode).await;
            let allowed = plan.scanned.is_empty() && plan.read <= 30_050 && plan.sorted <= 10_050;
            assert!(allowed, "{mode} {plan:?}\n{}", statement.sql);
        }
    }
}
