//! From readings to figures.

use serde::Serialize;

use crate::{
    measure::{median, quantile},
    report::{self, figure},
};

/// How long the pages of a kind took, and their statements alone, over all pages and rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Outcome {
    name: &'static str,
    changes: u64,
    p50_micros: f64,
    p95_micros: f64,
    bare_p50_micros: f64,
    bare_p95_micros: f64,
    /// The 95th percentile of the pages over that of their statements.
    p95_ratio: f64,
    p50_ratio: f64,
    /// How many statements a page runs, the median.
    statements: f64,
    /// How large a page is, the median.
    bytes: f64,
    pages: usize,
    rounds: usize,
}

/// What was read of one page, a round each.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    pub(super) page: Vec<f64>,
    pub(super) bare: Vec<f64>,
    pub(super) statements: usize,
    pub(super) bytes: usize,
}

impl Outcome {
    pub(super) fn new(name: &'static str, changes: u64, readings: &[Readings]) -> Self {
        let all = |of: fn(&Readings) -> &[f64]| -> Vec<f64> {
            readings.iter().flat_map(of).copied().collect()
        };
        let each = |of: fn(&Readings) -> usize| -> Vec<f64> {
            readings.iter().map(|r| of(r) as f64).collect()
        };
        let (page, bare) = (all(|r| &r.page), all(|r| &r.bare));
        let [p50, p95] = [0.5, 0.95].map(|share| quantile(&page, share));
        let [bare_p50, bare_p95] = [0.5, 0.95].map(|share| quantile(&bare, share));
        Self {
            name,
            changes,
            p50_micros: p50,
            p95_micros: p95,
            bare_p50_micros: bare_p50,
            bare_p95_micros: bare_p95,
            p95_ratio: p95 / bare_p95,
            p50_ratio: p50 / bare_p50,
            statements: median(&each(|r| r.statements)),
            bytes: median(&each(|r| r.bytes)),
            pages: readings.len(),
            rounds: readings.first().map_or(0, |r| r.page.len()),
        }
    }
}

impl report::Scenario for Outcome {
    const COLUMNS: &'static [&'static str] = &[
        "page",
        "changes",
        "p50 µs",
        "bare",
        "ratio",
        "p95 µs",
        "bare",
        "ratio",
        "statements",
        "kB",
    ];

    fn cells(&self) -> Vec<String> {
        let figures = [
            self.p50_micros,
            self.bare_p50_micros,
            self.p50_ratio,
            self.p95_micros,
            self.bare_p95_micros,
            self.p95_ratio,
            self.statements,
            self.bytes / 1e3,
        ];
        let first = [self.name.to_owned(), self.changes.to_string()];
        first.into_iter().chain(figures.map(figure)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_that_of_all_pages_over_that_of_all_their_statements() {
        let readings = |page: &[f64], bare: &[f64], bytes| Readings {
            page: page.to_vec(),
            bare: bare.to_vec(),
            statements: 4,
            bytes,
        };
        let slow = readings(&[100.0; 10], &[20.0; 10], 3_000);
        let fast = readings(&[10.0; 10], &[5.0; 10], 1_000);
        let outcome = Outcome::new("row", 1_000, &[fast, slow]);
        assert_eq!((outcome.p95_micros, outcome.bare_p95_micros), (100.0, 20.0));
        assert_eq!(outcome.p95_ratio, 5.0);
        assert_eq!((outcome.statements, outcome.bytes), (4.0, 2_000.0));
        assert_eq!((outcome.pages, outcome.rounds), (2, 10));
    }
}
