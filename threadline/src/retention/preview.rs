use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{
    ConnectionTrait, FromQueryResult, Statement,
    sea_query::{Expr, Func},
};
use serde::{Deserialize, Serialize};

use super::{RetentionError, RetentionPolicy, run};
use crate::{codegen::TableName, schema, transaction::function};

/// What a purge would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PurgePreview {
    /// By table, in the order of their names. A table without old changes is not listed.
    pub tables: Vec<TablePreview>,
}

/// What a purge would do to one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TablePreview {
    /// The table.
    #[serde(flatten, serialize_with = "crate::json::table")]
    pub table: TableName,
    /// Changes before this instant are old.
    pub cutoff: DateTime<Utc>,
    /// How many old changes would go.
    pub may_go: u64,
    /// How many old changes would stay: held, or the last change of a live row.
    pub stay: u64,
}

impl PurgePreview {
    /// How many changes would go.
    pub fn may_go(&self) -> u64 {
        self.tables.iter().map(|table| table.may_go).sum()
    }

    /// How many old changes would stay.
    pub fn stay(&self) -> u64 {
        self.tables.iter().map(|table| table.stay).sum()
    }
}

/// What a policy means now.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rules {
    pub(super) cutoff: DateTime<Utc>,
    pub(super) tables: Vec<TableRule>,
    /// As the functions of the database take them.
    #[serde(skip)]
    pub(super) text: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TableRule {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) cutoff: DateTime<Utc>,
}

impl Rules {
    pub(super) async fn now<C: ConnectionTrait>(
        policy: &RetentionPolicy,
        db: &C,
    ) -> Result<Self, RetentionError> {
        let call = Func::cust(function("retention_rules"))
            .arg(run::jsonb(&policy.to_json()))
            .arg(Expr::cust("now()"));
        let text: String = run::scalar(Func::cust("text").arg(call), db).await?;
        let mut rules: Self =
            serde_json::from_str(&text).map_err(|err| sea_orm::DbErr::Json(err.to_string()))?;
        rules.text = text;
        Ok(rules)
    }

    /// The instant before which every table is past its time.
    pub(super) fn oldest_cutoff(&self) -> DateTime<Utc> {
        let tables = self.tables.iter().map(|table| table.cutoff);
        tables.fold(self.cutoff, Ord::min)
    }

    fn cutoff(&self, lane: usize) -> DateTime<Utc> {
        match lane.checked_sub(1) {
            Some(i) => self.tables[i].cutoff,
            None => self.cutoff,
        }
    }
}

#[derive(FromQueryResult)]
struct Counted {
    table_schema: String,
    table_name: String,
    may_go: i64,
    stay: i64,
    last_at: DateTime<Utc>,
    last_id: i64,
}

/// Walks what a run would walk, a bounded batch at a time.
pub(super) async fn count<C: ConnectionTrait>(
    policy: &RetentionPolicy,
    batch_size: u32,
    db: &C,
) -> Result<PurgePreview, RetentionError> {
    let rules = Rules::now(policy, db).await?;
    let sql = format!(
        "WITH e AS MATERIALIZED (SELECT * FROM {}.examine_changes($1::text::jsonb, $2::integer, $3::text::timestamptz, $4::bigint, 'infinity', $5::integer)),
              l AS (SELECT captured_at AS last_at, id AS last_id FROM e ORDER BY captured_at DESC, id DESC LIMIT 1)
         SELECT e.table_schema, e.table_name, count(*) FILTER (WHERE e.may_go) AS may_go, count(*) FILTER (WHERE NOT e.may_go) AS stay, l.last_at, l.last_id
           FROM e CROSS JOIN l GROUP BY e.table_schema, e.table_name, l.last_at, l.last_id",
        schema::current().quoted()
    );
    let mut tables: BTreeMap<TableName, TablePreview> = BTreeMap::new();
    for lane in 0..=rules.tables.len() {
        let mut after = ("-infinity".to_owned(), 0_i64);
        loop {
            let values = [
                rules.text.clone().into(),
                i64::try_from(lane).unwrap_or(i64::MAX).into(),
                after.0.clone().into(),
                after.1.into(),
                i64::from(batch_size).into(),
            ];
            let statement = Statement::from_sql_and_values(db.get_database_backend(), &sql, values);
            let counted = Counted::find_by_statement(statement).all(db).await?;
            let Some(last) = counted.last() else { break };
            after = (
                last.last_at.to_rfc3339_opts(SecondsFormat::Micros, true),
                last.last_id,
            );
            for counted in counted {
                let table = TableName::new(counted.table_schema, counted.table_name)
                    .map_err(super::InvalidRetentionPolicy::Table)?;
                let entry = tables.entry(table.clone()).or_insert(TablePreview {
                    table,
                    cutoff: rules.cutoff(lane),
                    may_go: 0,
                    stay: 0,
                });
                entry.may_go += counted.may_go.unsigned_abs();
                entry.stay += counted.stay.unsigned_abs();
            }
        }
    }
    Ok(PurgePreview {
        tables: tables.into_values().collect(),
    })
}
