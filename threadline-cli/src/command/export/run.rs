use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
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
    output::{self, Progress, Report, one_line},
    reading,
    trail::{filtered, go_on, refused},
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
    /// The number of the evidence; `None` where none could be recorded.
    evidence: Option<i64>,
}

/// Writes the export, or says what it would be.
///
/// # Errors
/// When a filter can't be used, or the database or the file fails.
pub(crate) fn run(args: &ExportArgs) -> Result<Report> {
    let format = format(args);
    if args.dry_run {
        return dry_run::run(args, format);
    }
    match &args.output {
        Some(path) => to_file(args, format, path),
        None => to_stdout(args, format),
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

/// What the options ask for, from where another export was cut.
pub(super) async fn exported<C: ConnectionTrait>(args: &ExportArgs, db: &C) -> Result<Timeline> {
    let timeline = filtered(&args.filter, db).await?;
    Ok(match &args.after {
        Some(token) => timeline.after(token.clone()),
        None => timeline,
    })
}

fn to_stdout(args: &ExportArgs, format: ExportFormat) -> Result<Report> {
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
        let mut exporter = begin(args, format, db).await?;
        let mut out = output::data();
        while let Some(chunk) = exporter.next_chunk().await? {
            match out.write_all(&chunk).and_then(|()| out.flush()) {
                // A reader that has seen enough, as `head`, is no error.
                Err(err) if err.kind() == io::ErrorKind::BrokenPipe => return Ok(None),
                written => written.map_err(Error::Print)?,
            }
        }
        end(&exporter).map(Some)
    })?;
    let cut = end.as_ref().and_then(cut_text);
    Ok(Report {
        cut: cut.is_some(),
        warnings: cut.into_iter().collect(),
        ..Report::default()
    })
}

fn to_file(args: &ExportArgs, format: ExportFormat, path: &Path) -> Result<Report> {
    PartFile::check(path, args.overwrite)?;
    let database = Database::open(&args.connection)?;
    database.run(async |db| {
        let (mut exporter, resumed) = if args.resume {
            let (part, checkpoint) = PartFile::resume(path, args.overwrite)?;
            let txn = reading::begin(db).await?;
            let exporter = Export::resume_in(checkpoint, txn).await;
            (exporter.map_err(|err| part.refused(err))?, Some(part))
        } else {
            (begin(args, format, db).await?, None)
        };
        let about = about(&exporter, db).await?;
        let (part, end) = write(&mut exporter, resumed, args, path, about).await?;
        let mut warnings = Vec::new();
        if part.begun_again {
            warnings.push(format!(
                "an export of `{}` was interrupted before; it was begun again, `--resume` would have gone on",
                path.display()
            ));
        }
        let (bytes, sha256) = part.finish(exporter.sha256())?;
        // The file is whole and has its name: from here on nothing makes the export a failure.
        let recorded = reading::record(export_evidence(&end, bytes, &sha256), db).await;
        let (evidence, said) = match recorded {
            Ok(Some(id)) => (Some(id), format!("evidence {id}")),
            Ok(None) => (
                None,
                "no evidence: this role or this server may only read the trail".to_owned(),
            ),
            Err(err) => {
                let reason = one_line(&err);
                warnings.push(format!("the evidence of the export was not recorded: {reason}"));
                (None, "no evidence".to_owned())
            }
        };
        let cut = cut_text(&end);
        let summary = Summary {
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
        };
        Ok::<_, Error>(Report {
            warnings,
            cut: cut.is_some(),
            ..Report::answer(args.summary, &summary, |summary| {
                text(summary, &said, cut.as_deref())
            })?
        })
    })
}

/// Begins an export. What the options name is looked up before the export takes its snapshot.
async fn begin(
    args: &ExportArgs,
    format: ExportFormat,
    db: &DatabaseConnection,
) -> Result<Exporter<DatabaseTransaction>> {
    let txn = reading::begin(db).await?;
    let timeline = exported(args, &txn).await?;
    txn.rollback().await?;
    let export = export(timeline).format(format).limit(args.limit);
    let exporter = export.begin_in(reading::begin(db).await?).await;
    exporter.map_err(refused(&args.filter))
}

/// How many changes the export will hold about, for somebody who watches it.
async fn about(exporter: &Exporter<DatabaseTransaction>, db: &DatabaseConnection) -> Result<u64> {
    if !Progress::is_shown() {
        return Ok(0);
    }
    let head = exporter.head();
    let mut timeline = Timeline::try_from(head.filters.clone())?.scan_limit(u64::MAX);
    if let Some(token) = &head.after {
        timeline = timeline.after(token.clone());
    }
    let txn = reading::begin(db).await?;
    let cap = head.limit.unwrap_or(u64::MAX);
    let count = export(timeline).count(cap, &txn).await?;
    txn.rollback().await?;
    Ok(count.value)
}

/// Writes all chunks. An earlier export that was interrupted is thrown away when the first one is there,
/// not before: an export that can't even begin leaves it.
async fn write(
    exporter: &mut Exporter<DatabaseTransaction>,
    mut part: Option<PartFile>,
    args: &ExportArgs,
    path: &Path,
    about: u64,
) -> Result<(PartFile, ExportEnd)> {
    let bar = Progress::begin("changes");
    let mut noted: Option<Instant> = None;
    while let Some(chunk) = exporter.next_chunk().await.map_err(refused(&args.filter))? {
        let part = match &mut part {
            Some(part) => part,
            None => part.insert(PartFile::create(path, args.overwrite)?),
        };
        part.write(&chunk)?;
        bar.set(exporter.rows(), about);
        if noted.is_none_or(|at| at.elapsed() >= CHECKPOINT)
            && let Some(checkpoint) = exporter.checkpoint()
        {
            part.note(&checkpoint)?;
            noted = Some(Instant::now());
        }
    }
    Ok((part.ok_or(ExportFileError::NoEnd)?, end(exporter)?))
}

fn end(exporter: &Exporter<DatabaseTransaction>) -> Result<ExportEnd> {
    let end = exporter.end().cloned();
    Ok(end.ok_or(ExportFileError::NoEnd)?)
}

fn text(summary: &Summary, evidence: &str, cut: Option<&str>) -> String {
    let Summary {
        file,
        rows,
        bytes,
        sha256,
        ..
    } = summary;
    let mut text = format!(
        "{rows} changes in {}, {bytes} bytes, sha256 {sha256}\n{evidence}\n",
        file.display()
    );
    if let Some(cut) = cut {
        text += &format!("{cut}\n");
    }
    text
}

/// How to get the rest, if there is one.
fn cut_text(end: &ExportEnd) -> Option<String> {
    let (from, to) = end.head.filters.bounds();
    let next = end.next.as_ref()?;
    let go_on = go_on(from, to, next);
    Some(format!("cut at its limit; the rest: {go_on}"))
}
