//! The page of retention. Pure.

use chrono::{DateTime, Utc};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use threadline::{
    Page as TrailPage,
    retention::{LaneStatus, Partition, RetentionPolicy, RetentionRun, RunKind, RunStatus},
};

use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
    text::size,
    trail::{ActorName, instant_view},
};

/// How many tables of the policy the page lists; the JSON has all of them.
const LANES: usize = 200;

/// How long changes are kept, what the trail weighs, and what was purged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RetentionPage {
    /// The policy, if the host gave one.
    policy: Option<Kept>,
    /// The partitions of the trail, oldest first, the default one last.
    partitions: Vec<Partition>,
    /// Past runs, newest first.
    runs: Vec<Run>,
    /// Whether these are the newest runs.
    first: bool,
    /// The parameter `after` of the page with older runs.
    older: Option<String>,
}

/// What is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Kept {
    /// Tables without a class together, then each table that has one.
    lanes: Vec<LaneStatus>,
    /// Whether the last change of a live row of a table without a class stays.
    keep_last: bool,
    /// How many things are held, whatever their age.
    holds: Holds,
}

/// How many things are held, by what they are found by. What they are is for the host's configuration alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Holds {
    rows: usize,
    actors: usize,
    correlations: usize,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    id: i64,
    kind: RunKind,
    status: RunStatus,
    /// The database role of the session that began it.
    run_by: String,
    /// Who asked for it; not for operators who see a part of the trail.
    actor: Option<ActorName>,
    /// No change from this instant on was deleted.
    newest_cutoff: DateTime<Utc>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// How long it took, or has taken so far.
    duration_ms: i64,
    examined: i64,
    deleted_changes: i64,
    deleted_transactions: i64,
    deleted_actions: i64,
    dropped_partitions: i64,
    /// Why it failed.
    error: Option<String>,
}

impl Kept {
    pub(crate) fn new(policy: &RetentionPolicy, lanes: Vec<LaneStatus>) -> Self {
        let held = |kind| {
            policy
                .holds()
                .iter()
                .filter(|hold| hold.kind() == kind)
                .count()
        };
        Self {
            lanes,
            keep_last: policy.keeps_last(),
            holds: Holds {
                rows: held("row"),
                actors: held("actor"),
                correlations: held("correlation_id"),
            },
        }
    }
}

impl RetentionPage {
    pub(crate) fn new(
        policy: Option<Kept>,
        partitions: Vec<Partition>,
        runs: TrailPage<RetentionRun>,
        first: bool,
        scoped: bool,
    ) -> Self {
        Self {
            policy,
            partitions,
            runs: runs
                .entries
                .into_iter()
                .map(|run| Run::new(run, scoped))
                .collect(),
            first,
            older: runs.next.map(|token| token.to_string()),
        }
    }
}

impl Run {
    fn new(run: RetentionRun, scoped: bool) -> Self {
        let actor = ActorName::of(run.actor_type.as_deref(), run.actor_id.as_deref());
        Self {
            duration_ms: run.duration_ms(),
            actor: actor.filter(|_| !scoped),
            id: run.id,
            kind: run.kind,
            status: run.status,
            run_by: run.run_by,
            newest_cutoff: run.newest_cutoff,
            started_at: run.started_at,
            finished_at: run.finished_at,
            examined: run.examined,
            deleted_changes: run.deleted_changes,
            deleted_transactions: run.deleted_transactions,
            deleted_actions: run.deleted_actions,
            dropped_partitions: run.dropped_partitions,
            error: run.error,
        }
    }
}

impl Page for RetentionPage {
    const TEMPLATE: &'static str = "retention";

