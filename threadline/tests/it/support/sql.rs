//! What a test says to the database as somebody who may be refused.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, IntrospectError, TableName, TableSpec},
};

use super::{TestDb, run};

/// Why the database refused: the SQLSTATE and the message.
#[track_caller]
pub fn reason(err: &DbErr) -> String {
    let (DbErr::Exec(RuntimeErr::SqlxError(err)) | DbErr::Query(RuntimeErr::SqlxError(err))) = err
    else {
        panic!("{err:?}");
    };
    let err = err.as_database_error().expect("the database refused");
    format!("{} {}", err.code().unwrap_or_default(), err.message())
}

/// Runs statements that must fail.
pub async fn refused(db: &impl ConnectionTrait, sql: &str) -> String {
    match db.execute_unprepared(sql).await {
        Ok(_) => panic!("not refused: {sql}"),
        Err(err) => reason(&err),
    }
}

/// Asserts that each statement is refused for want of a privilege.
pub async fn forbidden(db: &impl ConnectionTrait, statements: &[&str]) {
    for sql in statements {
        let reason = refused(db, sql).await;
        assert!(reason.starts_with("42501 "), "{sql}: {reason}");
    }
}

impl TestDb {
    /// A role of this test's own, which may log in. Roles belong to the whole server.
    pub async fn role(&self, options: &str) -> String {
        let role = format!("r_{}", uuid::Uuid::new_v4().simple());
        self.run(&format!("CREATE ROLE {role} LOGIN {options}"))
            .await;
        role
    }

    /// A role of this test's own and one connection of it.
    pub async fn login(&self, options: &str) -> (String, DatabaseConnection) {
        let role = self.role(options).await;
        let db = self.pool_as(&role, 1).await;
        (role, db)
    }

    /// The specification of a table under a policy.
    pub async fn spec(
        &self,
        table: &str,
        policy: CapturePolicy,
    ) -> Result<TableSpec, IntrospectError> {
        let name: TableName = table.parse().unwrap();
        codegen::introspect(&SchemaName::default(), &name, policy, &self.db).await
    }
}

/// Makes the capture of a table by another schema, or as another role.
pub async fn capture_in(schema: &SchemaName, table: &TableName, db: &DatabaseConnection) {
    let spec = codegen::introspect(schema, table, CapturePolicy::default(), db)
        .await
        .unwrap();
    run(db, &codegen::capture(schema, &spec, None).unwrap().up).await;
}

/// A list of column names.
pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
