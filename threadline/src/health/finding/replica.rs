use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Finding, Fix, Severity, collect::Subject};

#[derive(FromQueryResult)]
struct Row {
    subject: String,
}

/// Roles and databases whose settings make every session a replica: no trigger fires there.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let rows: Vec<Row> = subject.rows("replica_settings", [], db).await?;
    let findings = rows.into_iter().map(|row| {
        let message = format!(
            "{} has session_replication_role = replica: its writes are not captured",
            row.subject
        );
        let fix = Fix::Sql(format!(
            "ALTER {} RESET session_replication_role;",
            row.subject
        ));
        Finding::new("replica-setting", Severity::Critical, message, fix)
    });
    Ok(findings.collect())
}
