use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde::Serialize;

use super::{
    ContinuityError, captured,
    chunk::{Step, Walk},
};
use crate::{
    actor::ActorRef,
    codegen::TableName,
    context::AuditContext,
    entity::audit_transaction,
    error::Error,
    evidence::{self, AuditEvidence, Verdict, record_evidence},
};

/// The `source` of the transactions that a baseline makes.
pub const BASELINE_SOURCE: &str = "threadline.baseline";

/// How often a baseline comes back to rows that others have locked, and how long it waits before.
const PASSES: u32 = 10;
const WAIT: Duration = Duration::from_millis(200);

/// Prepares a baseline: the present state of those rows of an audited table that the trail does not
/// know yet.
///
/// Such a row gets one change, an `update` that changed no field, in a transaction whose source is
/// [`BASELINE_SOURCE`]: it says that the row was there, not that it was inserted. Masks and
/// exclusions of the table's policy apply.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::continuity::baseline;
///
/// let done = baseline("posts".parse()?).run(db).await?;
/// println!("{} rows have a history from now on", done.captured);
/// # Ok(()) }
/// ```
pub fn baseline(table: TableName) -> Baseline {
    Baseline {
        table,
        chunk_size: 1_000,
        pause: Duration::ZERO,
        actor: ActorRef::system("threadline").expect("a constant that is an actor"),
    }
}

/// A baseline to be looked at or taken; see [`baseline`].
#[derive(Clone, Debug)]
#[must_use = "nothing is captured before `run`"]
pub struct Baseline {
    table: TableName,
    chunk_size: u32,
    pause: Duration,
    actor: ActorRef,
}

/// What a baseline would capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BaselinePreview {
    /// The table.
    #[serde(flatten, serialize_with = "crate::json::table")]
    pub table: TableName,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them the trail does not know.
    pub missing: u64,
}

/// How far a baseline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BaselineProgress {
    /// How many rows were looked at.
    pub rows: u64,
    /// How many rows the table has, by the statistics of the database.
    pub estimated_rows: u64,
    /// How many rows were captured.
    pub captured: u64,
}

/// What a baseline did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BaselineRun {
    /// The table.
    #[serde(flatten, serialize_with = "crate::json::table")]
    pub table: TableName,
    /// How many rows were looked at.
    pub rows: u64,
    /// How many were captured.
    pub captured: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The evidence that it left.
    pub evidence: AuditEvidence,
}

impl Baseline {
    /// Sets how many rows one transaction looks at, from 1 to 100,000; another number is moved into
    /// that range. Default: 1,000.
    pub fn chunk_size(mut self, rows: u32) -> Self {
        self.chunk_size = rows.clamp(1, 100_000);
        self
    }

    /// Sets how long to wait between two chunks. Default: not at all.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Says who takes it. Default: `system:threadline`.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        self.actor = actor;
        self
    }

    /// Counts the rows that would be captured. Captures nothing.
    ///
    /// # Errors
    /// When the table is not captured, or not as it was when its capture was generated; otherwise
    /// when the database fails.
    pub async fn preview<C>(&self, db: &C) -> Result<BaselinePreview, ContinuityError>
    where
        C: ConnectionTrait + TransactionTrait,
    {
        let mut preview = BaselinePreview {
            table: self.table.clone(),
            rows: 0,
            missing: 0,
        };
        for mut walk in self.walks(db).await? {
            loop {
                let step = walk.look(self.chunk_size, db).await?;
                preview.rows += step.rows;
                preview.missing += step.missing;
                if step.rows < self.chunk_size.into() {
                    break;
                }
            }
        }
        Ok(preview)
    }

    /// Captures the rows, chunk by chunk in the order of their keys, while the application goes on.
    ///
    /// A chunk is a short transaction. Rows are locked against being changed for as long as it
    /// takes; a row that somebody else has locked is left for later. Stopping or killing it leaves
    /// whole chunks; the next run captures the rest.
    ///
    /// # Errors
    /// As for [`preview`](Self::preview); [`ContinuityError::StillLocked`] when rows were locked all
    /// the time.
    pub async fn run<C>(&self, db: &C) -> Result<BaselineRun, ContinuityError>
    where
        C: ConnectionTrait + TransactionTrait,
    {
        self.run_with(|_| (), db).await
    }

    /// As [`run`](Self::run), and says after every chunk how far it is.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn run_with<C>(
        &self,
        mut progress: impl FnMut(BaselineProgress),
        db: &C,
    ) -> Result<BaselineRun, ContinuityError>
    where
        C: ConnectionTrait + TransactionTrait,
    {
        let begun = Instant::now();
        let context = AuditContext::for_actor(self.actor.clone()).source(BASELINE_SOURCE);
        let context = context.to_json().map_err(Error::from)?;
        let mut so_far = BaselineProgress {
            rows: 0,
            estimated_rows: 0,
            captured: 0,
        };
        let mut walks = self.walks(db).await?;
        for walk in &walks {
            so_far.estimated_rows += walk.leaf.estimated_rows.unsigned_abs();
        }
        let rows = self
            .pass(&mut walks, &context, &mut so_far, &mut progress, db)
            .await?;
        let mut skipped = rows.skipped;
        for _ in 1..PASSES {
            if skipped == 0 {
                break;
            }
            tokio::time::sleep(WAIT).await;
            let mut again = self.walks(db).await?;
            skipped = self
                .pass(&mut again, &context, &mut so_far, &mut progress, db)
                .await?
                .skipped;
        }
        if skipped > 0 {
            return Err(ContinuityError::StillLocked {
                table: self.table.clone(),
                rows: skipped,
            });
        }
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let evidence = record_evidence(evidence::BASELINE, self.table.quoted())
            .verdict(Verdict::Proven)
            .provenance("writer", "threadline")
            .provenance("rows", rows.rows)
            .provenance("captured", so_far.captured)
            .provenance("duration_ms", duration_ms)
            .insert(db)
            .await?;
        Ok(BaselineRun {
            table: self.table.clone(),
            rows: rows.rows,
            captured: so_far.captured,
            duration_ms,
            evidence,
        })
    }

    async fn walks<C>(&self, db: &C) -> Result<Vec<Walk>, ContinuityError>
    where
        C: ConnectionTrait + TransactionTrait,
    {
        captured::deployed(&self.table, db).await?;
        let leaves = captured::leaves(&self.table, db).await?;
        let walks = leaves.into_iter().map(|leaf| Walk {
            table: self.table.clone(),
            leaf,
            after: None,
        });
        Ok(walks.collect())
    }

    /// Goes once through every row.
    async fn pass<C: TransactionTrait>(
        &self,
        walks: &mut [Walk],
        context: &str,
        so_far: &mut BaselineProgress,
        progress: &mut impl FnMut(BaselineProgress),
        db: &C,
    ) -> Result<Step, ContinuityError> {
        let mut sum = Step::default();
        for walk in walks {
            loop {
                let step = walk.capture(self.chunk_size, context, db).await?;
                sum.rows += step.rows;
                sum.skipped += step.skipped;
                so_far.rows = so_far.rows.max(sum.rows);
                so_far.captured += step.captured;
                progress(*so_far);
                if step.rows < self.chunk_size.into() {
                    break;
                }
                tokio::time::sleep(self.pause).await;
            }
        }
        Ok(sum)
    }
}

impl audit_transaction::Model {
    /// Whether a baseline made it: its changes say that rows were there, not that they changed.
    pub fn is_baseline(&self) -> bool {
        self.source.as_deref() == Some(BASELINE_SOURCE)
    }
}
