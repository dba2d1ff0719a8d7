use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Finding, Fix, Severity, collect::Subject};
use crate::codegen::health::health_sql;

/// How many changes are looked at from either end, and how many actions.
const SAMPLE: i64 = 5_000;

#[derive(FromQueryResult)]
struct Row {
    relation: String,
    missing: i64,
}

/// Changes and actions whose transaction is not there. There is no foreign key, because it would
/// cost on every change; only the newest and the oldest rows are looked at.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let rows: Vec<Row> = subject.rows("integrity", [SAMPLE.into()], db).await?;
    let findings = rows.into_iter().filter(|row| row.missing > 0).map(|row| {
        let message = format!(
            "{} of the newest and oldest rows of `{}` name a transaction that is not there; restore the rows of `audit_transactions` from a backup, or mark them as lost",
            row.missing, row.relation
        );
        let fix = Fix::Sql(health_sql("mark_lost", subject.schema));
        Finding::new("broken-integrity", Severity::Critical, message, fix)
    });
    Ok(findings.collect())
}
