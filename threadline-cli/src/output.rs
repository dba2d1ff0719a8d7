//! The only place that prints.
#![expect(clippy::print_stderr, reason = "printing is its job")]

use std::{
    error::Error as StdError,
    io::{self, IsTerminal as _, Write},
    path::PathBuf,
};

use threadline::invisible::escape_invisible;

use crate::{change::ChangeKind, error::Error, exit_code};

/// What a command did, or would do.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What the reader should know about how the result came about.
    pub(crate) warnings: Vec<String>,
    /// What was found to be in order already.
    pub(crate) notes: Vec<String>,
    /// Files written, or to be written.
    pub(crate) files: Vec<ReportedFile>,
    /// Whether nothing was written because it was only a rehearsal.
    pub(crate) dry_run: bool,
    /// What is left for the reader to do.
    pub(crate) next: Vec<String>,
    /// A result that is printed as it stands.
    pub(crate) text: String,
    /// Whether a check found something.
    pub(crate) found: bool,
    /// Whether an export does not hold everything.
    pub(crate) cut: bool,
}

impl Report {
    /// What the process reports to the shell.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.cut {
            exit_code::CUT
        } else if self.found {
            exit_code::REFUSED
        } else {
            exit_code::OK
        }
    }
}

/// One file, by the name people read.
#[derive(Debug)]
pub(crate) struct ReportedFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: ChangeKind,
    pub(crate) text: String,
}

/// Prints the result to standard output and warnings to standard error.
///
/// # Errors
/// When standard output can't be written. A reader that has seen enough, as `head`, is no error.
pub(crate) fn report(report: &Report) -> io::Result<()> {
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(render(report).as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Standard output, for data that is too much for a report.
pub(crate) fn data() -> impl Write {
    io::stdout().lock()
}

/// A bar on the terminal that says how far a long work is. Where standard error is no terminal, it
/// shows nothing.
pub(crate) struct Progress(indicatif::ProgressBar);

impl Progress {
    /// Whether anybody sees it.
    pub(crate) fn is_shown() -> bool {
        io::stderr().is_terminal()
    }

    /// Shows it.
    pub(crate) fn begin() -> Self {
        let template = "{bar:30} {human_pos} of about {human_len} rows, {per_sec}, {eta} left";
        let style = indicatif::ProgressStyle::with_template(template);
        let bar = indicatif::ProgressBar::new(0);
        bar.set_style(style.expect("a constant template that reads"));
        Self(bar)
    }

    /// Moves it. The length is a guess, and so never less than what was done.
    pub(crate) fn set(&self, done: u64, about: u64) {
        self.0.set_length(about.max(done));
        self.0.set_position(done);
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// Prints what clap has to say and returns the exit code: help and version were asked for.
pub(crate) fn usage(error: &clap::Error) -> u8 {
    // Nothing is left to tell when even the terminal is gone.
    let _ = error.print();
    if error.use_stderr() {
        exit_code::USAGE
    } else {
        exit_code::OK
    }
}

/// Prints an error, each cause once, and what to do about it.
pub(crate) fn error(error: &Error) {
    eprintln!("{}", chain(error));
    if let Some(help) = error.help() {
        eprintln!("help: {help}");
    }
}

fn render(report: &Report) -> String {
    let mut text = String::new();
    for note in &report.notes {
        text += &format!("{note}\n");
    }
    for file in &report.files {
        let path = file.path.display();
        let (done, planned) = match file.kind {
            ChangeKind::Create => ("created", "would create"),
            ChangeKind::Edit { .. } => ("changed", "would change"),
        };
        if !report.dry_run {
            text += &format!("{done} {path}\n");
            continue;
        }
        text += &format!("{planned} {path}\n");
        let lines: Vec<&str> = match &file.kind {
            ChangeKind::Create => file.text.lines().collect(),
            ChangeKind::Edit { added, .. } => added.iter().map(String::as_str).collect(),
        };
        for line in lines {
            text += format!("    {line}").trim_end();
            text += "\n";
        }
    }
    for next in &report.next {
        text += &format!("{next}\n");
    }
    text + &report.text
}

/// A text in which nothing breaks the line or hides: names of tables may hold anything.
pub(crate) fn visible(text: &str) -> String {
    escape_invisible(text, |c| c.escape_unicode().to_string())
}

/// Columns under their headings, as wide as they have to be.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = bare(rows);
    table.set_header(headings);
    lines(&table)
}

/// Columns without headings, as wide as they have to be.
pub(crate) fn columns<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    lines(&bare(rows))
}

fn bare<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Disabled)
        .add_rows(rows.into_iter().map(|row| row.map(|cell| visible(&cell))));
    table
}

fn lines(table: &comfy_table::Table) -> String {
    let lines = table.lines().map(|line| format!("{}\n", line.trim()));
    lines.collect()
}

/// The message of an error and of its causes, one a line. A cause whose text the line above
/// already ends with is left out: many libraries repeat it.
fn chain(error: &dyn StdError) -> String {
    let mut text = format!("error: {error}");
    let mut above = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !above.ends_with(message.trim_end()) {
            text += &format!(
                "\n  caused by: {}",
                message.trim_end().replace('\n', "\n    ")
            );
            above = message;
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (text, rest) = texts.split_first().unwrap();
        let source = (!rest.is_empty()).then(|| Box::new(layers(rest)));
        Layer { text, source }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            ["a".to_owned(), "é".to_owned()],
            ["long".to_owned(), String::new()],
            ["b".to_owned(), "c\nd".to_owned()],
        ];
        assert_eq!(
            table(["X", "Y"], rows),
            "X     Y\na     é\nlong\nb     c\\u{a}d\n"
        );
    }

    #[test]
    fn every_cause_is_printed_once() {
        let error = layers(&["outer", "driver: refused", "refused", "os error 2"]);
        assert_eq!(
            chain(&error),
            "error: outer\n  caused by: driver: refused\n  caused by: os error 2"
        );
    }

    #[test]
    fn a_rehearsal_shows_new_files_whole_and_changed_ones_by_their_new_lines() {
        let mut report_ = Report {
            notes: vec!["`tags` is up to date".to_owned()],
            files: vec![
                ReportedFile {
                    path: "m1.rs".into(),
                    kind: ChangeKind::Create,
                    text: "one\n\ntwo\n".to_owned(),
                },
                ReportedFile {
                    path: "lib.rs".into(),
                    kind: ChangeKind::Edit {
                        before: String::new(),
                        added: vec!["mod m1;".to_owned()],
                    },
                    text: String::new(),
                },
            ],
            dry_run: true,
            ..Report::default()
        };
        let rehearsal = render(&report_);
        report_.dry_run = false;
        insta::assert_snapshot!(format!("{rehearsal}---\n{}", render(&report_)));
    }
}
