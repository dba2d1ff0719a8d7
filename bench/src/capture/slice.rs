//! One measurement of one scenario on one variant, in a database of its own.

use futures_util::future::try_join_all;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{
    bulk::Bulk,
    scenario::Scenario,
    variant::Variant,
    work::{self, Attribution},
};
use crate::{
    cluster::Cluster,
    error::{Error, Result},
    measure::{Reading, Stopwatch},
};

const DATABASE: &str = "bench_slice";

/// What a connection does before it is measured: functions are compiled, statements prepared, plans cached. PostgreSQL
/// chooses between plans at the sixth execution.
const WARM_UP: i64 = 8;

/// The rows that the warm-up of all connections writes to.
const fn warm_up(scenario: &Scenario) -> i64 {
    if scenario.name.is_bulk() {
        0
    } else {
        WARM_UP * scenario.name.writers()
    }
}

/// How many rows a template needs for a scenario that does not insert.
pub(crate) const fn rows_needed(scenario: &Scenario) -> i64 {
    let name = scenario.name;
    if name.inserts() {
        0
    } else if name.is_bulk() {
        scenario.count
    } else {
        warm_up(scenario) + scenario.count
    }
}

/// What one measurement found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    pub(crate) reading: Reading,
    pub(crate) growth: Bytes,
}

/// Sizes of what belongs to users in a database, and the position in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) heap: i64,
    pub(crate) index: i64,
    pub(crate) wal: i64,
}

impl Bytes {
    const SQL: &'static str = "
SELECT sum(pg_table_size(c.oid))::bigint AS heap, sum(pg_indexes_size(c.oid))::bigint AS index,
       (pg_current_wal_insert_lsn() - '0/0')::bigint AS wal
  FROM pg_class c WHERE c.relkind = 'r' AND c.oid >= 16384";

    async fn read(connection: &mut PgConnection) -> Result<Self> {
        let (heap, index, wal) = sqlx::query_as(Self::SQL).fetch_one(connection).await?;
        Ok(Self { heap, index, wal })
    }

    fn since(self, before: Self) -> Self {
        Self {
            heap: self.heap - before.heap,
            index: self.index - before.index,
            wal: self.wal - before.wal,
        }
    }
}

/// Measures.
pub(crate) async fn measure(
    scenario: &Scenario,
    variant: &Variant,
    template: &str,
    cluster: &Cluster,
) -> Result<Slice> {
    cluster.copy(template, DATABASE).await?;
    let slice = measure_here(scenario, variant, cluster).await;
    let dropped = cluster.drop(DATABASE).await;
    let slice = slice?;
    dropped?;
    Ok(slice)
}

async fn measure_here(scenario: &Scenario, variant: &Variant, cluster: &Cluster) -> Result<Slice> {
    let attribution = match variant {
        Variant::Threadline | Variant::ByStatement => Attribution::Context,
        Variant::Plain | Variant::File { .. } => Attribution::None,
    };
    let mut observer = cluster.connect(DATABASE).await?;
    let mut writers = Vec::new();
    let mut backends = Vec::new();
    for _ in 0..scenario.name.writers() {
        let mut writer = cluster.connect(DATABASE).await?;
        let sync = format!("SET synchronous_commit = {}", scenario.sync.as_str());
        writer.execute(AssertSqlSafe(sync)).await?;
        backends.push(
            sqlx::query_scalar("SELECT pg_backend_pid()")
                .fetch_one(&mut writer)
                .await?,
        );
        writers.push(writer);
    }
    let bulk = Bulk::new(scenario.name, &mut observer).await?;
    let warm = warm_up(scenario);
    write_all(scenario, 0..warm, attribution, &mut writers).await?;

    observer.execute("CHECKPOINT").await?;
    let before = Bytes::read(&mut observer).await?;
    let watch = Stopwatch::start(backends);
    match (bulk, writers.first_mut()) {
        (Some(bulk), Some(writer)) => bulk.run(scenario.count, writer).await?,
        _ => {
            let keys = warm..warm + scenario.count;
            write_all(scenario, keys, attribution, &mut writers).await?;
        }
    }
    let reading = watch.stop();
    let growth = Bytes::read(&mut observer).await?.since(before);

    if matches!(variant, Variant::Threadline | Variant::ByStatement) {
        let expected = (warm + scenario.count) * scenario.name.changes();
        check_trail(expected, &mut observer).await?;
    }
    for writer in writers {
        writer.close().await?;
    }
    observer.close().await?;
    Ok(Slice { reading, growth })
}

/// Writes to the rows of the keys, each connection to its share. Keys begin at 1.
async fn write_all(
    scenario: &Scenario,
    keys: std::ops::Range<i64>,
    attribution: Attribution,
    writers: &mut [PgConnection],
) -> Result<()> {
    let step = writers.len();
    let shares = writers.iter_mut().enumerate().map(|(n, writer)| {
        let keys = keys.clone().skip(n).step_by(step);
        async move {
            for key in keys {
                work::write(scenario.name, key + 1, attribution, writer).await?;
            }
            Ok::<_, Error>(())
        }
    });
    try_join_all(shares).await?;
    Ok(())
}

/// A trail that misses changes would be cheap.
async fn check_trail(expected: i64, connection: &mut PgConnection) -> Result<()> {
    let count = "SELECT count(*) FROM threadline.audit_changes";
    let found: i64 = sqlx::query_scalar(count).fetch_one(connection).await?;
    if found == expected {
        Ok(())
    } else {
        Err(Error::Captured { expected, found })
    }
}
