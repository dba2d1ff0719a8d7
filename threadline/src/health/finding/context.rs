use minijinja::context;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{
    Finding, Fix, Severity,
    collect::{Subject, rows},
};
use crate::{
    codegen::{TableName, health::health_sql_with},
    health::LATELY_DAYS,
};

/// How many of the newest changes and transactions are looked at.
const SAMPLE: i64 = 10_000;

#[derive(FromQueryResult)]
struct WithoutContext {
    schema: String,
    table: String,
    changes: i64,
}

#[derive(FromQueryResult)]
struct Malformed {
    error: String,
    transactions: i64,
}

/// Writes that were captured lately without an actor, and contexts that could not be read.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let sql = |query| health_sql_with(query, subject.schema, context! { days => LATELY_DAYS });
    let values = || [subject.health.since.into(), SAMPLE.into()];
    let mut findings = Vec::new();
    let found: Vec<WithoutContext> = rows(&sql("without_context"), values(), db).await?;
    for row in found {
        let table =
            TableName::new(row.schema, row.table).map_err(|err| DbErr::Custom(err.to_string()))?;
        let message = format!(
            "table `{table}`: {} of the last {SAMPLE} changes have no actor",
            row.changes
        );
        let fix = Fix::Edit(format!(
            "write to `{table}` through `audited_transaction` or `audited_for`; `context = \"require\"` in its policy refuses what does not"
        ));
        findings.push(
            Finding::new("writes-without-context", Severity::Warning, message, fix).about(&table),
        );
    }
    let found: Vec<Malformed> = rows(&sql("malformed_context"), values(), db).await?;
    if !found.is_empty() {
        let errors: Vec<_> = found
            .iter()
            .map(|row| format!("{} ({})", row.error, row.transactions))
            .collect();
        let message = format!(
            "contexts among the last {SAMPLE} transactions were malformed: {}",
            errors.join("; ")
        );
        let fix = Fix::Edit(
            "set the context with `audited_transaction`, or call the function `set_context`, which refuses a malformed one, instead of setting `threadline.context`"
                .to_owned(),
        );
        findings.push(Finding::new(
            "malformed-context",
            Severity::Warning,
            message,
            fix,
        ));
    }
    Ok(findings)
}
