//! Annotations of a GitHub workflow.

use super::verified::Verified;
use crate::command::health::coverage::reason;

/// One error for each table that is not covered, at its entity where that is known.
pub(super) fn text(verified: &Verified<'_>) -> String {
    let mut text = String::new();
    for table in verified.tables.iter().filter(|table| !table.is_covered()) {
        let place = table.place.map_or_else(String::new, |place| {
            let file = property(&place.path().display().to_string());
            format!("file={file},line={},", place.line())
        });
        let said = format!(
            "table `{}` is not captured: {}",
            table.coverage.name,
            reason(table.coverage)
        );
        text += &format!(
            "::error {place}title=threadline coverage::{}\n",
            data(&said)
        );
    }
    text + &verified.summary() + "\n"
}

/// A message in the form in which a line of output is one command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_end_its_command_or_begin_another() {
        assert_eq!(data("a%\r\n::error::b"), "a%25%0D%0A::error::b");
        assert_eq!(property("C:\\a,b"), "C%3A\\a%2Cb");
    }
}
