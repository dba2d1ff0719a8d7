//! Cells that no spreadsheet takes for a formula.

use std::borrow::Cow;

/// What a cell of a CSV export looks like for a text.
///
/// Spreadsheets calculate what begins with `=`, `+`, `-` or `@`, with a tab or a line break before it,
/// or with the wide form of one of those. Such a cell gets an apostrophe in front; so does one that
/// begins with an apostrophe, so that [`read_cell`] can take it away again.
///
/// ```
/// use threadline::export::{cell, read_cell};
///
/// assert_eq!(cell("=1+1"), "'=1+1");
/// assert_eq!(cell("it's fine"), "it's fine");
/// assert_eq!(read_cell("'=1+1"), "=1+1");
/// ```
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(is_guarded) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// The text of a cell that [`cell`] made.
pub fn read_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

fn is_guarded(first: char) -> bool {
    matches!(
        first,
        '\'' | '='
            | '+'
            | '-'
            | '@'
            | '\t'
            | '\r'
            | '\n'
            | '\u{ff1d}'
            | '\u{ff0b}'
            | '\u{ff0d}'
            | '\u{ff20}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_calculate_begins_with_an_apostrophe() {
        for text in [
            "=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "'=1",
        ] {
            assert_eq!(cell(text), format!("'{text}"));
            assert_eq!(read_cell(&cell(text)), text);
        }
        for text in ["", "1", "{\"a\": 1}", "post.created", "é=1", "a'b"] {
            assert_eq!(cell(text), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            let made = cell(&text);
            prop_assert_eq!(read_cell(&made), text.as_str());
        }
    }
}
