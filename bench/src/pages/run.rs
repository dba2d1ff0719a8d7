//! The course of `bench pages`.

use std::time::Instant;

use actix_web::rt;

use super::{
    outcome::{Outcome, Readings},
    question::questions,
    site::Site,
};
use crate::{
    args::PagesArgs,
    cluster::{Cluster, Durability},
    error::Result,
    measure::turns,
    reads::{self, SETTINGS},
    report,
};

const CHANGES: u64 = 1_000_000;
const QUICK_CHANGES: u64 = 100_000;
/// How many readings of a kind of page, at least.
const READINGS: usize = 400;
const QUICK_READINGS: usize = 4;
/// As often as this a page was asked for before it is measured: its plans are settled then, and its data are warm.
const WARM: usize = 7;

/// Measures, and prints what was found.
pub(crate) fn run(args: &PagesArgs) -> Result<()> {
    let outcomes = rt::System::new().block_on(measure(args))?;
    Ok(report::scenarios(&outcomes, args.run.json)?)
}

async fn measure(args: &PagesArgs) -> Result<Vec<Outcome>> {
    let (usual, readings) = match args.run.quick {
        true => (QUICK_CHANGES, QUICK_READINGS),
        false => (CHANGES, READINGS),
    };
    let changes = args.changes.unwrap_or(usual);
    let cluster = Cluster::start(Durability::None, &SETTINGS)?;
    report::progress(cluster.describe());
    report::progress("one process: a worker with a connection, over TCP, and the client");
    report::progress(&format!("making a trail of {changes} changes"));
    let site = Site::serve(reads::trail::make(changes, &cluster).await?)?;
    let mut outcomes = Vec::new();
    for question in questions(site.db()).await? {
        let rounds = readings.div_ceil(question.paths.len());
        let mut found = Vec::new();
        for path in &question.paths {
            found.push(ask(path, rounds, &site).await?);
        }
        outcomes.push(Outcome::new(question.name, changes, &found));
        report::progress(&format!("measured {}", question.name));
    }
    let db = site.stop().await;
    reads::trail::drop(changes, db, &cluster).await?;
    Ok(outcomes)
}

/// Asks for a page and for its statements alone, in turns.
async fn ask(path: &str, rounds: usize, site: &Site) -> Result<Readings> {
    // What a visit keeps for the next ones, as the count of the coverage, is no part of a page.
    site.page(path).await?;
    let statements = site.statements(path).await?;
    let mut found = Readings {
        statements: statements.len(),
        ..Readings::default()
    };
    for round in 0..WARM + rounds {
        for turn in turns(round, 2) {
            let start = Instant::now();
            match turn {
                0 => found.bytes = site.page(path).await?,
                _ => site.bare(&statements).await?,
            }
            let micros = start.elapsed().as_secs_f64() * 1e6;
            if round >= WARM {
                [&mut found.page, &mut found.bare][turn].push(micros);
            }
        }
    }
    Ok(found)
}
