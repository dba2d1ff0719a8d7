//! The only place that prints.
#![expect(clippy::print_stderr, reason = "printing is its job")]

use std::{
    error::Error as StdError,
    io::{self, IsTerminal as _, Write},
    path::PathBuf,
};

use serde::Serialize;
use threadline::invisible::escape_invisible;

use crate::{
    args::OutputArgs,
    change::ChangeKind,
    error::{Error, Result},
    exit_code,
    json::{json, json_of_version},
};

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
    /// An answer: JSON for programs, text for people.
    ///
    /// # Errors
    /// When what the trail holds is no JSON.
    pub(crate) fn answer<T: Serialize>(
        output: OutputArgs,
        result: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<Self> {
        let text = if output.json {
            json(result)?
        } else {
            text(result)
        };
        Ok(Self::of(text))
    }

    /// As [`answer`](Self::answer), of a result of the library that has its own `schema_version`.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub(crate) fn answer_of_version<T: Serialize>(
        output: OutputArgs,
        result: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<Self> {
        let text = if output.json {
            json_of_version(result)?
        } else {
            text(result)
        };
        Ok(Self::of(text))
    }

    /// A text and nothing else.
    pub(crate) fn of(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

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
        eprintln!("warning: {}", visible(warning));
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

    /// Shows it, until it is dropped, with the name of what is counted.
    pub(crate) fn begin(counted: &'static str) -> Self {
        let template = "{bar:30} {human_pos} of about {human_len} {msg}, {per_sec}, {eta} left";
        let style = indicatif::ProgressStyle::with_template(template);
        let bar = indicatif::ProgressBar::new(0);
        bar.set_style(style.expect("a constant template that reads"));
        bar.set_message(counted);
        Self(bar)
    }

    /// Moves it. The length is a guess, and so never less than what was done.
    pub(crate) fn set(&self, done: u64, about: u64) {
        self.0.set_length(about.max(done));
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
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
        eprintln!("help: {}", visible_lines(&help));
    }
}

fn render(report: &Report) -> String {
    let mut text = String::new();
    for note in &report.notes {
        text += &format!("{}\n", visible(note));
    }
    for file in &report.files {
        let path = visible(&file.path.display().to_string());
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
        text += &format!("{}\n", visible(next));
    }
    text + &report.text
}

/// A text in which nothing breaks the line or hides: names of tables may hold anything.
pub(crate) fn visible(text: &str) -> String {
    escape_invisible(text, |c| c.escape_unicode().to_string())
}

/// As [`visible`], of a text of several lines.
fn visible_lines(text: &str) -> String {
    let line = |line: &str| visible(&line.replace('\t', "    "));
    let lines: Vec<_> = text.lines().map(line).collect();
    lines.join("\n")
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

/// An error and its causes, each under the other.
fn chain(error: &dyn StdError) -> String {
    let messages: Vec<_> = messages(error)
        .iter()
        .map(|message| visible_lines(message).replace('\n', "\n    "))
        .collect();
    format!("error: {}", messages.join("\n  caused by: "))
}

/// An error and its causes in one line.
pub(crate) fn one_line(error: &dyn StdError) -> String {
    messages(error).join(": ")
}

/// The messages of an error and of its causes. A cause whose text the one above already ends with is
/// left out: many libraries repeat it.
fn messages(error: &dyn StdError) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let message = error.to_string().trim_end().to_owned();
        if !messages
            .last()
            .is_some_and(|above| above.ends_with(&message))
        {
            messages.push(message);
        }
        next = error.source();
    }
    messages
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
        assert_eq!(one_line(&error), "outer: driver: refused: os error 2");
    }

    #[test]
    fn nothing_that_a_name_holds_acts_on_the_terminal() {
        let error = layers(&["table `a\u{1b}[31m`", "two\nlines\u{202e}"]);
        assert_eq!(
            chain(&error),
            "error: table `a\\u{1b}[31m`\n  caused by: two\n    lines\\u{202e}"
        );
        let report = Report {
            notes: vec!["`a\u{1b}[2J` is up to date".to_owned()],
            ..Report::of("as it stands\n".to_owned())
        };
        assert_eq!(
            render(&report),
            "`a\\u{1b}[2J` is up to date\nas it stands\n"
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
