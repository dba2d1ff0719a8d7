//! A policy whose holds find what they hold.

use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde_json::{Map, Value, json};

use super::{Hold, RetentionError, RetentionPolicy};
use crate::{codegen::TableName, error::sqlstate, schema};

/// The policy as the database reads it, with every held row as the trail refers to it. Changes are
/// found by the exact key: one that is written a little differently would hold nothing.
///
/// Refuses a hold of a row of which there is no change.
pub(super) async fn resolved<C: ConnectionTrait>(
    policy: &RetentionPolicy,
    db: &C,
) -> Result<Value, RetentionError> {
    let mut json = policy.to_json();
    for (i, hold) in policy.holds().iter().enumerate() {
        if let Some((table, key)) = hold.held_row() {
            json["holds"][i]["row"] = row(hold, table, key, db).await?;
        }
    }
    Ok(json)
}

async fn row<C: ConnectionTrait>(
    hold: &Hold,
    table: &TableName,
    key: &Map<String, Value>,
    db: &C,
) -> Result<Value, RetentionError> {
    let nothing = |err| RetentionError::HoldsNothing {
        hold: hold.to_string(),
        err,
    };
    let given = json!({"schema": table.schema(), "table": table.table(), "key": key});
    if has_changes(&given, db).await? {
        return Ok(given);
    }
    if !is_readable(table, db).await? {
        return Err(nothing(None));
    }
    let typed = match typed(table, key, db).await {
        Ok(typed) => typed,
        // A value that is none of the column's type.
        Err(err) if sqlstate(&err).is_some_and(|state| state.starts_with("22")) => {
            return Err(nothing(Some(err)));
        }
        Err(err) => return Err(err.into()),
    };
    if has_changes(&typed, db).await? {
        Ok(typed)
    } else {
        Err(nothing(None))
    }
}

/// Whether the trail has a change of the row. In order, so that the first one is looked for and not all
/// of a month.
async fn has_changes<C: ConnectionTrait>(row: &Value, db: &C) -> Result<bool, DbErr> {
    let sql = format!(
        "SELECT count(*) > 0 AS found FROM (SELECT FROM {schema}.audit_changes c
            WHERE c.row_key = (SELECT {schema}.row_key($1::text::jsonb ->> 'schema', $1::text::jsonb ->> 'table', $1::text::jsonb -> 'key'))
              AND c.table_pk = $1::text::jsonb -> 'key' AND c.table_schema = $1::text::jsonb ->> 'schema' AND c.table_name = $1::text::jsonb ->> 'table'
            ORDER BY c.captured_at, c.id LIMIT 1) AS c",
        schema = schema::current().quoted()
    );
    let values = [row.to_string().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let found = db.query_one_raw(statement).await?;
    found.map_or(Ok(false), |found| found.try_get("", "found"))
}

/// Whether the table is there and may be named.
async fn is_readable<C: ConnectionTrait>(table: &TableName, db: &C) -> Result<bool, DbErr> {
    let sql = "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";
    let values = [table.schema().into(), table.table().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let found = db.query_one_raw(statement).await?;
    found.map_or(Ok(false), |found| found.try_get("", "may"))
}

/// The row under the name of its partition root, and with key values of their columns' types.
async fn typed<C: ConnectionTrait>(
    table: &TableName,
    key: &Map<String, Value>,
    db: &C,
) -> Result<Value, DbErr> {
    let sql = format!(
        "SELECT pg_catalog.jsonb_build_object('schema', r.table_schema, 'table', r.table_name, 'key', r.table_pk)::text AS row
           FROM {}.row_ref(NULL::{}, $1, $2::text::jsonb) AS r",
        schema::current().quoted(),
        table.quoted()
    );
    let values = [table.quoted().into(), json!(key).to_string().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a function gave no row".to_owned()))?;
    let row: String = row.try_get("", "row")?;
    serde_json::from_str(&row).map_err(|err| DbErr::Json(err.to_string()))
}
