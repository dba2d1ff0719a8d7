use serde::Serialize;
use threadline::export::{ExportFormat, export};

use super::run::exported;
use crate::{
    args::ExportArgs,
    database::Database,
    error::{Error, Result},
    output::Report,
    reading,
    trail::refused,
};

/// How many changes are written to memory to see how large one is.
const SAMPLE: u64 = 500;

#[derive(Serialize)]
struct Estimate {
    dry_run: bool,
    format: ExportFormat,
    rows: u64,
    /// Whether there are more than the limit.
    cut: bool,
    estimated_bytes: u64,
}

/// Counts what an export would hold, and guesses its size from the newest of it.
///
/// # Errors
/// When a filter can't be used, or the database fails.
pub(super) fn run(args: &ExportArgs, format: ExportFormat) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let refused = refused(&args.filter);
    let (timeline, count) = database.read(async |txn| {
        let timeline = exported(args, txn).await?;
        // Everything is looked through, as the export itself does.
        let all = export(timeline.clone().scan_limit(u64::MAX));
        let count = all.count(args.limit, txn).await.map_err(&refused)?;
        Ok::<_, Error>((timeline, count))
    })?;
    let estimate = database.run(async |db| {
        let sample = export(timeline).format(format).limit(SAMPLE);
        let exporter = sample.begin_in(reading::begin(db).await?).await;
        let mut exporter = exporter.map_err(&refused)?;
        while exporter.next_chunk().await.map_err(&refused)?.is_some() {}
        let (rows, bytes) = (exporter.rows().max(1), exporter.bytes());
        Ok::<_, Error>(Estimate {
            dry_run: true,
            format,
            rows: count.value,
            cut: count.capped,
            estimated_bytes: bytes.saturating_mul(count.value.max(1)) / rows,
        })
    })?;
    Report::answer(args.summary, &estimate, text)
}

fn text(estimate: &Estimate) -> String {
    let Estimate {
        rows,
        format,
        estimated_bytes,
        ..
    } = estimate;
    let cut = if estimate.cut {
        "there are more: it would be cut there\n"
    } else {
        ""
    };
    format!("{rows} changes would be exported, about {estimated_bytes} bytes of {format}\n{cut}")
}
