//! The course of `bench reads`.

use std::time::Instant;

use sea_orm::DatabaseConnection;
use tokio::runtime;

use super::{
    export,
    outcome::{Outcome, Readings},
    purge,
    scenario::{Question, Scenario, scenarios},
    trail,
};
use crate::{
    args::ReadsArgs,
    cluster::{Cluster, Durability},
    error::{Error, Result},
    measure::turns,
    report,
};

/// The log stays small, however much is loaded.
pub(crate) const SETTINGS: [(&str, &str); 3] = [
    ("shared_buffers", "2GB"),
    ("max_wal_size", "768MB"),
    ("checkpoint_timeout", "1h"),
];

const CHANGES: [u64; 2] = [1_000_000, 10_000_000];
const QUICK_CHANGES: [u64; 1] = [100_000];
/// How often each question is asked.
const ROUNDS: usize = 15;
const QUICK_ROUNDS: usize = 2;
/// As often as this a question was asked before it is measured: its plan is settled then, and its pages are warm.
const WARM: usize = 6;
const EXPORTED: u64 = 1_000_000;

/// Measures, and prints what was found.
pub(crate) fn run(args: &ReadsArgs) -> Result<()> {
    let outcomes = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?
        .block_on(measure(args))?;
    Ok(report::scenarios(&outcomes, args.run.json)?)
}

async fn measure(args: &ReadsArgs) -> Result<Vec<Outcome>> {
    let sizes = match (args.changes.as_slice(), args.run.quick) {
        ([], true) => &QUICK_CHANGES[..],
        ([], false) => &CHANGES[..],
        (sizes, _) => sizes,
    };
    let rounds = if args.run.quick { QUICK_ROUNDS } else { ROUNDS };
    let cluster = Cluster::start(Durability::None, &SETTINGS)?;
    report::progress(cluster.describe());
    report::progress(
        "client: SeaORM over TCP, a pool of one connection, for the library and for the bare statements",
    );
    let mut outcomes = Vec::new();
    for &changes in sizes {
        report::progress(&format!("making a trail of {changes} changes"));
        let start = Instant::now();
        let db = trail::make(changes, &cluster).await?;
        report::progress(&format!("made in {} s", start.elapsed().as_secs()));
        for scenario in scenarios(&db).await? {
            if args.is_wanted(scenario.name) {
                outcomes.push(ask(&scenario, changes, rounds, &db).await?);
            }
        }
        if args.is_wanted("export") {
            outcomes.extend(export::measure(changes, EXPORTED, &db).await?);
        }
        if args.is_wanted("purge") {
            outcomes.extend(purge::measure(changes, &db).await?);
        }
        trail::drop(changes, db, &cluster).await?;
    }
    Ok(outcomes)
}

/// Asks every question of a scenario in every round, by the library and bare in turns.
async fn ask(
    scenario: &Scenario,
    changes: u64,
    rounds: usize,
    db: &DatabaseConnection,
) -> Result<Outcome> {
    let mut readings = Vec::new();
    for question in &scenario.questions {
        let mut found = Readings {
            rows: question.rows,
            ..Readings::default()
        };
        for round in 0..WARM + rounds {
            let is_warm = round >= WARM;
            for turn in turns(round, 2) {
                let start = Instant::now();
                let is_asked = once(question, turn, db).await?;
                let micros = start.elapsed().as_secs_f64() * 1e6;
                let readings = [&mut found.library, &mut found.bare];
                if let (true, true, Some(readings)) =
                    (is_warm, is_asked, readings.into_iter().nth(turn))
                {
                    readings.push(micros);
                }
            }
        }
        readings.push(found);
    }
    Ok(Outcome::new(
        scenario.name,
        changes,
        scenario.page,
        &readings,
    ))
}

/// Asks through the library, or bare if there is such a statement.
async fn once(question: &Question, turn: usize, db: &DatabaseConnection) -> Result<bool> {
    match (turn, &question.bare) {
        (0, _) => question.ask(db).await.map(|()| true),
        (_, Some(bare)) => bare.fetch(db).await.map(|()| true),
        (_, None) => Ok(false),
    }
}
