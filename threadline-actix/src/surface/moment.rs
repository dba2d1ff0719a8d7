//! Instants as people write them: [`Moment`]. Pure.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, SecondsFormat, SubsecRound as _, TimeDelta,
    Utc,
};
use serde::{Serialize, Serializer};

use super::{failure::Failure, parameters::Parameters};

/// An instant, or how long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long before now.
    Ago(Ago),
    /// Then.
    At(DateTime<Utc>),
}

/// How long ago: a number of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ago {
    number: i64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
}

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write how long ago, like 30m, 2h, 7d or 4w, or an instant like 2026-11-23, 2026-11-23T09:00 (both UTC) or 2026-11-23T09:00:00+01:00"
)]
pub(crate) struct InvalidMoment;

impl Ago {
    /// So many days.
    pub(crate) const fn days(number: i64) -> Self {
        let unit = Unit::Days;
        Self { number, unit }
    }

    fn delta(self) -> Option<TimeDelta> {
        match self.unit {
            Unit::Minutes => TimeDelta::try_minutes(self.number),
            Unit::Hours => TimeDelta::try_hours(self.number),
            Unit::Days => TimeDelta::try_days(self.number),
            Unit::Weeks => TimeDelta::try_weeks(self.number),
        }
    }
}

const NOW: &str = "now";

impl Moment {
    /// Takes a parameter whose absence means now, so that `now` is as good as left out.
    ///
    /// # Errors
    /// When it can't be read.
    pub(crate) fn read_if_not_now(
        parameters: &mut Parameters,
        name: &str,
    ) -> Result<Option<Self>, Failure> {
        match parameters.text(name).as_deref().map(str::trim) {
            None | Some(NOW) => Ok(None),
            Some(text) => {
                let moment = text.parse::<Self>();
                Ok(Some(moment.map_err(|err| Failure::parameter(name, err))?))
            }
        }
    }

    /// The instant, to the microsecond.
    pub(crate) fn at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => ago
                .delta()
                .and_then(|delta| now.checked_sub_signed(delta))
                .filter(|at| YEARS.contains(&at.year()))
                .unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
                .trunc_subsecs(6),
        }
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let at = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
        let at = at.ok().or_else(|| local(text));
        match at {
            Some(at) if !YEARS.contains(&at.year()) => Err(InvalidMoment),
            Some(at) => Ok(Self::At(at.trunc_subsecs(6))),
            None => ago(text).map(Self::Ago).ok_or(InvalidMoment),
        }
    }
}

/// What PostgreSQL takes, whose time begins in 4713 BC, with room to count days from there.
const YEARS: RangeInclusive<i32> = -4_000..=10_000;
/// The longest time ago, in seconds: some 5,000 years.
const FARTHEST: u64 = 5_000 * 365 * 24 * 60 * 60;

/// A written instant, never one that is relative to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) DateTime<Utc>);

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an instant like 2026-11-23, 2026-11-23T09:00 (both UTC) or 2026-11-23T09:00:00+01:00"
)]
pub(crate) struct InvalidInstant;

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(Moment::At(at)) => Ok(Self(at)),
            _ => Err(InvalidInstant),
        }
    }
}

/// A date or a time of day without a zone, as forms send it.
fn local(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc());
    }
    [
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S%.f",
    ]
    .into_iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .map(|at| at.and_utc())
}

fn ago(text: &str) -> Option<Ago> {
    let unit = match text.chars().last()? {
        'm' => Unit::Minutes,
        'h' => Unit::Hours,
        'd' => Unit::Days,
        'w' => Unit::Weeks,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ago = Ago {
        number: number.parse().ok()?,
        unit,
    };
    let seconds = ago.delta()?.num_seconds().unsigned_abs();
    (seconds <= FARTHEST).then_some(ago)
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minutes => 'm',
            Unit::Hours => 'h',
            Unit::Days => 'd',
            Unit::Weeks => 'w',
        };
        write!(f, "{}{unit}", self.number)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ago(ago) => ago.fmt(f),
            Self::At(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let now = "2026-11-23T09:00:00.123456789Z".parse().unwrap();
        let moment: Moment = text.parse().unwrap();
        let at = moment.at(now).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        assert_eq!(at, expected, "{text}");
        assert_eq!(moment.to_string().parse(), Ok(moment), "{text}");
    }

    #[test]
    fn moments_are_read_as_people_and_forms_write_them() {
        check("7d", "2026-11-16T09:00:00.123456Z");
        check("2h", "2026-11-23T07:00:00.123456Z");
        check("30m", "2026-11-23T08:30:00.123456Z");
        check("1w", "2026-11-16T09:00:00.123456Z");
        check("2026-11-23", "2026-11-23T00:00:00Z");
        check("2026-11-23T09:05", "2026-11-23T09:05:00Z");
        check("2026-11-23 09:05:06.5", "2026-11-23T09:05:06.500Z");
        check("2026-11-23T10:00:00+01:00", "2026-11-23T09:00:00Z");
        check(
            "2026-11-23T09:00:00.1234567Z",
            "2026-11-23T09:00:00.123456Z",
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "d",
            "7",
            "-7d",
            "7 d",
            "7y",
            "7é",
            "yesterday",
            "2026-13-01",
            "2026-11-23T25:00",
            "2026-11-23T09:00:00+99:99",
            "2026-11-23T09:00 Europe/Atlantis",
            "99999999999999d",
            "+262142-01-01T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(InvalidMoment), "{text}");
        }
    }
}
