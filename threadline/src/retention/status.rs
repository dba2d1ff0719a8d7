use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, QuerySelect, Statement};
use serde::Serialize;

use super::{
    Partition, RetentionError, RetentionPolicy, RetentionRun, complete_since, overdue,
    preview::Rules, trail_partitions,
};
use crate::{codegen::TableName, entity::audit_retention_run, schema};

/// How many runs a status shows.
const RUNS: u64 = 10;

/// How many changes of tables of one name are looked through for the oldest one of a lane.
const LOOKED_THROUGH: u32 = 1_000;

/// A purge that is this late is overdue, in days.
const GRACE_DAYS: i64 = 7;

/// How retention stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetentionStatus {
    /// The shape of the JSON form; grows when a field changes its meaning.
    pub schema_version: u32,
    /// Tables without a class together, then each table that has one.
    pub lanes: Vec<LaneStatus>,
    /// Whether the last change of a live row of a table without a class stays.
    pub keep_last: bool,
    /// What is held, in words.
    pub holds: Vec<String>,
    /// The partitions of the trail, oldest first, the default one last.
    pub partitions: Vec<Partition>,
    /// The latest runs, newest first.
    pub runs: Vec<RetentionRun>,
}

/// How retention stands for one table, or for all that are in no class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LaneStatus {
    /// The class; `None` for the tables that are in none.
    pub class: Option<String>,
    /// The table; `None` for the tables that are in no class.
    #[serde(flatten, serialize_with = "crate::json::optional_table")]
    pub table: Option<TableName>,
    /// How long changes are kept, in days.
    pub keep_days: u32,
    /// Whether the last change of a live row stays.
    pub keep_last: bool,
    /// Changes before this instant are old.
    pub cutoff: DateTime<Utc>,
    /// Since when nothing was purged; `None` where nothing ever was.
    pub complete_since: Option<DateTime<Utc>>,
    /// The oldest change that is there. Tables of several schemas that share a name are told apart among
    /// the first thousand changes of that name; `None` where it is not one of them, and then a purge
    /// is not seen to be overdue.
    pub oldest_change: Option<DateTime<Utc>>,
    /// For how many days a purge has been overdue; see [`overdue`].
    pub overdue_days: Option<i64>,
}

/// Asks how retention stands: cutoffs, horizons, partitions, the latest runs. Deletes nothing.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), threadline::retention::RetentionError> {
/// use threadline::retention::{RetentionPolicy, status};
///
/// for lane in status(&RetentionPolicy::keep_days(400)?, db).await?.lanes {
///     println!("{:?}: everything since {:?}", lane.table, lane.complete_since);
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database fails or refuses the policy.
pub async fn status<C: ConnectionTrait>(
    policy: &RetentionPolicy,
    db: &C,
) -> Result<RetentionStatus, RetentionError> {
    Ok(RetentionStatus {
        schema_version: 1,
        lanes: lanes(policy, db).await?,
        keep_last: policy.keeps_last(),
        holds: policy.holds().iter().map(ToString::to_string).collect(),
        partitions: trail_partitions(db).await?,
        runs: audit_retention_run::Entity::find()
            .order_by_desc(audit_retention_run::Column::Id)
            .limit(RUNS)
            .all(db)
            .await?,
    })
}

/// How retention stands for each lane.
pub(crate) async fn lanes<C: ConnectionTrait>(
    policy: &RetentionPolicy,
    db: &C,
) -> Result<Vec<LaneStatus>, RetentionError> {
    let rules = Rules::now(&policy.to_json(), db).await?;
    // No table has an empty name: this one's horizon is that of all tables without their own.
    let mut lanes = vec![LaneStatus {
        class: None,
        table: None,
        keep_days: policy.default_days(),
        keep_last: policy.keeps_last(),
        cutoff: rules.cutoff,
        complete_since: None,
        oldest_change: None,
        overdue_days: None,
    }];
    for rule in &rules.tables {
        let table = TableName::new(&rule.schema, &rule.table)
            .map_err(super::InvalidRetentionPolicy::Table)?;
        let class = policy
            .classes()
            .iter()
            .find(|(_, class)| class.tables.contains(&table));
        lanes.push(LaneStatus {
            class: class.map(|(name, _)| name.clone()),
            keep_days: policy.days_of(&table),
            keep_last: policy.keeps_last_of(&table),
            table: Some(table),
            cutoff: rule.cutoff,
            ..lanes[0].clone()
        });
    }
    for (i, lane) in lanes.iter_mut().enumerate() {
        lane.oldest_change = oldest(&rules, i, db).await?;
        lane.complete_since = match &lane.table {
            Some(table) => complete_since(table, db).await?,
            None => default_horizon(db).await?,
        };
        let late = overdue(
            lane.cutoff,
            lane.complete_since,
            lane.oldest_change,
            TimeDelta::days(GRACE_DAYS),
        );
        lane.overdue_days = late.map(|late| late.num_days());
    }
    Ok(lanes)
}

async fn default_horizon<C: ConnectionTrait>(
    db: &C,
) -> Result<Option<DateTime<Utc>>, RetentionError> {
    let row = crate::entity::audit_horizon::Entity::find_by_id((String::new(), String::new()))
        .one(db)
        .await?;
    Ok(row.map(|row| row.complete_since))
}

/// The oldest change of a lane: from name to name, since what is in classes may be most of the trail,
/// and of each among its first changes. Tables of several schemas may share a name.
///
/// The order begins with the name, which is a range of one, so that the index of names has it.
async fn oldest<C: ConnectionTrait>(
    rules: &Rules,
    lane: usize,
    db: &C,
) -> Result<Option<DateTime<Utc>>, RetentionError> {
    let changes = format!("{}.audit_changes", schema::current().quoted());
    let of_name = format!(
        "(SELECT c.table_name, c.captured_at, c.id, c.table_schema FROM {changes} c WHERE c.table_name >= n.name AND c.table_name <= n.name
           ORDER BY c.table_name, c.captured_at, c.id LIMIT (SELECT {LOOKED_THROUGH})) AS c"
    );
    let backend = db.get_database_backend();
    let statement = match lane.checked_sub(1).map(|i| &rules.tables[i]) {
        Some(rule) => Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT c.captured_at FROM (SELECT $1::text AS name OFFSET 0) AS n CROSS JOIN LATERAL {of_name}
                  WHERE c.table_schema = $2 ORDER BY c.table_name, c.captured_at, c.id LIMIT 1"
            ),
            [rule.table.clone().into(), rule.schema.clone().into()],
        ),
        None => Statement::from_sql_and_values(
            backend,
            format!(
                "WITH RECURSIVE names(name) AS (
                   (SELECT table_name FROM {changes} ORDER BY table_name LIMIT 1)
                   UNION ALL SELECT (SELECT c.table_name FROM {changes} c WHERE c.table_name > n.name ORDER BY c.table_name LIMIT 1) FROM names n WHERE n.name IS NOT NULL)
                 SELECT o.captured_at FROM names n CROSS JOIN LATERAL
                   (SELECT c.captured_at FROM {of_name}
                     WHERE NOT EXISTS (SELECT FROM jsonb_array_elements($1::text::jsonb -> 'tables') AS x
                         WHERE x.value ->> 'table' = n.name AND x.value ->> 'schema' = c.table_schema)
                     ORDER BY c.table_name, c.captured_at, c.id LIMIT 1) AS o
                  WHERE n.name IS NOT NULL ORDER BY o.captured_at LIMIT 1"
            ),
            [rules.text.clone().into()],
        ),
    };
    let row = db.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "captured_at")).transpose()?)
}
