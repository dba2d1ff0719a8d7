use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Finding, Fix, Severity, collect::Subject};

#[derive(FromQueryResult)]
struct Row {
    r#type: String,
    function: String,
    owner: String,
    tables: Vec<String>,
}

/// Casts to `json` that somebody made for a type of an audited table: PostgreSQL runs them inside
/// the capture, with the rights of the capture role.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let rows: Vec<Row> = subject.rows("json_casts", [], db).await?;
    let findings = rows.into_iter().map(|row| {
        let message = format!(
            "the cast of {} to json runs {}, a function of `{}`, inside the capture of {}: it may read the trail and add to it",
            row.r#type,
            row.function,
            row.owner,
            row.tables.join(", ")
        );
        let fix = Fix::Sql(format!("DROP CAST ({} AS pg_catalog.json);", row.r#type));
        Finding::new("json-cast", Severity::Warning, message, fix)
    });
    Ok(findings.collect())
}
