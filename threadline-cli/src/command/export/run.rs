use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use serde::Serialize;
use threadline::{
    PageToken, Timeline,
    export::{CutBy, Export, ExportEnd, ExportFormat, Exporter, export, export_evidence},
};

use super::{
    dry_run,
    part::{ExportFileError, PartFile},
};
use crate::{
    args::ExportArgs,
    database::Database,
    error::{Error, Result},
    json::json,
    output::{self, Progress, Report},
    reading,
    trail::{filtered, refused_filter},
};

/// How long at most until what was written is noted, so that it need not be written again.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// What was written.
#[derive(Serialize)]
struct Summary {
    file: PathBuf,
    format: ExportFormat,
    rows: u64,
    bytes: u64,
    complete: bool,
    cut_by: Option<CutBy>,
    next: Option<PageToken>,
    snapshot_at: DateTime<Utc>,
    snapshots: u32,
    sha256: String,
    /// The number of the evidence; `None` for a role that may only read.
    evidence: Option<i64>,
}

/// Writes the export, or says what it would be.
///
/// # Errors
/// When a filter can't be used, or the database or the file fails.
pub(crate) fn run(args: &ExportArgs) -> Result<Report> {
    let mut timeline = filtered(&args.filter);
    if let Some(token) = &args.after {
        timeline = timeline.after(token.clone());
    }
    let format = format(args);
    if args.dry_run {
        return dry_run::run(args, &timeline, format);
    }
    match &args.output {
        Some(path) => to_file(args, &timeline, format, path),
        None => to_stdout(args, &timeline, format),
    }
}

fn format(args: &ExportArgs) -> ExportFormat {
    if let Some(format) = args.format {
        return format.into();
    }
    let ending = args.output.as_deref().and_then(Path::extension);
    let ending = ending.and_then(|ending| ending.to_str());
    ending
        .and_then(|ending| ending.parse().ok())
        .unwrap_or_default()
}

fn to_stdout(args: &ExportArgs, timeline: &Timeline, format: ExportFormat) -> Result<Report> {
    if args.summary.json {
        return Err(Error::Filter {
            option: "--json".to_owned(),
            reason:
                "it prints a summary, and standard output holds the export; add `--output FILE`"
                    .to_owned(),
        });
    }
    let database = Database::open(&args.connection)?;
    let end = database.run(async |db| {
        let prepared = export(timeline.clone()).format(format).limit(args.limit);
        let txn = begin(db).await?;
        let mut exporter = prepared.begin_in(txn).await.map_err(refused_filter)?;
        let mut out = output::data();
        while let Some(chunk) = exporter.next_chunk().await.map_err(refused_filter)? {
            match out.write_all(&chunk).and_then(|()| out.flush()) {
                // A reader that has seen enough, as `head`, is no error.
                Err(err) if err.kind() == io::ErrorKind::BrokenPipe => return Ok(None),
                written => written.map_err(Error::Print)?,
            }
        }
        Ok::<_, Error>(exporter.end().cloned())
    })?;
    let cut = end.as_ref().and_then(|end| end.next.as_ref());
    Ok(Report {
        warnings: cut.map(|next| cut_text(args, next)).into_iter().collect(),
        cut: cut.is_some(),
        ..Report::default()
    })
}

fn to_file(
    args: &ExportArgs,
    timeline: &Timeline,
    format: ExportFormat,
    path: &Path,
) -> Result<Report> {
    let mut part = if args.resume {
        PartFile::resume(path, args.overwrite)?
    } else {
        PartFile::create(path, args.overwrite)?
    };
    let mut report = Report::default();
    if part.begun_again {
        report.warnings.push(format!(
            "an export of `{}` was interrupted before; it was begun again, `--resume` would have gone on",
            path.display()
        ));
    }
    let database = Database::open(&args.connection)?;
    let summary = database.run(async |db| {
        let prepared = export(timeline.clone()).format(format).limit(args.limit);
        let mut exporter = match part.checkpoint.take() {
            Some(checkpoint) => Export::resume_in(checkpoint, begin(db).await?).await,
            None => prepared.begin_in(begin(db).await?).await,
        }
        .map_err(refused_filter)?;
        let about = if Progress::is_shown() {
            let count = export(timeline.clone().scan_limit(u64::MAX));
            let txn = begin(db).await?;
            count
                .count(args.limit, &txn)
                .await
                .map_err(refused_filter)?
                .value
        } else {
            0
        };
        let end = write(&mut exporter, &mut part, about).await?;
        let (bytes, sha256) = part.finish(exporter.sha256())?;
        let evidence = export_evidence(&end, bytes, &sha256);
        let evidence = reading::record(evidence, db)
            .await
            .map_err(refused_filter)?;
        Ok::<_, Error>(Summary {
            file: path.to_owned(),
            format: end.head.format,
            rows: end.rows,
            bytes,
            complete: end.complete,
            cut_by: end.cut_by,
            next: end.next,
            snapshot_at: end.head.snapshot_at,
            snapshots: end.snapshots,
            sha256,
            evidence,
        })
    })?;
    report.cut = !summary.complete;
    report.text = if args.summary.json {
        json(&summary)?
    } else {
        text(args, &summary)
    };
    Ok(report)
}

async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction> {
    let txn = reading::begin(db).await;
    txn.map_err(|err| Error::Trail(Box::new(err.into())))
}

async fn write(
    exporter: &mut Exporter<DatabaseTransaction>,
    part: &mut PartFile,
    about: u64,
) -> Result<ExportEnd> {
    let bar = Progress::begin();
    let mut noted: Option<Instant> = None;
    while let Some(chunk) = exporter.next_chunk().await.map_err(refused_filter)? {
        part.write(&chunk)?;
        bar.set(exporter.rows(), about);
        if noted.is_none_or(|at| at.elapsed() >= CHECKPOINT)
            && let Some(checkpoint) = exporter.checkpoint()
        {
            part.note(&checkpoint)?;
            noted = Some(Instant::now());
        }
    }
    bar.end();
    match exporter.end() {
        Some(end) => Ok(end.clone()),
        None => Err(ExportFileError::NoEnd.into()),
    }
}

fn text(args: &ExportArgs, summary: &Summary) -> String {
    let Summary {
        file,
        rows,
        bytes,
        sha256,
        ..
    } = summary;
    let mut text = format!(
        "{rows} changes in {}, {bytes} bytes, sha256 {sha256}\n",
        file.display()
    );
    match summary.evidence {
        Some(id) => text += &format!("evidence {id}\n"),
        None => text += "no evidence: this role may only read the trail\n",
    }
    if let Some(next) = &summary.next {
        text += &cut_text(args, next);
        text += "\n";
    }
    text
}

fn cut_text(args: &ExportArgs, next: &PageToken) -> String {
    let mut text = "cut at its limit; the rest: the same filters with".to_owned();
    for (option, at) in [("--from", args.filter.from), ("--to", args.filter.to)] {
        if let Some(at) = at {
            text += &format!(" {option} {}", crate::trail::instant(at));
        }
    }
    text + &format!(" --after {next}")
}
