//! From slices to figures.

use serde::Serialize;

use super::{
    scenario::{Name, Scenario, SyncCommit, Unit},
    slice::{Bytes, Slice},
};
use crate::{
    measure::{median, quantile, ratios},
    report::{self, figure, maybe},
};

/// What a scenario costs on a variant, over the same on the table without triggers. Times and bytes are medians of
/// the rounds; each ratio is taken within a round, so that they are not quotients of the medians beside them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Outcome {
    name: Name,
    sync: SyncCommit,
    /// Missing for Threadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    /// Time on the clock over the time without triggers.
    ratio: f64,
    /// The ratio in the better and the worse quarter of the rounds.
    ratio_low: f64,
    ratio_high: f64,
    /// Of what the times are.
    unit: Unit,
    micros: f64,
    baseline_micros: f64,
    cpu_ratio: Option<f64>,
    cpu_micros: Option<f64>,
    baseline_cpu_micros: Option<f64>,
    added_cpu_micros: Option<f64>,
    /// Added for each change of a row.
    heap_bytes: f64,
    index_bytes: f64,
    wal_bytes: f64,
    rounds: usize,
    /// Units in a round.
    count: i64,
}

impl Outcome {
    /// Makes figures of the slices of the same rounds.
    pub(crate) fn new(
        scenario: &Scenario,
        variant: Option<&str>,
        slices: &[Slice],
        baseline: &[Slice],
    ) -> Self {
        let units = scenario.count as f64;
        let changes = units * scenario.name.changes() as f64;
        let wall = |slices: &[Slice]| -> Vec<f64> {
            let micros = |slice: &Slice| slice.reading.wall.as_secs_f64() * 1e6 / units;
            slices.iter().map(micros).collect()
        };
        let cpu = |slices: &[Slice]| -> Option<Vec<f64>> {
            let micros = |slice: &Slice| Some(slice.reading.cpu?.as_secs_f64() * 1e6 / units);
            slices.iter().map(micros).collect()
        };
        let added = |of: fn(&Bytes) -> i64| -> f64 {
            let pairs = slices.iter().zip(baseline);
            let added: Vec<f64> = pairs
                .map(|(slice, baseline)| {
                    (of(&slice.growth) - of(&baseline.growth)) as f64 / changes
                })
                .collect();
            median(&added)
        };
        let (walls, baseline_walls) = (wall(slices), wall(baseline));
        let wall_ratios = ratios(&walls, &baseline_walls);
        let cpus = cpu(slices).zip(cpu(baseline));
        Self {
            name: scenario.name,
            sync: scenario.sync,
            variant: variant.map(str::to_owned),
            ratio: median(&wall_ratios),
            ratio_low: quantile(&wall_ratios, 0.25),
            ratio_high: quantile(&wall_ratios, 0.75),
            unit: scenario.name.unit(),
            micros: median(&walls),
            baseline_micros: median(&baseline_walls),
            cpu_ratio: cpus.as_ref().map(|(cpu, base)| median(&ratios(cpu, base))),
            cpu_micros: cpus.as_ref().map(|(cpu, _)| median(cpu)),
            baseline_cpu_micros: cpus.as_ref().map(|(_, base)| median(base)),
            added_cpu_micros: cpus.as_ref().map(|(cpu, base)| {
                let added: Vec<f64> = cpu.iter().zip(base).map(|(cpu, base)| cpu - base).collect();
                median(&added)
            }),
            heap_bytes: added(|bytes| bytes.heap),
            index_bytes: added(|bytes| bytes.index),
            wal_bytes: added(|bytes| bytes.wal),
            rounds: slices.len(),
            count: scenario.count,
        }
    }
}

impl report::Scenario for Outcome {
    const COLUMNS: &'static [&'static str] = &[
        "scenario",
        "sync",
        "ratio",
        "quarters",
        "µs",
        "µs plain",
        "CPU ratio",
        "CPU µs added",
        "heap B",
        "index B",
        "WAL B",
    ];

    fn cells(&self) -> Vec<String> {
        let unit = match self.unit {
            Unit::Transaction => "",
            Unit::Row => " /row",
        };
        let variant = self.variant.as_deref().map(|name| format!(" ({name})"));
        vec![
            format!("{}{}", self.name, variant.unwrap_or_default()),
            self.sync.as_str().to_owned(),
            figure(self.ratio),
            format!("{}–{}", figure(self.ratio_low), figure(self.ratio_high)),
            format!("{}{unit}", figure(self.micros)),
            format!("{}{unit}", figure(self.baseline_micros)),
            maybe(self.cpu_ratio),
            maybe(self.added_cpu_micros),
            format!("{:.0}", self.heap_bytes),
            format!("{:.0}", self.index_bytes),
            format!("{:.0}", self.wal_bytes),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::Reading;

    fn slice(wall: u64, cpu: Option<u64>, bytes: i64) -> Slice {
        Slice {
            reading: Reading {
                wall: Duration::from_micros(wall),
                cpu: cpu.map(Duration::from_micros),
            },
            growth: Bytes {
                heap: bytes,
                index: bytes / 2,
                wal: bytes * 2,
            },
        }
    }

    const INSERT: Scenario = Scenario {
        name: Name::Insert,
        sync: SyncCommit::Off,
        count: 10,
    };

    #[test]
    fn figures_are_of_one_unit_and_over_the_baseline() {
        let slices = [slice(3000, Some(900), 9000), slice(3000, Some(900), 9000)];
        let baseline = [slice(2000, Some(400), 4000), slice(1000, Some(300), 4000)];
        let outcome = Outcome::new(&INSERT, Some("other"), &slices, &baseline);
        let value = serde_json::to_value(&outcome).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "name": "insert", "sync": "off", "variant": "other",
                "ratio": 2.25, "ratio_low": 1.875, "ratio_high": 2.625,
                "unit": "transaction", "micros": 300.0, "baseline_micros": 150.0,
                "cpu_ratio": 2.625, "cpu_micros": 90.0, "baseline_cpu_micros": 35.0, "added_cpu_micros": 55.0,
                "heap_bytes": 500.0, "index_bytes": 250.0, "wal_bytes": 1000.0,
                "rounds": 2, "count": 10,
            })
        );
    }

    #[test]
    fn bytes_are_those_of_one_change() {
        let scenario = Scenario {
            name: Name::Tx100,
            ..INSERT
        };
        let outcome = Outcome::new(
            &scenario,
            None,
            &[slice(1, None, 2000)],
            &[slice(1, None, 0)],
        );
        assert_eq!((outcome.heap_bytes, outcome.wal_bytes), (2.0, 4.0));
    }

    #[test]
    fn without_a_clock_of_the_processor_the_rest_is_reported() {
        let outcome = Outcome::new(&INSERT, None, &[slice(2, None, 0)], &[slice(1, None, 0)]);
        assert_eq!((outcome.ratio, outcome.added_cpu_micros), (2.0, None));
        let value = serde_json::to_value(&outcome).unwrap();
        assert!(value.get("variant").is_none(), "{value}");
    }
}
