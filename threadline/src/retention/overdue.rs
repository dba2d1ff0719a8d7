use chrono::{DateTime, TimeDelta, Utc};

/// How long a purge is overdue, `None` when it is not. Pure, for checks and pages.
///
/// Overdue means: there is a change that was to go more than `grace` ago, and no purge has reached
/// it since. What a purge looked at and kept is not overdue.
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use threadline::retention::overdue;
///
/// let day = |n: i64| DateTime::UNIX_EPOCH + TimeDelta::days(n);
/// let grace = TimeDelta::days(2);
/// assert_eq!(overdue(day(100), None, Some(day(90)), grace), Some(TimeDelta::days(10)));
/// assert_eq!(overdue(day(100), Some(day(99)), Some(day(90)), grace), None);
/// ```
pub fn overdue(
    cutoff: DateTime<Utc>,
    complete_since: Option<DateTime<Utc>>,
    oldest_change: Option<DateTime<Utc>>,
    grace: TimeDelta,
) -> Option<TimeDelta> {
    let reached = oldest_change?.max(complete_since.unwrap_or(DateTime::<Utc>::MIN_UTC));
    let late = cutoff - reached;
    (late > grace).then_some(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_purge_has_reached_in_time_is_overdue() {
        let day = |n: i64| DateTime::UNIX_EPOCH + TimeDelta::days(n);
        let check = |complete: Option<i64>, oldest: Option<i64>, late: Option<i64>| {
            let found = overdue(
                day(100),
                complete.map(day),
                oldest.map(day),
                TimeDelta::days(2),
            );
            assert_eq!(found, late.map(TimeDelta::days), "{complete:?} {oldest:?}");
        };
        check(None, None, None);
        check(None, Some(100), None);
        check(None, Some(98), None);
        check(None, Some(97), Some(3));
        check(Some(98), Some(1), None);
        check(Some(50), Some(1), Some(50));
        check(Some(1), Some(60), Some(40));
        check(Some(120), Some(1), None);
    }
}
