use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Finding, Fix, Severity, capture::generate, collect::Subject};
use crate::codegen::TableName;

#[derive(FromQueryResult)]
struct Row {
    schema: String,
    table: String,
}

/// Captures with redaction that came from a dump: what a column was called before can't be told, so
/// that columns which come or are renamed now are masked with the secrets.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let rows: Vec<Row> = subject.rows("restored", [], db).await?;
    let mut findings = Vec::new();
    for row in rows {
        let table = TableName::new(row.schema, row.table);
        let table = table.map_err(|err| DbErr::Custom(err.to_string()))?;
        let message = format!(
            "table `{table}`: its triggers were made for another table, as after a restore from a dump; a column that is added or renamed is masked until they are generated again"
        );
        let fix = Fix::Command(generate(&table));
        findings
            .push(Finding::new("restored-capture", Severity::Warning, message, fix).about(&table));
    }
    Ok(findings)
}
