use threadline::continuity::{Continuity, TableContinuity, continuity};

use crate::{
    args::ContinuityArgs,
    database::Database,
    error::Result,
    output::{Report, visible},
    trail::instant,
};

/// Explains since when the trail knows each table.
///
/// # Errors
/// When the database fails.
pub(super) fn run(args: &ContinuityArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let report = database.read(async |db| continuity(db).await)?;
    Report::answer_of_version(args.output, &report, text)
}

fn text(report: &Continuity) -> String {
    if report.tables.is_empty() {
        return "no table is captured; `cargo threadline gen-triggers` begins\n".to_owned();
    }
    report.tables.iter().map(explain).collect()
}

fn explain(table: &TableContinuity) -> String {
    let name = visible(&table.table.to_string());
    let mut text = format!("{name}\n");
    let mut say = |line: String| text += &format!("  {line}\n");
    if !table.captured {
        say("capture is switched off: what happens now leaves no trace".to_owned());
    }
    say(match table.first_change {
        Some(at) => format!("oldest change: {}", instant(at)),
        None => "no change yet".to_owned(),
    });
    if let Some(at) = table.complete_since {
        say(format!("purged before: {}", instant(at)));
    }
    if let Some(mark) = table.baseline {
        say(format!(
            "baseline: {} rows, ended {}",
            mark.rows,
            instant(mark.at)
        ));
    }
    say(match table.every_row_since {
        Some(at) => format!("every row has an answer since {}", instant(at)),
        None => format!(
            "a row that was there before capture began has an answer since its first change only; \
             `cargo threadline continuity baseline --table '{name}' --execute` gives each one"
        ),
    });
    text
}
