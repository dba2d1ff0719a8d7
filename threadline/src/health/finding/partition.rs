use chrono::{DateTime, Months, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Finding, Fix, Severity, collect::Subject};
use crate::codegen::health::health_sql;

/// How many months should have their partition ahead of time.
const MONTHS_AHEAD: u32 = 2;
/// How many are made when they run out.
const MADE_AHEAD: u32 = 12;

#[derive(FromQueryResult)]
struct Row {
    is_default: bool,
    lower: Option<DateTime<Utc>>,
    upper: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Stray {
    stray: bool,
}

/// A bound; `None` is none.
type Bound = Option<DateTime<Utc>>;

/// Changes in the default partition, and months to come without a partition.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let rows: Vec<Row> = subject.rows("partitions", [], db).await?;
    let Some(now) = rows.first().map(|row| row.now) else {
        return Ok(Vec::new());
    };
    let months: Vec<(Bound, Bound)> = rows
        .iter()
        .filter(|row| !row.is_default)
        .map(|row| (row.lower, row.upper))
        .collect();
    let mut findings = Vec::new();
    for (from, to) in uncovered(&months) {
        let stray: Vec<Stray> = subject.rows("stray", [from.into(), to.into()], db).await?;
        if stray.iter().any(|row| row.stray) {
            findings.push(not_empty(subject));
            break;
        }
    }
    findings.extend(running_out(subject, now, covered_until(now, &months)));
    Ok(findings)
}

fn not_empty(subject: &Subject<'_>) -> Finding {
    let message = "the default partition of `audit_changes` is not empty: partitions of its months can't be made until its changes have moved";
    let fix = Fix::Sql(health_sql("adopt_default", subject.schema));
    Finding::new(
        "default-partition-not-empty",
        Severity::Warning,
        message,
        fix,
    )
}

fn running_out(subject: &Subject<'_>, now: DateTime<Utc>, until: Bound) -> Option<Finding> {
    let fix = Fix::Sql(format!(
        "SELECT {}.ensure_partitions({MADE_AHEAD});",
        subject.schema.quoted()
    ));
    let until = until?;
    let code = "partitions-running-out";
    if until <= now {
        let message = "this month has no partition: changes go to the default partition";
        return Some(Finding::new(code, Severity::Critical, message, fix));
    }
    let wanted = now.checked_add_months(Months::new(MONTHS_AHEAD))?;
    (until < wanted).then(|| {
        let message = format!(
            "partitions for changes are there until {} only",
            until.format("%Y-%m-%d")
        );
        Finding::new(code, Severity::Warning, message, fix)
    })
}

/// The ranges that no partition covers; the partitions come in order of time.
fn uncovered(months: &[(Bound, Bound)]) -> Vec<(Bound, Bound)> {
    let mut gaps = Vec::new();
    // The end of what is covered so far; `Some(None)` is everything.
    let mut end: Option<Bound> = None;
    for &(lower, upper) in months {
        match (end, lower) {
            (None, Some(lower)) => gaps.push((None, Some(lower))),
            (Some(Some(end)), Some(lower)) if end < lower => gaps.push((Some(end), Some(lower))),
            _ => {}
        }
        end = Some(upper);
    }
    match end {
        None => gaps.push((None, None)),
        Some(Some(end)) => gaps.push((Some(end), None)),
        Some(None) => {}
    }
    gaps
}

/// Until when there are partitions without a gap, from now on; `None` is for ever.
fn covered_until(now: DateTime<Utc>, months: &[(Bound, Bound)]) -> Bound {
    let mut until = now;
    for &(lower, upper) in months {
        if lower.is_some_and(|lower| lower > until) {
            break;
        }
        match upper {
            Some(upper) => until = until.max(upper),
            None => return None,
        }
    }
    Some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(n: u32) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Months::new(n)
    }

    fn range(from: u32, to: u32) -> (Bound, Bound) {
        (Some(month(from)), Some(month(to)))
    }

    #[test]
    fn every_range_outside_of_the_partitions_is_looked_at() {
        assert_eq!(uncovered(&[]), [(None, None)]);
        assert_eq!(
            uncovered(&[range(1, 2), range(2, 3), range(5, 6)]),
            [(None, Some(month(1))), range(3, 5), (Some(month(6)), None)]
        );
        assert_eq!(
            uncovered(&[(None, Some(month(2))), (Some(month(2)), None)]),
            []
        );
    }

    #[test]
    fn a_gap_ends_what_is_covered_from_now_on() {
        let now = month(1) + chrono::TimeDelta::days(3);
        let until = |months: &[(Bound, Bound)]| covered_until(now, months);
        assert_eq!(until(&[]), Some(now));
        assert_eq!(until(&[range(0, 1)]), Some(now));
        assert_eq!(
            until(&[range(0, 1), range(1, 2), range(2, 3)]),
            Some(month(3))
        );
        assert_eq!(until(&[range(1, 2), range(3, 9)]), Some(month(2)));
        assert_eq!(until(&[range(2, 9)]), Some(now));
        assert_eq!(until(&[(Some(month(1)), None)]), None);
    }
}
