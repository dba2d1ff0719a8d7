//! The course of `bench capture`.

use std::collections::BTreeSet;

use tokio::runtime;

use super::{
    outcome::Outcome,
    scenario::{Effort, Scenario, scenarios},
    slice::{self, Slice, rows_needed},
    table::Shape,
    variant::Variant,
};
use crate::{
    args::CaptureArgs,
    cluster::{Cluster, Durability},
    error::{Error, Result},
    measure::turns,
    report,
};

/// The log of a round fits, so that no checkpoint comes by itself, and its files are used again.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "512MB"),
    ("max_wal_size", "4GB"),
    ("min_wal_size", "1GB"),
    ("checkpoint_timeout", "1h"),
    ("max_connections", "40"),
];

const ROUNDS: u32 = 9;
/// Statements over many rows take long, and differ less.
const BULK_ROUNDS: u32 = 5;
const QUICK_ROUNDS: u32 = 1;

/// Measures, and prints what was found.
pub(crate) fn run(args: &CaptureArgs) -> Result<()> {
    let outcomes = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?
        .block_on(measure(args))?;
    Ok(report::scenarios(&outcomes, args.run.json)?)
}

async fn measure(args: &CaptureArgs) -> Result<Vec<Outcome>> {
    let variants = Variant::all(args.by_statement, &args.variant)?;
    let effort = if args.run.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let delay = args.flush_delay.unwrap_or(0).to_string();
    let mut settings = SETTINGS.to_vec();
    if args.flush_delay.is_some() {
        settings.extend([("commit_delay", delay.as_str()), ("commit_siblings", "0")]);
    }
    let cluster = Cluster::start(Durability::Full, &settings)?;
    report::progress(cluster.describe());
    report::progress(
        "client: SQLx over the Unix socket, prepared statements, one connection (concurrent8: eight)",
    );
    let mut templates = Templates::default();
    let mut outcomes = Vec::new();
    for scenario in scenarios(&args.only, effort) {
        let rounds = match args.rounds {
            Some(rounds) => rounds,
            None if args.run.quick => QUICK_ROUNDS,
            None if scenario.name.is_bulk() => BULK_ROUNDS,
            None => ROUNDS,
        };
        let slices = rounds_of(&scenario, &variants, rounds, &mut templates, &cluster).await?;
        let Some((baseline, audited)) = slices.split_first() else {
            continue;
        };
        for (variant, slices) in variants.iter().skip(1).zip(audited) {
            let label = (*variant != Variant::Threadline).then(|| variant.name());
            outcomes.push(Outcome::new(&scenario, label, slices, baseline));
        }
        report::progress(&format!(
            "measured {} {}",
            scenario.name,
            scenario.sync.as_str()
        ));
    }
    Ok(outcomes)
}

/// The slices of a scenario, by variant.
async fn rounds_of(
    scenario: &Scenario,
    variants: &[Variant],
    rounds: u32,
    templates: &mut Templates,
    cluster: &Cluster,
) -> Result<Vec<Vec<Slice>>> {
    let failed = |variant: &Variant, err: Error| Error::Scenario {
        scenario: scenario.name.to_string(),
        variant: variant.name().to_owned(),
        err: Box::new(err),
    };
    let mut names = Vec::new();
    for variant in variants {
        let name = templates.get(scenario, variant, cluster).await;
        names.push(name.map_err(|err| failed(variant, err))?);
    }
    let mut slices = vec![Vec::new(); variants.len()];
    for round in 0..rounds as usize {
        for n in turns(round, variants.len()) {
            let slice = slice::measure(scenario, &variants[n], &names[n], cluster).await;
            slices[n].push(slice.map_err(|err| failed(&variants[n], err))?);
        }
    }
    Ok(slices)
}

/// The databases that slices are copied from. Scenarios with the same table share one.
#[derive(Debug, Default)]
struct Templates(BTreeSet<String>);

impl Templates {
    async fn get(
        &mut self,
        scenario: &Scenario,
        variant: &Variant,
        cluster: &Cluster,
    ) -> Result<String> {
        let (shape, rows, source) = needs(scenario);
        let name = format!("{}_{rows}_{source}_{}", shape.name(), variant.name());
        if !self.0.contains(&name) {
            let needs = (shape, rows, source);
            variant.prepare(&name, needs, cluster).await?;
            self.0.insert(name.clone());
        }
        Ok(name)
    }
}

/// The table of a scenario, its rows, and the rows beside it that are inserted.
fn needs(scenario: &Scenario) -> (Shape, i64, i64) {
    let name = scenario.name;
    let source = if name.is_bulk() && name.inserts() {
        scenario.count
    } else {
        0
    };
    (name.shape(), rows_needed(scenario), source)
}
