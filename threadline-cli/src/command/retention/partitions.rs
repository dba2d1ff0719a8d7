use threadline::retention::{KeptPartition, PartitionPlan, PartitionRun, partitions};

use super::size;
use crate::{
    args::RetentionPartitionsArgs,
    error::Result,
    output::{Report, visible},
};

/// Makes and drops months, or says which.
///
/// # Errors
/// When there is no policy, another run goes on, or the database fails.
pub(super) fn run(args: &RetentionPartitionsArgs) -> Result<Report> {
    let (database, policy) = super::open(&args.connection)?;
    let prepared = partitions(&policy).months_ahead(args.ahead);
    if args.execution.execute {
        let done = database.run(async |db| prepared.run(db).await)?;
        Report::answer(args.output, &done, done_text)
    } else {
        let plan = database.read(async |db| prepared.preview(db).await)?;
        Report::answer(args.output, &plan, plan_text)
    }
}

fn plan_text(plan: &PartitionPlan) -> String {
    let mut text = String::new();
    for name in &plan.create {
        text += &format!("would make {name}\n");
    }
    for month in &plan.drop {
        text += &format!("would drop {} ({})\n", month.name, size(month.bytes));
    }
    text + &kept_text(&plan.keep)
        + if plan.create.is_empty() && plan.drop.is_empty() {
            "nothing to make or to drop\n"
        } else {
            ""
        }
}

fn done_text(done: &PartitionRun) -> String {
    let mut text = format!("made {} partitions\n", done.created);
    for name in &done.dropped {
        text += &format!("dropped {name}\n");
    }
    text += &kept_text(&done.kept);
    if let Some(run) = &done.run {
        text += &format!(
            "run {}: {} changes, {} transactions and {} actions are gone\n",
            run.id, run.deleted_changes, run.deleted_transactions, run.deleted_actions
        );
    }
    text
}

fn kept_text(kept: &[KeptPartition]) -> String {
    let line = |month: &KeptPartition| {
        format!(
            "{} stays: it has a change of {} that is held, is the last of a live row, or ends a row that has older ones\n",
            month.name,
            visible(&month.because_of.to_string())
        )
    };
    kept.iter().map(line).collect()
}
