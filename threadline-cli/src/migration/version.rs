//! Versions of migrations: the `mYYYYMMDD_HHMMSS` in front of every file name.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// Digits and underscore of a version, `YYYYMMDD_HHMMSS`.
const STAMP: &str = "%Y%m%d_%H%M%S";
const STAMP_LEN: usize = "YYYYMMDD_HHMMSS".len();

/// No calendar time is left after an existing migration.
#[derive(Debug, thiserror::Error)]
#[error("no version sorts after `m{0}`")]
pub(crate) struct NoVersionLeft(String);

/// Hands out versions that sort after every migration it was told about, and after each other.
#[derive(Debug)]
pub(crate) struct Versions {
    now: NaiveDateTime,
    newest: Option<String>,
}

impl Versions {
    /// Starts at `now`, or behind the newest of the existing migrations where that is later.
    pub(crate) fn after<'a>(
        existing: impl IntoIterator<Item = &'a str>,
        now: NaiveDateTime,
    ) -> Self {
        let newest = existing.into_iter().filter_map(stamp).max();
        Self {
            now,
            newest: newest.map(str::to_owned),
        }
    }

    /// The module name of the next migration, `mYYYYMMDD_HHMMSS_<suffix>`.
    pub(crate) fn next_name(&mut self, suffix: &str) -> Result<String, NoVersionLeft> {
        let now = self.now.format(STAMP).to_string();
        let stamp = match self.newest.take() {
            Some(newest) if newest >= now => following(&newest).ok_or(NoVersionLeft(newest))?,
            _ => now,
        };
        let name = format!("m{stamp}_{suffix}");
        self.newest = Some(stamp);
        Ok(name)
    }
}

/// The `YYYYMMDD_HHMMSS` of a module name that has one.
pub(crate) fn stamp(name: &str) -> Option<&str> {
    let digits = name.strip_prefix('m')?;
    let (stamp, rest) = digits.split_at_checked(STAMP_LEN)?;
    let shaped = stamp.bytes().enumerate().all(|(at, byte)| match at {
        8 => byte == b'_',
        _ => byte.is_ascii_digit(),
    });
    (shaped && (rest.is_empty() || rest.starts_with('_'))).then_some(stamp)
}

/// The first calendar time whose text sorts after `stamp`, which itself need not be one:
/// hand-written versions such as `m20220101_000099` exist.
fn following(stamp: &str) -> Option<String> {
    let number = |from: usize, to: usize| stamp.get(from..to)?.parse::<u32>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    let year = i32::try_from(year).ok()?;
    let next = match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => match following_time(hour, minute, second) {
            Some(time) => date.and_time(time),
            None => date.succ_opt()?.and_time(NaiveTime::MIN),
        },
        None => following_date(year, month, day)?.and_time(NaiveTime::MIN),
    };
    (next.year() <= 9999).then(|| next.format(STAMP).to_string())
}

fn following_time(hour: u32, minute: u32, second: u32) -> Option<NaiveTime> {
    let seconds = match (hour, minute, second) {
        (24.., _, _) => return None,
        (_, 60.., _) => (hour + 1) * 3600,
        (_, _, 59..) => hour * 3600 + (minute + 1) * 60,
        _ => hour * 3600 + minute * 60 + second + 1,
    };
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)
}

fn following_date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    match (month, day) {
        (0, _) => NaiveDate::from_ymd_opt(year, 1, 1),
        (13.., _) | (12, 1..) => NaiveDate::from_ymd_opt(year + 1, 1, 1),
        (_, 0) => NaiveDate::from_ymd_opt(year, month, 1),
        _ => NaiveDate::from_ymd_opt(year, month + 1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 11, 23)
            .and_then(|date| date.and_hms_opt(12, 0, 0))
            .unwrap()
    }

    #[track_caller]
    fn check(existing: &[&str], expected: &str) {
        let name = Versions::after(existing.iter().copied(), noon()).next_name("x");
        assert_eq!(name.unwrap(), format!("m{expected}_x"));
        for old in existing.iter().filter_map(|name| stamp(name)) {
            assert!(old < expected, "{old} does not sort before {expected}");
        }
    }

    #[test]
    fn the_clock_decides_when_every_migration_is_older() {
        check(&[], "20261123_120000");
        check(&["m20220101_000001_create_table"], "20261123_120000");
    }

    #[test]
    fn a_version_sorts_after_one_of_the_same_second_and_after_future_ones() {
        check(&["m20261123_120000_posts"], "20261123_120001");
        check(
            &["m20300228_235959_far", "m20220101_000001_near"],
            "20300301_000000",
        );
        check(&["m20280228_235959_leap"], "20280229_000000");
        check(&["m20301231_235959"], "20310101_000000");
    }

    #[test]
    fn a_version_after_an_impossible_calendar_time_is_a_possible_one() {
        check(&["m20300101_000099_x"], "20300101_000100");
        check(&["m20300101_009900_x"], "20300101_010000");
        check(&["m20300101_239999_x"], "20300102_000000");
        check(&["m20300101_990000_x"], "20300102_000000");
        check(&["m20300199_000000_x"], "20300201_000000");
        check(&["m20301232_000000_x"], "20310101_000000");
        check(&["m20300001_000000_x"], "20300101_000000");
        check(&["m20300100_999999_x"], "20300101_000000");
        check(&["m20309901_000000_x"], "20310101_000000");
    }

    #[test]
    fn versions_of_one_run_are_ordered() {
        let mut versions = Versions::after([], noon());
        let names = [(); 3].map(|()| versions.next_name("x").unwrap());
        assert_eq!(
            names,
            [
                "m20261123_120000_x",
                "m20261123_120001_x",
                "m20261123_120002_x"
            ]
        );
    }

    #[test]
    fn names_of_other_shapes_have_no_version() {
        for name in [
            "m1",
            "mod",
            "m20220101_000001x",
            "m2022é101_000001",
            "x20220101_000001_y",
        ] {
            assert_eq!(stamp(name), None, "{name}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_an_error_that_names_the_migration() {
        let error = Versions::after(["m99991231_235959_last"], noon()).next_name("x");
        assert_eq!(
            error.unwrap_err().to_string(),
            "no version sorts after `m99991231_235959`"
        );
    }
}
