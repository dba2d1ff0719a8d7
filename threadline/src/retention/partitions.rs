use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, FromQueryResult, Statement, TransactionTrait,
    sea_query::{Expr, ExprTrait, Func},
};
use serde::Serialize;

use super::{
    RetentionError, RetentionPolicy, RetentionRun, RunKind,
    preview::Rules,
    run::{self, RunLock, Stop},
};
use crate::{actor::ActorRef, codegen::TableName, schema, transaction::function};

/// The most months that are made ahead: fifty years.
pub const MAX_MONTHS_AHEAD: u32 = 600;

/// Prepares the care of the monthly partitions: those of the months to come are made, and those
/// that are past their time and hold nothing that has to stay are dropped, which takes
/// milliseconds where a purge takes minutes.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), threadline::retention::RetentionError> {
/// use threadline::retention::{RetentionPolicy, partitions};
///
/// let done = partitions(&RetentionPolicy::keep_days(400)?).months_ahead(6).run(db).await?;
/// println!("{} made, {} dropped", done.created, done.dropped.len());
/// # Ok(()) }
/// ```
pub fn partitions(policy: &RetentionPolicy) -> Partitions {
    Partitions {
        policy: policy.clone(),
        months_ahead: 12,
        actor: None,
        stop: None,
    }
}

/// The care of the partitions, to be looked at or done; see [`partitions`].
#[derive(Clone, Debug)]
#[must_use = "nothing is made or dropped before `run`"]
pub struct Partitions {
    policy: RetentionPolicy,
    months_ahead: u32,
    actor: Option<ActorRef>,
    stop: Stop,
}

/// A partition of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
#[non_exhaustive]
pub struct Partition {
    /// Its name in the audit schema.
    pub name: String,
    /// The first instant that belongs to it; `None` for the default partition.
    pub starts_at: Option<DateTime<Utc>>,
    /// The first instant that does not; `None` for the default partition.
    pub ends_at: Option<DateTime<Utc>>,
    /// How many changes it has, by the statistics.
    pub estimated_rows: i64,
    /// Its size with indexes, in bytes.
    pub bytes: i64,
}

/// A month that is past its time and stays nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeptPartition {
    /// The month.
    pub name: String,
    /// A table of which it holds a change that has to stay.
    #[serde(serialize_with = "crate::json::table")]
    pub because_of: TableName,
}

/// What the care of the partitions would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartitionPlan {
    /// The months that would be made.
    pub create: Vec<String>,
    /// The months that would be dropped, oldest first.
    pub drop: Vec<Partition>,
    /// The months that would stay although they are past their time.
    pub keep: Vec<KeptPartition>,
}

/// What the care of the partitions did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartitionRun {
    /// How many months were made.
    pub created: u32,
    /// The months that were dropped, oldest first.
    pub dropped: Vec<String>,
    /// The months that stayed although they are past their time. A purge takes what may go of them.
    pub kept: Vec<KeptPartition>,
    /// The record; `None` where no month was past its time.
    pub run: Option<RetentionRun>,
}

impl Partitions {
    /// Sets how many months after this one have their partitions, at most [`MAX_MONTHS_AHEAD`].
    /// Default: 12.
    pub fn months_ahead(mut self, months: u32) -> Self {
        self.months_ahead = Ord::min(months, MAX_MONTHS_AHEAD);
        self
    }

