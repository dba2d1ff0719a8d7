use serde::Serialize;
use threadline::{
    Timeline,
    export::{ExportFormat, export},
};

use crate::{
    args::ExportArgs,
    database::Database,
    error::{Error, Result},
    json::json,
    output::Report,
    reading,
    trail::refused_filter,
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
pub(super) fn run(args: &ExportArgs, timeline: &Timeline, format: ExportFormat) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    // Everything is looked through, as the export itself does.
    let count = export(timeline.clone().scan_limit(u64::MAX));
    let count =
        database.read(async |txn| count.count(args.limit, txn).await.map_err(refused_filter))?;
    let estimate = database.run(async |db| {
        let sample = export(timeline.clone()).format(format).limit(SAMPLE);
        let txn = reading::begin(db).await;
        let txn = txn.map_err(|err| Error::Trail(Box::new(err.into())))?;
        let mut exporter = sample.begin_in(txn).await.map_err(refused_filter)?;
        while exporter
            .next_chunk()
            .await
            .map_err(refused_filter)?
            .is_some()
        {}
        let (rows, bytes) = (exporter.rows().max(1), exporter.bytes());
        Ok::<_, Error>(Estimate {
            dry_run: true,
            format,
            rows: count.value,
            cut: count.capped,
            estimated_bytes: bytes.saturating_mul(count.value.max(1)) / rows,
        })
    })?;
    Ok(Report {
        text: if args.summary.json {
            json(&estimate)?
        } else {
            text(&estimate)
        },
        ..Report::default()
    })
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
