use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use super::{
    Finding, FindingsReport, append_only, capture, context, expected_gap, integrity, json_cast,
    orphan, owner, partition, privilege, replica, restored, retention, schema_function,
};
use crate::{
    codegen::health::health_sql,
    error::Result,
    health::{Health, TableDifferences, state::State},
    schema::SchemaName,
};

/// What every check may look at.
pub(crate) struct Subject<'a> {
    pub(crate) schema: &'a SchemaName,
    pub(crate) health: &'a Health,
    pub(crate) state: &'a State,
    /// The tables that are captured or declared, or that nobody said anything about.
    pub(crate) tables: &'a [TableDifferences],
}

/// Runs every check.
pub(crate) async fn collect<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<FindingsReport> {
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(capture::find(subject));
    findings.extend(restored::find(subject, db).await?);
    findings.extend(orphan::find(subject));
    findings.extend(schema_function::find(subject));
    findings.extend(expected_gap::find(subject));
    findings.extend(append_only::find(subject, db).await?);
    findings.extend(owner::find(subject, db).await?);
    findings.extend(privilege::find(subject, db).await?);
    findings.extend(replica::find(subject, db).await?);
    findings.extend(json_cast::find(subject, db).await?);
    findings.extend(partition::find(subject, db).await?);
    findings.extend(retention::find(subject, db).await?);
    findings.extend(integrity::find(subject, db).await?);
    findings.extend(context::find(subject, db).await?);
    Ok(FindingsReport::new(subject.schema.as_str(), findings))
}

impl Subject<'_> {
    /// The rows of a statement of `templates/sql/health`.
    pub(super) async fn rows<T: FromQueryResult, C: ConnectionTrait>(
        &self,
        query: &str,
        values: impl IntoIterator<Item = Value>,
        db: &C,
    ) -> Result<Vec<T>, DbErr> {
        rows(&health_sql(query, self.schema), values, db).await
    }
}

/// The rows of a statement.
pub(super) async fn rows<T: FromQueryResult, C: ConnectionTrait>(
    sql: &str,
    values: impl IntoIterator<Item = Value>,
    db: &C,
) -> Result<Vec<T>, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    T::find_by_statement(statement).all(db).await
}
