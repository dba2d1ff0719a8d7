//! Reading the catalogue. Needs no privilege on any audited table.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use super::state::{Function, Leaf, Shape, State, TableState, Trigger};
use crate::{
    codegen::{self, IntrospectError, TableName, health::health_sql, rendered::setting},
    error::{Error, Result},
    policy::CapturePolicy,
    schema::SchemaName,
};

#[derive(FromQueryResult)]
struct TableRow {
    oid: i64,
    schema: String,
    table: String,
    of_extension: bool,
    inherits: bool,
    twice: bool,
}

#[derive(FromQueryResult)]
struct TriggerRow {
    schema: String,
    relation: String,
    name: String,
    kind: i32,
    enabled: String,
    conditional: bool,
    of_columns: bool,
    function_schema: String,
    function: String,
}

#[derive(FromQueryResult)]
struct LeafRow {
    root: i64,
    schema: String,
    relation: String,
}

#[derive(FromQueryResult)]
struct FunctionRow {
    name: String,
    language: String,
    security_definer: bool,
    settings: Vec<String>,
    is_trigger: bool,
    body: String,
    comment: Option<String>,
    signature: String,
}

/// Fails unless the audit schema is there and may be read.
pub(super) async fn probe<C: ConnectionTrait>(schema: &SchemaName, db: &C) -> Result<()> {
    let sql = format!(
        "SELECT FROM {0}.audit_changes, {0}.audit_transactions, {0}.audit_actions LIMIT 0",
        schema.quoted()
    );
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    Ok(())
}

/// The tables, their triggers and the functions of the audit schema.
pub(super) async fn state<C: ConnectionTrait>(schema: &SchemaName, db: &C) -> Result<State> {
    let tables: Vec<TableRow> = all("tables", schema, db).await?;
    let triggers: Vec<TriggerRow> = all("triggers", schema, db).await?;
    let leaves: Vec<LeafRow> = all("leaves", schema, db).await?;
    let functions: Vec<FunctionRow> = all("functions", schema, db).await?;
    let mut of_relation: BTreeMap<TableName, Vec<Trigger>> = BTreeMap::new();
    let mut of_root: BTreeMap<i64, Vec<TableName>> = BTreeMap::new();
    for row in leaves {
        let name = name(&row.schema, &row.relation)?;
        of_root.entry(row.root).or_default().push(name);
    }
    for row in triggers {
        let name = name(&row.schema, &row.relation)?;
        of_relation.entry(name).or_default().push(trigger(row));
    }
    let mut state = State {
        functions: functions.into_iter().map(function).collect(),
        ..State::default()
    };
    for row in tables {
        let name = name(&row.schema, &row.table)?;
        let leaves = of_root.remove(&row.oid).unwrap_or_default();
        let table = TableState {
            leaves: leaves
                .into_iter()
                .map(|name| Leaf {
                    triggers: of_relation.remove(&name).unwrap_or_default(),
                    name,
                })
                .collect(),
            triggers: of_relation.remove(&name).unwrap_or_default(),
            of_extension: row.of_extension,
            inherits: row.inherits,
            twice: row.twice,
            shape: None,
            name: name.clone(),
        };
        state.tables.insert(name, table);
    }
    Ok(state)
}

/// Learns columns and keys of the tables that are captured or declared.
pub(super) async fn shapes<C: ConnectionTrait>(
    schema: &SchemaName,
    state: &mut State,
    declared: &BTreeMap<&TableName, Option<&Vec<String>>>,
    db: &C,
) -> Result<()> {
    let captured: BTreeSet<_> = state
        .tables
        .values()
        .filter(|table| !table.triggers.is_empty())
        .map(|table| table.name.clone())
        .collect();
    for name in captured
        .into_iter()
        .chain(declared.keys().copied().cloned())
    {
        if state
            .tables
            .get(&name)
            .is_none_or(|table| table.shape.is_some())
        {
            continue;
        }
        // The key is looked for as the deployed policy names it, else as the declared one does.
        let deployed = super::function::deployed(state, &name);
        let primary_key = match &deployed {
            Some(spec) => spec.policy.primary_key.clone(),
            None => declared.get(&name).copied().flatten().cloned(),
        };
        let shape = shape(schema, &name, primary_key, db).await?;
        if let Some(table) = state.tables.get_mut(&name) {
            table.shape = Some(shape);
        }
    }
    Ok(())
}

async fn shape<C: ConnectionTrait>(
    schema: &SchemaName,
    table: &TableName,
    primary_key: Option<Vec<String>>,
    db: &C,
) -> Result<Shape> {
    let policy = CapturePolicy {
        primary_key,
        ..CapturePolicy::default()
    };
    match codegen::introspect(schema, table, policy, db).await {
        Ok(spec) => Ok(Shape::Known {
            columns: spec.columns,
            key: spec.key,
        }),
        Err(IntrospectError::Database { err, .. }) => Err(Error::from(err)),
        Err(err @ (IntrospectError::NoKey { .. } | IntrospectError::Key { .. })) => {
            Ok(Shape::NoKey {
                columns: column_names(schema, table, db).await?,
                reason: err.to_string(),
            })
        }
        Err(err) => Ok(Shape::Refused(chain(&err))),
    }
}

async fn column_names<C: ConnectionTrait>(
    schema: &SchemaName,
    table: &TableName,
    db: &C,
) -> Result<Vec<String>, DbErr> {
    let sql = health_sql("columns", schema);
    let values = [table.schema().into(), table.table().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// Why a declared table is not among the tables that could be audited.
pub(super) async fn absence<C: ConnectionTrait>(
    schema: &SchemaName,
    table: &TableName,
    db: &C,
) -> Result<String> {
    match codegen::introspect(schema, table, CapturePolicy::default(), db).await {
        Err(IntrospectError::Database { err, .. }) => Err(Error::from(err)),
        Err(err) => Ok(chain(&err)),
        // It was made a moment ago.
        Ok(_) => Ok(format!("table `{table}` was not there")),
    }
}

/// An error with its causes, in one line.
fn chain(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        text += &format!(": {err}");
        cause = err.source();
    }
    text
}

async fn all<T: FromQueryResult, C: ConnectionTrait>(
    query: &str,
    schema: &SchemaName,
    db: &C,
) -> Result<Vec<T>, DbErr> {
    let sql = health_sql(query, schema);
    let statement = Statement::from_string(db.get_database_backend(), sql);
    T::find_by_statement(statement).all(db).await
}

fn name(schema: &str, table: &str) -> Result<TableName, DbErr> {
    TableName::new(schema, table).map_err(|err| DbErr::Custom(err.to_string()))
}

fn trigger(row: TriggerRow) -> Trigger {
    Trigger {
        name: row.name,
        kind: row.kind,
        enabled: row.enabled.chars().next().unwrap_or('D'),
        conditional: row.conditional,
        of_columns: row.of_columns,
        function_schema: row.function_schema,
        function: row.function,
    }
}

fn function(row: FunctionRow) -> Function {
    let mut settings: Vec<_> = row.settings.iter().map(|text| setting(text)).collect();
    settings.sort_unstable();
    Function {
        name: row.name,
        signature: row.signature,
        language: row.language,
        security_definer: row.security_definer,
        settings,
        is_trigger: row.is_trigger,
        body: row.body,
        comment: row.comment,
    }
}
