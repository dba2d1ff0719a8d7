//! From slices to figures.

use serde::Serialize;

use super::client::Slice;
use crate::{
    measure::{median, quantile, ratios},
    report::{self, figure},
};

/// The example over a handler without Threadline. Everything is the median of the rounds; each ratio and difference is
/// taken within a round, so that they are not those of the medians beside them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Outcome {
    name: &'static str,
    clients: usize,
    p50_ratio: f64,
    p50_micros: f64,
    baseline_p50_micros: f64,
    added_p50_micros: f64,
    p99_ratio: f64,
    p99_micros: f64,
    baseline_p99_micros: f64,
    added_p99_micros: f64,
    /// Requests per second, over those of the handler without Threadline.
    throughput_ratio: f64,
    requests_per_second: f64,
    baseline_requests_per_second: f64,
    rounds: usize,
    /// Requests in a round.
    count: usize,
}

impl Outcome {
    /// Makes figures of the slices of the same rounds.
    pub(crate) fn new(
        name: &'static str,
        clients: usize,
        slices: &[Slice],
        baseline: &[Slice],
    ) -> Self {
        let p50 = Latency::new(0.5, slices, baseline);
        let p99 = Latency::new(0.99, slices, baseline);
        let rates = |slices: &[Slice]| -> Vec<f64> {
            let rate = |slice: &Slice| slice.latencies.len() as f64 / slice.wall.as_secs_f64();
            slices.iter().map(rate).collect()
        };
        let (rate, baseline_rate) = (rates(slices), rates(baseline));
        Self {
            name,
            clients,
            p50_ratio: p50.ratio,
            p50_micros: p50.micros,
            baseline_p50_micros: p50.baseline,
            added_p50_micros: p50.added,
            p99_ratio: p99.ratio,
            p99_micros: p99.micros,
            baseline_p99_micros: p99.baseline,
            added_p99_micros: p99.added,
            throughput_ratio: median(&ratios(&rate, &baseline_rate)),
            requests_per_second: median(&rate),
            baseline_requests_per_second: median(&baseline_rate),
            rounds: slices.len(),
            count: slices.first().map_or(0, |slice| slice.latencies.len()),
        }
    }
}

/// One percentile of the latency.
struct Latency {
    ratio: f64,
    micros: f64,
    baseline: f64,
    added: f64,
}

impl Latency {
    fn new(share: f64, slices: &[Slice], baseline: &[Slice]) -> Self {
        let of = |slices: &[Slice]| -> Vec<f64> {
            let percentile = |slice: &Slice| quantile(&slice.latencies, share);
            slices.iter().map(percentile).collect()
        };
        let (micros, baseline) = (of(slices), of(baseline));
        let pairs = micros.iter().zip(&baseline);
        let added: Vec<f64> = pairs.map(|(micros, baseline)| micros - baseline).collect();
        Self {
            ratio: median(&ratios(&micros, &baseline)),
            added: median(&added),
            micros: median(&micros),
            baseline: median(&baseline),
        }
    }
}

impl report::Scenario for Outcome {
    const COLUMNS: &'static [&'static str] = &[
        "scenario",
        "clients",
        "p50 ratio",
        "p50 µs",
        "plain",
        "added",
        "p99 ratio",
        "p99 µs",
        "plain",
        "added",
        "requests/s",
        "plain",
        "ratio",
    ];

    fn cells(&self) -> Vec<String> {
        let figures = [
            self.p50_ratio,
            self.p50_micros,
            self.baseline_p50_micros,
            self.added_p50_micros,
            self.p99_ratio,
            self.p99_micros,
            self.baseline_p99_micros,
            self.added_p99_micros,
            self.requests_per_second,
            self.baseline_requests_per_second,
            self.throughput_ratio,
        ];
        let first = [self.name.to_owned(), self.clients.to_string()];
        first.into_iter().chain(figures.map(figure)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn slice(latencies: &[f64], wall: u64) -> Slice {
        Slice {
            latencies: latencies.to_vec(),
            wall: Duration::from_millis(wall),
        }
    }

    #[test]
    fn figures_are_medians_of_rounds_over_the_baseline_of_the_round() {
        let slices = [
            slice(&[3.0, 9.0, 3.0, 3.0], 4),
            slice(&[30.0, 30.0, 30.0, 90.0], 40),
            slice(&[3.0, 3.0, 3.0, 9.0], 4),
        ];
        let baseline = [
            slice(&[1.0, 2.0, 2.0, 4.0], 2),
            slice(&[20.0, 20.0, 20.0, 20.0], 20),
            slice(&[2.0, 2.0, 2.0, 4.0], 2),
        ];
        let outcome = Outcome::new("post", 1, &slices, &baseline);
        assert_eq!(
            (
                outcome.p50_ratio,
                outcome.p50_micros,
                outcome.added_p50_micros
            ),
            (1.5, 3.0, 1.0)
        );
        assert_eq!(
            (outcome.throughput_ratio, outcome.requests_per_second),
            (0.5, 1000.0)
        );
        assert_eq!((outcome.rounds, outcome.count), (3, 4));
    }
}
