use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde::Serialize;

use super::ContinuityError;
use crate::{codegen::TableName, evidence, schema};

/// How every audited table stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Continuity {
    /// The shape of the JSON form; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The audited tables, in the order of their names.
    pub tables: Vec<TableContinuity>,
}

/// Since when the trail knows a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableContinuity {
    /// The table.
    #[serde(flatten, serialize_with = "crate::json::table")]
    pub table: TableName,
    /// Whether changes are captured now.
    pub captured: bool,
    /// The oldest change that is there.
    pub first_change: Option<DateTime<Utc>>,
    /// Since when nothing was purged; `None` where nothing ever was.
    pub complete_since: Option<DateTime<Utc>>,
    /// The latest baseline that came to its end.
    pub baseline: Option<BaselineMark>,
    /// Since when `as_of` has an answer for every row. `None`: rows that were there before capture
    /// began have none before their first change; a baseline gives them one.
    pub every_row_since: Option<DateTime<Utc>>,
}

/// A baseline that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BaselineMark {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How many rows it looked at.
    pub rows: i64,
}

#[derive(FromQueryResult)]
struct Row {
    table_schema: String,
    table_name: String,
    captured: bool,
    first_change: Option<DateTime<Utc>>,
    complete_since: Option<DateTime<Utc>>,
    unreliable_before: Option<DateTime<Utc>>,
    baseline_at: Option<DateTime<Utc>>,
    baseline_rows: Option<i64>,
}

/// Asks of every audited table since when the trail knows it.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// for table in threadline::continuity::continuity(db).await?.tables {
///     println!("{}: every row since {:?}", table.table, table.every_row_since);
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database fails.
pub async fn continuity<C: ConnectionTrait>(db: &C) -> Result<Continuity, ContinuityError> {
    let sql = format!(
        "SELECT n.nspname::text AS table_schema, c.relname::text AS table_name, NOT EXISTS (SELECT FROM pg_catalog.pg_trigger o WHERE o.tgrelid = t.tgrelid AND o.tgfoid = t.tgfoid AND o.tgenabled NOT IN ('O', 'A')) AS captured,
            (SELECT a.captured_at FROM {schema}.audit_changes a WHERE a.table_name = c.relname::text AND a.table_schema = n.nspname::text ORDER BY a.captured_at, a.id LIMIT 1) AS first_change,
            h.complete_since, h.unreliable_before, e.recorded_at AS baseline_at, (e.provenance ->> 'rows')::bigint AS baseline_rows
           FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           LEFT JOIN LATERAL (SELECT o.complete_since, o.unreliable_before FROM {schema}.audit_horizons o WHERE (o.table_schema, o.table_name) IN ((n.nspname::text, c.relname::text), ('', '')) ORDER BY o.table_name DESC LIMIT 1) AS h ON true
           LEFT JOIN LATERAL (SELECT v.recorded_at, v.provenance FROM {schema}.audit_evidence v
             WHERE v.subject = $2 AND v.verdict = 'proven' AND v.provenance ->> 'writer' = 'threadline'
               AND v.reference = pg_catalog.format('\"%s\".\"%s\"', pg_catalog.replace(n.nspname, '\"', '\"\"'), pg_catalog.replace(c.relname, '\"', '\"\"')) ORDER BY v.id DESC LIMIT 1) AS e ON true
          WHERE t.tgname IN ('00_threadline_audit_capture', '00_threadline_audit_statement') AND p.pronamespace = (SELECT s.oid FROM pg_catalog.pg_namespace s WHERE s.nspname = $1) AND NOT c.relispartition
          ORDER BY n.nspname, c.relname",
        schema = schema::current().quoted()
    );
    let values = [schema::current().as_str().into(), evidence::BASELINE.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = Row::find_by_statement(statement).all(db).await?;
    let tables = rows.into_iter().map(|row| {
        let baseline = row.baseline_at.map(|at| BaselineMark {
            at,
            rows: row.baseline_rows.unwrap_or_default(),
        });
        // A purge that kept no last changes made quiet rows unknown again.
        let holds = |mark: &BaselineMark| row.unreliable_before.is_none_or(|lost| lost <= mark.at);
        let since = baseline.filter(holds).map(|mark| mark.at);
        Ok(TableContinuity {
            table: TableName::new(row.table_schema, row.table_name)?,
            captured: row.captured,
            first_change: row.first_change,
            complete_since: row.complete_since,
            baseline,
            every_row_since: since.map(|at| row.complete_since.map_or(at, |purged| at.max(purged))),
        })
    });
    Ok(Continuity {
        schema_version: 1,
        tables: tables.collect::<Result<_, ContinuityError>>()?,
    })
}
