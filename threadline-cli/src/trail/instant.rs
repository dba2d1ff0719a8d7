use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};

/// Why a text is no instant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no instant; write RFC 3339 like `2026-11-23T09:00:00Z`, or how long ago like `4w`, `7d`, `2h` or `30m`"
)]
pub(crate) struct InvalidInstant;

/// Reads an instant: RFC 3339, or a number of weeks, days, hours or minutes before now.
///
/// # Errors
/// When it is neither.
pub(crate) fn parse_instant(text: &str) -> Result<DateTime<Utc>, InvalidInstant> {
    before(text, Utc::now())
}

/// An instant in UTC, with every digit that the trail keeps.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An instant in UTC, to the second.
pub(crate) fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn before(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, InvalidInstant> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let unit = text.chars().last().ok_or(InvalidInstant)?;
    let number = &text[..text.len() - unit.len_utf8()];
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidInstant);
    }
    let number = number.parse().map_err(|_| InvalidInstant)?;
    let ago = match unit {
        'w' => TimeDelta::try_weeks(number),
        'd' => TimeDelta::try_days(number),
        'h' => TimeDelta::try_hours(number),
        'm' => TimeDelta::try_minutes(number),
        _ => None,
    };
    // To the microsecond, as instants are printed: the next page asks with the printed one.
    now.checked_sub_signed(ago.ok_or(InvalidInstant)?)
        .and_then(|at| at.duration_trunc(TimeDelta::microseconds(1)).ok())
        .ok_or(InvalidInstant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let now = "2026-11-23T09:00:00.123456789Z".parse().unwrap();
        assert_eq!(before(text, now).map(instant), Ok(expected.to_owned()));
    }

    #[test]
    fn instants_are_read_in_any_zone_and_back_from_now() {
        check("2026-11-23T10:00:00+01:00", "2026-11-23T09:00:00.000000Z");
        check("4w", "2026-10-26T09:00:00.123456Z");
        check("7d", "2026-11-16T09:00:00.123456Z");
        check("2h", "2026-11-23T07:00:00.123456Z");
        check("30m", "2026-11-23T08:30:00.123456Z");
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        let now = Utc::now();
        for text in [
            "",
            "d",
            "7",
            "-7d",
            "+7d",
            "7 d",
            "7y",
            "7é",
            "yesterday",
            "2026-11-23",
            "2026-11-23T09:00:00",
            "9999999999999999d",
            "9999999999999999w",
            "999999999999999999999999d",
        ] {
            assert_eq!(before(text, now), Err(InvalidInstant), "{text}");
        }
    }
}
