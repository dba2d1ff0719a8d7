//! What a plan reads, and by which indexes.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ConnectionTrait, Statement,
    sea_query::{PostgresQueryBuilder, QueryBuilder},
};
use serde_json::Value;

use crate::support::{rows, run};

/// What the database did for one statement.
#[derive(Debug, Default)]
pub struct Plan {
    /// The indexes, by the name they have on the partitioned table, of partitions that have rows.
    pub indexes: BTreeSet<String>,
    /// The tables that were read from end to end.
    pub scanned: BTreeSet<String>,
    /// The rows that scans of audit tables gave or threw away.
    pub read: i64,
    /// The most rows that were sorted.
    pub sorted: i64,
    /// What PostgreSQL believes that the dearest statement costs.
    pub cost: f64,
}

/// Runs the statement and reads its plan: one made for its values, or (`auto`) the one that
/// PostgreSQL has settled on after a connection repeated the statement.
pub async fn plan(db: &impl ConnectionTrait, statement: &Statement, mode: &str) -> Plan {
    let names = index_names(db).await;
    let values = statement
        .values
        .as_ref()
        .map_or(&[][..], |values| &values.0);
    let list = |parts: Vec<String>| match parts.join(", ") {
        parts if parts.is_empty() => parts,
        parts => format!("({parts})"),
    };
    let types = list(
        values
            .iter()
            .map(|value| sql_type(value).to_owned())
            .collect(),
    );
    let quote = |value: &sea_orm::Value| PostgresQueryBuilder.value_to_string(value);
    let arguments = list(values.iter().map(quote).collect());
    run(
        db,
        &format!(
            "SET plan_cache_mode = {mode}; PREPARE asked {types} AS {}",
            statement.sql
        ),
    )
    .await;
    if mode == "auto" {
        // From the sixth time on it may keep one plan for all values.
        for _ in 0..8 {
            run(db, &format!("EXECUTE asked{arguments}")).await;
        }
    }
    let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE asked{arguments}");
    let row = rows(db, &explain).await.pop().unwrap();
    run(db, "DEALLOCATE asked").await;
    let json: Value = row.try_get_by_index(0).unwrap();
    let mut plan = Plan::default();
    plan.visit(&json[0]["Plan"], &names);
    plan.cost = json[0]["Plan"]["Total Cost"].as_f64().unwrap();
    plan
}

/// The type under which the driver sends a value.
fn sql_type(value: &sea_orm::Value) -> &'static str {
    match value {
        sea_orm::Value::String(_) => "text",
        sea_orm::Value::BigInt(_) | sea_orm::Value::BigUnsigned(_) => "bigint",
        sea_orm::Value::Array(..) => "bigint[]",
        sea_orm::Value::Int(_) => "int",
        sea_orm::Value::ChronoDateTimeUtc(_) => "timestamptz",
        other => panic!("no query has {other:?}"),
    }
}

/// The partitioned index of each partition's index.
async fn index_names(db: &impl ConnectionTrait) -> BTreeMap<String, String> {
    let sql = "SELECT c.relname::text, p.relname::text FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent WHERE c.relkind = 'i'";
    let rows = rows(db, sql).await;
    let pair = |row: &sea_orm::QueryResult| {
        (
            row.try_get_by_index(0).unwrap(),
            row.try_get_by_index(1).unwrap(),
        )
    };
    rows.iter().map(pair).collect()
}

impl Plan {
    /// Takes in what another statement did.
    pub fn add(&mut self, other: Self) {
        self.indexes.extend(other.indexes);
        self.scanned.extend(other.scanned);
        self.read += other.read;
        self.sorted = self.sorted.max(other.sorted);
    }

    fn visit(&mut self, node: &Value, names: &BTreeMap<String, String>) {
        let text = |field: &str| node[field].as_str().unwrap_or_default();
        // PostgreSQL 18 gives fractions of rows where a node ran more than once.
        let number = |field: &str| node[field].as_f64().unwrap_or_default();
        let loops = number("Actual Loops");
        let given = number("Actual Rows") * loops;
        let removed =
            (number("Rows Removed by Filter") + number("Rows Removed by Index Recheck")) * loops;
        let kind = text("Node Type");
        let relation = text("Relation Name");
        if kind == "Seq Scan" && relation.starts_with("audit_") && given + removed > 0.0 {
            self.scanned.insert(relation.to_owned());
        }
        if relation.starts_with("audit_") {
            self.read += (given + removed) as i64;
        }
        if kind == "Bitmap Index Scan" {
            self.read += given as i64;
        }
        let index = text("Index Name");
        if !index.is_empty() && given + removed > 0.0 && index.starts_with("audit_") {
            self.indexes
                .insert(names.get(index).map_or(index, String::as_str).to_owned());
        }
        if kind.ends_with("Sort") {
            let input = &node["Plans"][0];
            let rows = input["Actual Rows"].as_f64().unwrap_or_default();
            self.sorted = self.sorted.max(rows as i64);
        }
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.visit(child, names);
        }
    }
}
