//! From readings to figures.

use serde::Serialize;

use crate::{
    measure::{median, ratios},
    report::{self, figure, maybe},
};

/// How long a scenario took, and the bare statement beside it. Times are medians over all questions and rounds; the
/// ratio is the median of the ratios, each of one question in one round.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Outcome {
    name: &'static str,
    changes: u64,
    page: u64,
    micros: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bare_micros: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    /// How many rows an answer has, the median.
    rows: f64,
    /// How many different questions were asked, and how often each.
    questions: usize,
    rounds: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_per_second: Option<f64>,
    /// The most memory this process had meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bytes: Option<u64>,
}

/// The readings of a question in microseconds, a round each.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    pub(super) library: Vec<f64>,
    pub(super) bare: Vec<f64>,
    pub(super) rows: usize,
}

impl Outcome {
    pub(super) fn new(name: &'static str, changes: u64, page: u64, readings: &[Readings]) -> Self {
        let all = |of: fn(&Readings) -> &[f64]| -> Vec<f64> {
            readings.iter().flat_map(of).copied().collect()
        };
        let (library, bare) = (all(|r| &r.library), all(|r| &r.bare));
        let has_bare = !bare.is_empty();
        let rows: Vec<f64> = readings.iter().map(|r| r.rows as f64).collect();
        Self {
            name,
            changes,
            page,
            micros: median(&library),
            bare_micros: has_bare.then(|| median(&bare)),
            ratio: has_bare.then(|| median(&ratios(&library, &bare))),
            rows: median(&rows),
            questions: readings.len(),
            rounds: readings.first().map_or(0, |r| r.library.len()),
            ..Self::default()
        }
    }

    /// Something long, done once.
    pub(super) fn once(name: &'static str, changes: u64, micros: f64, rows: u64) -> Self {
        Self {
            name,
            changes,
            page: 1,
            micros,
            rows: rows as f64,
            questions: 1,
            rounds: 1,
            rows_per_second: Some(rows as f64 / micros * 1e6),
            ..Self::default()
        }
    }

    pub(super) fn peak(mut self, bytes: Option<u64>) -> Self {
        self.peak_bytes = bytes;
        self
    }
}

impl report::Scenario for Outcome {
    const COLUMNS: &'static [&'static str] = &[
        "scenario", "changes", "page", "rows", "µs", "bare µs", "ratio", "rows/s", "peak MB",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.to_owned(),
            self.changes.to_string(),
            self.page.to_string(),
            figure(self.rows),
            figure(self.micros),
            maybe(self.bare_micros),
            maybe(self.ratio),
            maybe(self.rows_per_second),
            maybe(self.peak_bytes.map(|bytes| bytes as f64 / 1e6)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(library: &[f64], bare: &[f64]) -> Readings {
        Readings {
            library: library.to_vec(),
            bare: bare.to_vec(),
            rows: 50,
        }
    }

    #[test]
    fn a_ratio_is_taken_of_one_question_in_one_round() {
        let outcome = Outcome::new(
            "timeline",
            1_000,
            1,
            &[
                readings(&[20.0, 200.0], &[10.0, 100.0]),
                readings(&[3.0], &[1.0]),
            ],
        );
        assert_eq!(outcome.ratio, Some(2.0));
        assert_eq!((outcome.micros, outcome.bare_micros), (20.0, Some(10.0)));
    }

    #[test]
    fn the_json_has_a_reference_only_where_there_is_one() {
        let with = Outcome::new("timeline", 1_000, 7, &[readings(&[2.0], &[1.0])]);
        let json = serde_json::to_value(&with).unwrap();
        assert_eq!(json["name"], "timeline");
        assert_eq!(json["changes"], 1_000);
        assert_eq!(json["page"], 7);
        assert_eq!(json["ratio"], 2.0);
        assert!(json.get("peak_bytes").is_none());
        let without = Outcome::new("count_actor", 1_000, 1, &[readings(&[2.0], &[])]);
        assert!(
            serde_json::to_value(&without)
                .unwrap()
                .get("ratio")
                .is_none()
        );
    }

    #[test]
    fn a_rate_is_rows_in_a_second() {
        let export = Outcome::once("export", 10, 2e6, 100).peak(Some(5));
        assert_eq!(export.rows_per_second, Some(50.0));
        assert_eq!(export.peak_bytes, Some(5));
    }
}
