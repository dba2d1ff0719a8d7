//! How the audit stands, in a few numbers, for who may see policies.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Value, context};
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use threadline::{
    export::failed_exports,
    health::{LATELY_DAYS, Verdict},
    retention,
};

use crate::surface::{failure::Failure, links::Links, reads::Reads, visit::Visit};

/// How the audit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// How many tables need capture.
    gaps: usize,
    /// How many tables are captured otherwise than their entities declare.
    drift: usize,
    /// For how many days a purge has been overdue; `null` where none is, or the host gave no policy.
    overdue_days: Option<i64>,
    /// How many export jobs failed in the last seven days.
    failed_exports: u64,
}

impl Standing {
    /// Reads it, or takes what was read a few seconds ago. A page that begins with it must not fail for it: where it can't
    /// be read, nothing is said.
    pub(super) async fn read(visit: &Visit, reads: &Reads) -> Option<Self> {
        if !visit.sees_policies() {
            return None;
        }
        let kept = &visit.surface().standing.chips;
        if kept.is_old() {
            // Others that come meanwhile go by what there is.
            kept.keep(kept.last());
            let read = reads.apart(async |db| Self::within(visit, reads.now(), db).await);
            kept.keep(read.await.ok());
        }
        kept.last()
    }

    async fn within(
        visit: &Visit,
        now: DateTime<Utc>,
        db: &DatabaseTransaction,
    ) -> Result<Self, Failure> {
        let health = visit.health()?;
        let gaps = health.fetch_coverage(db).await?.summary.uncovered;
        visit.note_gaps(gaps);
        let tables = health.fetch_policies(db).await?.tables;
        let drifting = tables
            .iter()
            .filter(|table| table.verdict == Verdict::Drift);
        let overdue_days = match visit.retention() {
            Some(policy) => {
                let lanes = retention::status(policy, db).await?.lanes;
                lanes.iter().filter_map(|lane| lane.overdue_days).max()
            }
            None => None,
        };
        let lately = now - TimeDelta::days(LATELY_DAYS.into());
        Ok(Self {
            gaps,
            drift: drifting.count(),
            overdue_days,
            failed_exports: failed_exports(lately, db).await?,
        })
    }

    /// What templates show. Which exports failed is not for everybody.
    pub(super) fn view(self, sees_exports: bool, links: &Links) -> Value {
        let tables = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 table {one}"),
            count => format!("{count} tables {many}"),
        };
        let gaps = match self.gaps {
            0 => "All tables covered".to_owned(),
            gaps => tables(gaps, "needs capture", "need capture"),
        };
        let drift = match self.drift {
            0 => "Policies as declared".to_owned(),
            drift => tables(drift, "drifts", "drift"),
        };
        let purge = match self.overdue_days {
            None => "No purge overdue".to_owned(),
            Some(days) => format!("Purge {days} days late"),
        };
        let exports = match self.failed_exports {
            0 => "No export failed lately".to_owned(),
            1 => "1 export failed lately".to_owned(),
            failed => format!("{failed} exports failed lately"),
        };
        Value::from(vec![
            context! { label => gaps, bad => self.gaps > 0, link => links.coverage("") },
            context! { label => drift, bad => self.drift > 0, link => links.redaction() },
            context! { label => purge, bad => self.overdue_days.is_some(), link => links.retention("") },
            context! { label => exports, bad => self.failed_exports > 0, link => sees_exports.then(|| links.export_jobs("")) },
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(standing: Standing, expected: [&str; 4]) {
        let view = standing.view(true, &Links::below("/audit"));
        let chips = serde_json::to_value(view).unwrap();
        let labels =
            [0, 1, 2, 3].map(|at| chips[at]["label"].as_str().unwrap_or_default().to_owned());
        assert_eq!(labels, expected);
    }

    #[test]
    fn what_is_wrong_is_counted_and_what_is_right_is_said() {
        says(
            Standing {
                gaps: 0,
                drift: 0,
                overdue_days: None,
                failed_exports: 0,
            },
            [
                "All tables covered",
                "Policies as declared",
                "No purge overdue",
                "No export failed lately",
            ],
        );
        says(
            Standing {
                gaps: 1,
                drift: 2,
                overdue_days: Some(9),
                failed_exports: 3,
            },
            [
                "1 table needs capture",
                "2 tables drift",
                "Purge 9 days late",
                "3 exports failed lately",
            ],
        );
    }
}