    fn head(&self) -> Head {
        Head {
            title: "Retention".to_owned(),
            section: Section::Retention,
            command: Some(Command::new("retention show")),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let policy = self.policy.as_ref().map(|policy| {
            context! {
                lanes => policy.lanes.iter().take(LANES).map(lane_view).collect::<Vec<_>>(),
                more => policy.lanes.len().saturating_sub(LANES),
                holds => Value::from(Serde(policy.holds)),
            }
        });
        let months: Vec<_> = self.partitions.iter().collect();
        let (ahead, held): (Vec<_>, Vec<_>) = months.into_iter().partition(|of| is_ahead(of));
        context! {
            policy,
            partitions => held.iter().map(|of| partition_view(of)).collect::<Vec<_>>(),
            ahead => ahead.len(),
            ahead_until => ahead.iter().filter_map(|of| of.ends_at).max().map(instant_view),
            changes => self.partitions.iter().map(|of| count(of.estimated_rows)).sum::<u64>(),
            size => size(self.partitions.iter().map(|of| of.bytes).sum()),
            runs => self.runs.iter().map(|run| run_view(run, links)).collect::<Vec<_>>(),
            first => self.first,
            newest => links.retention(""),
            older => self.older.as_ref().map(|token| links.retention(&format!("after={token}"))),
        }
    }
}

/// Whether it is a month to come that was made in time and holds nothing.
fn is_ahead(partition: &Partition) -> bool {
    partition.estimated_rows <= 0 && partition.starts_at.is_some_and(|at| at > Utc::now())
}

fn lane_view(lane: &LaneStatus) -> Value {
    context! {
        table => lane.table.as_ref().map(ToString::to_string),
        class => lane.class.as_deref(),
        keep_days => lane.keep_days,
        keep_last => lane.keep_last,
        cutoff => instant_view(lane.cutoff),
        complete_since => lane.complete_since.map(instant_view),
        oldest => lane.oldest_change.map(instant_view),
        overdue_days => lane.overdue_days,
    }
}

fn partition_view(partition: &Partition) -> Value {
    context! {
        name => partition.name.as_str(),
        starts => partition.starts_at.map(instant_view),
        ends => partition.ends_at.map(instant_view),
        rows => count(partition.estimated_rows),
        size => size(partition.bytes),
        // The default partition holds what nobody made a month for in time.
        misplaced => partition.starts_at.is_none() && partition.estimated_rows > 0,
    }
}

fn run_view(run: &Run, links: &Links) -> Value {
    let status = run.status.as_str();
    context! {
        id => run.id,
        kind => match run.kind { RunKind::Purge => "purge", RunKind::Partitions => "partitions" },
        status,
        bad => matches!(run.status, RunStatus::Failed | RunStatus::Abandoned),
        run_by => run.run_by.as_str(),
        actor => run.actor.as_ref().map(|actor| actor.view(links)),
        started => instant_view(run.started_at),
        cutoff => instant_view(run.newest_cutoff),
        took => took(run.duration_ms),
        changes => count(run.deleted_changes),
        months => run.dropped_partitions,
        error => run.error.as_deref(),
    }
}

fn count(rows: i64) -> u64 {
    rows.max(0).unsigned_abs()
}

/// A time for people.
fn took(ms: i64) -> String {
    match ms {
        ms if ms < 1_000 => format!("{} ms", ms.max(0)),
        ms if ms < 60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms if ms < 3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        ms => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        for (ms, expected) in [
            (-5, "0 ms"),
            (999, "999 ms"),
            (12_345, "12.3 s"),
            (125_000, "2 min 5 s"),
            (7_260_000, "2 h 1 min"),
        ] {
            assert_eq!(took(ms), expected);
        }
    }

    #[test]
    fn holds_are_counted_and_not_named() {
        use threadline::{ActorRef, retention::Hold};
        let policy = RetentionPolicy::keep_days(30)
            .and_then(|policy| {
                policy.hold(Hold::actor(ActorRef::user("mallory").expect("an actor")))
            })
            .and_then(|policy| policy.hold(Hold::correlation_id("case-12")))
            .expect("a policy");
        let kept = Kept::new(&policy, Vec::new());
        assert_eq!(
            kept.holds,
            Holds {
                rows: 0,
                actors: 1,
                correlations: 1
            }
        );
        let text = serde_json::to_string(&kept).expect("JSON");
        assert!(
            !text.contains("mallory") && !text.contains("case-12"),
            "{text}"
        );
    }
}
