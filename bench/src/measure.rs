//! Rounds that take turns, time on the clock and on the processor, and what is made of many readings.
//!
//! Every round measures every variant once, and the next round begins with the next variant: what disturbs the machine
//! disturbs all of them. A ratio is taken within a round, and the median over the rounds is what is reported.

use std::{
    fs,
    time::{Duration, Instant},
};

/// The variants of a round in the order of the round: `A B C`, then `B C A`, then `C A B`, ….
pub(crate) fn turns(round: usize, variants: usize) -> impl Iterator<Item = usize> {
    (0..variants).map(move |n| (round + n) % variants)
}

/// What a piece of work took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// On the clock.
    pub(crate) wall: Duration,
    /// On the processor, of all server processes named; only Linux tells.
    pub(crate) cpu: Option<Duration>,
}

/// A running measurement.
#[derive(Clone, Debug)]
pub(crate) struct Stopwatch {
    backends: Vec<i32>,
    cpu: Option<Duration>,
    start: Instant,
}

impl Stopwatch {
    /// Starts. The backends are known by `pg_backend_pid()`.
    pub(crate) fn start(backends: Vec<i32>) -> Self {
        let cpu = cpu_time(&backends);
        Self {
            backends,
            cpu,
            start: Instant::now(),
        }
    }

    /// Reads.
    pub(crate) fn stop(self) -> Reading {
        let wall = self.start.elapsed();
        let cpu = cpu_time(&self.backends);
        Reading {
            wall,
            cpu: cpu
                .zip(self.cpu)
                .map(|(after, before)| after.saturating_sub(before)),
        }
    }
}

/// How long processes have run so far.
fn cpu_time(pids: &[i32]) -> Option<Duration> {
    pids.iter()
        .map(|pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
            Some(Duration::from_nanos(running(&text)?))
        })
        .sum()
}

/// The first field of `schedstat`: nanoseconds on a processor.
fn running(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

/// The value below which a share of the values lies, between two of them if need be. NaN if there are none.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Each value over the one beside it: the readings of one round.
pub(crate) fn ratios(values: &[f64], baseline: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(baseline)
        .map(|(value, baseline)| value / baseline)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_measures_every_variant_and_begins_with_the_next() {
        let rounds: Vec<Vec<usize>> = (0..4).map(|round| turns(round, 3).collect()).collect();
        assert_eq!(
            rounds,
            [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]].map(Vec::from)
        );
    }

    #[test]
    fn a_median_does_not_follow_an_outlier() {
        assert_eq!(median(&[3.0, 1.0, 1000.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&values, 0.0), 0.0);
        assert_eq!(quantile(&values, 0.99), 99.0);
        assert_eq!(quantile(&values, 1.0), 100.0);
        assert_eq!(quantile(&[1.0, 2.0], 0.25), 1.25);
    }

    #[test]
    fn a_ratio_is_taken_within_a_round() {
        // The second round was disturbed for both.
        assert_eq!(median(&ratios(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0])), 2.0);
    }

    #[test]
    fn the_kernel_tells_the_time_on_the_processor_first() {
        assert_eq!(running("9000 123 4\n"), Some(9000));
        assert_eq!(running(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_on_the_processor_is_seen() {
        let mut busy = std::process::Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        let watch = Stopwatch::start(vec![busy.id() as i32]);
        let start = Instant::now();
        // On a loaded machine it may take a while until the process gets its turn.
        let reading = loop {
            std::thread::sleep(Duration::from_millis(20));
            let reading = watch.clone().stop();
            if reading.cpu != Some(Duration::ZERO) || start.elapsed() > Duration::from_secs(30) {
                break reading;
            }
        };
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(reading.wall >= Duration::from_millis(20));
        assert!(reading.cpu.is_some_and(|cpu| !cpu.is_zero()), "{reading:?}");
    }

    #[test]
    fn a_process_that_is_gone_has_no_time() {
        assert_eq!(Stopwatch::start(vec![i32::MAX]).stop().cpu, None);
    }
}