    /// Says who asked for it. Default: nobody; the record has the database role in any case.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        self.actor = Some(actor);
        self
    }

    pub(super) fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Says what would be made and dropped. Reading is enough for it.
    ///
    /// # Errors
    /// When the database fails or refuses the policy.
    pub async fn preview<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<PartitionPlan, RetentionError> {
        let rules = Rules::now(&self.policy, db).await?;
        let (all, past) = list(&rules, db).await?;
        let mut plan = PartitionPlan {
            create: self.missing(&all, db).await?,
            drop: Vec::new(),
            keep: Vec::new(),
        };
        for partition in past {
            match what_stays(&rules, &partition, db).await? {
                Some(because_of) => plan.keep.push(KeptPartition {
                    name: partition.name,
                    because_of,
                }),
                None => plan.drop.push(partition),
            }
        }
        Ok(plan)
    }

    /// Makes and drops. Needs two connections: one holds the lock of the run.
    ///
    /// # Errors
    /// [`RetentionError::Busy`] while another run goes on; [`RetentionError::Locked`] when a
    /// transaction that is open for long keeps a month from being dropped; otherwise when the
    /// database fails.
    pub async fn run<C>(&self, db: &C) -> Result<PartitionRun, RetentionError>
    where
        C: ConnectionTrait + TransactionTrait,
    {
        let lock = RunLock::take(db).await?;
        let done = self.work(db).await;
        lock.release().await;
        done
    }

    async fn work<C: ConnectionTrait>(&self, db: &C) -> Result<PartitionRun, RetentionError> {
        let months = Expr::val(i64::from(self.months_ahead)).cast_as("integer");
        let call = Func::cust(function("ensure_partitions")).arg(months);
        let created: i32 = run::scalar(call, db).await?;
        let mut done = PartitionRun {
            created: created.unsigned_abs(),
            dropped: Vec::new(),
            kept: Vec::new(),
            run: None,
        };
        let rules = Rules::now(&self.policy, db).await?;
        let (_, past) = list(&rules, db).await?;
        if past.is_empty() {
            return Ok(done);
        }
        let id = run::begin(RunKind::Partitions, &self.policy, self.actor.as_ref(), db).await?;
        match self.drop(id, &rules, past, &mut done, db).await {
            Ok(run) => {
                done.run = Some(run);
                Ok(done)
            }
            Err(err) => {
                run::fail(id, &err, db).await;
                Err(err)
            }
        }
    }

    async fn drop<C: ConnectionTrait>(
        &self,
        run: i64,
        rules: &Rules,
        past: Vec<Partition>,
        done: &mut PartitionRun,
        db: &C,
    ) -> Result<RetentionRun, RetentionError> {
        for partition in past {
            let call = Func::cust(function("drop_partition"))
                .arg(run)
                .arg(partition.name.as_str());
            if run::scalar(call, db).await? {
                done.dropped.push(partition.name);
            } else if let Some(because_of) = what_stays(rules, &partition, db).await? {
                done.kept.push(KeptPartition {
                    name: partition.name,
                    because_of,
                });
            }
        }
        let pause = Duration::from_millis(20);
        run::finish(run, super::DEFAULT_BATCH_SIZE, pause, &self.stop, db).await
    }

    /// The months that have no partition yet.
    async fn missing<C: ConnectionTrait>(
        &self,
        all: &[Partition],
        db: &C,
    ) -> Result<Vec<String>, RetentionError> {
        let sql = "SELECT to_char(m, '\"audit_changes_\"YYYY\"_\"MM') AS name
             FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'),
               date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1::integer), interval '1 month') AS m";
        let months = i64::from(self.months_ahead).into();
        let rows = db
            .query_all_raw(Statement::from_sql_and_values(
                db.get_database_backend(),
                sql,
                [months],
            ))
            .await?;
        let mut names = Vec::new();
        for row in rows {
            let name: String = row.try_get("", "name")?;
            if !all.iter().any(|partition| partition.name == name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// Every partition, and those that are past the cutoff of every table, oldest first.
async fn list<C: ConnectionTrait>(
    rules: &Rules,
    db: &C,
) -> Result<(Vec<Partition>, Vec<Partition>), RetentionError> {
    let all = trail_partitions(db).await?;
    let past = all
        .iter()
        .filter(|partition| {
            partition
                .ends_at
                .is_some_and(|end| end <= rules.oldest_cutoff())
        })
        .cloned()
        .collect();
    Ok((all, past))
}

/// Every partition, oldest first, the default one last.
/// The partitions of the trail, oldest first, the default one last.
///
/// # Errors
/// When the database fails.
pub async fn trail_partitions<C: ConnectionTrait>(
    db: &C,
) -> Result<Vec<Partition>, RetentionError> {
    let sql = format!(
        "SELECT * FROM {}.list_partitions()",
        schema::current().quoted()
    );
    let statement = Statement::from_string(db.get_database_backend(), sql);
    Ok(Partition::find_by_statement(statement).all(db).await?)
}

async fn what_stays<C: ConnectionTrait>(
    rules: &Rules,
    partition: &Partition,
    db: &C,
) -> Result<Option<TableName>, RetentionError> {
    let sql = format!(
        "SELECT s.table_schema, s.table_name FROM {schema}.list_partitions() AS p CROSS JOIN LATERAL {schema}.what_stays($1::text::jsonb, coalesce(p.starts_at, '-infinity'), p.ends_at) AS s WHERE p.name = $2",
        schema = schema::current().quoted()
    );
    let values = [rules.text.clone().into(), partition.name.clone().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let Some(row) = db.query_one_raw(statement).await? else {
        return Ok(None);
    };
    let (schema, table): (String, String) = (
        row.try_get("", "table_schema")?,
        row.try_get("", "table_name")?,
    );
    Ok(Some(
        TableName::new(schema, table).map_err(super::InvalidRetentionPolicy::Table)?,
    ))
}
