//! Text edits at byte offsets.

use std::ops::Range;

/// Replaces `range` by `text`; an empty range inserts.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Edit {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self {
            range: at..at,
            text: text.into(),
        }
    }
}

/// Applies edits that do not overlap. They go from the end to the start, so that no edit moves
/// the offsets of another; of several at one offset the first in the list comes first in the text.
pub(super) fn apply(source: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut text = source.to_owned();
    for edit in edits.into_iter().rev() {
        text.replace_range(edit.range, &edit.text);
    }
    text
}

/// The offset at which the line of `at` starts.
pub(super) fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The offset behind the line of `at`, its line break included.
pub(super) fn line_end(source: &str, at: usize) -> usize {
    source[at..]
        .find('\n')
        .map_or(source.len(), |newline| at + newline + 1)
}

/// The white space in front of the first word of the line of `at`.
pub(super) fn indent(source: &str, at: usize) -> &str {
    let line = &source[line_start(source, at)..];
    let width = line.len() - line.trim_start_matches([' ', '\t']).len();
    &line[..width]
}

/// Whether only white space stands between the start of the line and `at`.
pub(super) fn starts_line(source: &str, at: usize) -> bool {
    source[line_start(source, at)..at].trim().is_empty()
}

/// The line break the file uses.
pub(super) fn line_break(source: &str) -> &'static str {
    let breaks = source.matches('\n').count();
    if breaks > 0 && source.matches("\r\n").count() * 2 >= breaks {
        "\r\n"
    } else {
        "\n"
    }
}
