use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Finding, Fix, Severity, collect::Subject};
use crate::codegen::{
    quote_ident,
    rendered::{ROW, RenderedTrigger, schema_triggers},
};

#[derive(FromQueryResult)]
struct Row {
    relation: String,
    name: String,
    kind: i32,
    enabled: String,
    conditional: bool,
    function: String,
}

#[derive(FromQueryResult)]
struct Partition {
    name: String,
}

/// The table whose partitions are protected as it is.
const PARTITIONED: &str = "audit_changes";

/// Triggers that keep the trail append-only, and that are missing, disabled or changed.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let rows: Vec<Row> = subject.rows("audit_triggers", [], db).await?;
    let partitions: Vec<Partition> = subject.rows("partitions", [], db).await?;
    let mut expected = schema_triggers(subject.schema);
    for partition in partitions {
        expected.extend(of_partition(subject, &partition.name, &expected));
    }
    let mut faults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for trigger in expected {
        let fault = fault(subject, &trigger, &rows);
        if let Some(sql) = fault {
            faults.entry(trigger.table).or_default().push(sql);
        }
    }
    let findings = faults.into_iter().map(|(table, sql)| {
        let message = format!(
            "`{table}` is not append-only: {} of its protecting triggers missing, disabled or changed",
            sql.len()
        );
        let fix = Fix::Sql(sql.join("\n"));
        Finding::new("append-only-missing", Severity::Critical, message, fix)
    });
    Ok(findings.collect())
}

/// What a partition needs: row triggers come from the root and keep their names, statement triggers
/// are its own. A trigger that is written out for the partition is not asked for twice.
fn of_partition(
    subject: &Subject<'_>,
    partition: &str,
    expected: &[RenderedTrigger],
) -> Vec<RenderedTrigger> {
    let of_root = expected
        .iter()
        .filter(|trigger| trigger.table == PARTITIONED);
    of_root
        .filter(|trigger| {
            !expected
                .iter()
                .any(|other| other.table == partition && other.name == trigger.name)
        })
        .map(|trigger| {
            let on = |table: &str| format!(" ON {}.{table} FOR", subject.schema.quoted());
            RenderedTrigger {
                table: partition.to_owned(),
                sql: trigger
                    .sql
                    .replace(&on(PARTITIONED), &on(&quote_ident(partition))),
                ..trigger.clone()
            }
        })
        .collect()
}

/// The statement that puts a trigger right, if it is not.
fn fault(subject: &Subject<'_>, expected: &RenderedTrigger, rows: &[Row]) -> Option<String> {
    let found = rows
        .iter()
        .find(|row| row.relation == expected.table && row.name == expected.name);
    let table = format!(
        "{}.{}",
        subject.schema.quoted(),
        quote_ident(&expected.table)
    );
    match found {
        Some(row)
            if row.kind == expected.kind
                && row.function == expected.function
                && !row.conditional =>
        {
            let enabled = matches!(row.enabled.as_str(), "O" | "A");
            (!enabled).then(|| {
                format!(
                    "ALTER TABLE {table} ENABLE TRIGGER {};",
                    quote_ident(&row.name)
                )
            })
        }
        // What is missing of a partition's row trigger is missing of the root's, which brings it back.
        None if expected.kind & ROW != 0 && is_partition(&expected.table) => None,
        _ => Some(expected.sql.clone()),
    }
}

fn is_partition(table: &str) -> bool {
    table != PARTITIONED && table.starts_with(PARTITIONED)
}
