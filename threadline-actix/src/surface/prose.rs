//! Messages of the library in HTML: what stands between backticks is code. Pure.

use minijinja::Value;

use super::text::visible;

/// A message as HTML.
pub(super) fn prose(text: &str) -> Value {
    let pieces: Vec<_> = text.split('`').collect();
    // One that has no other to close it is a character like any.
    let paired = pieces.len() - 1 + pieces.len() % 2;
    let mut html = String::with_capacity(text.len() + 16);
    for (place, piece) in pieces.iter().enumerate() {
        let shown = visible(piece);
        let shown = shown.as_str().unwrap_or_default();
        match (place % 2 == 1, place < paired) {
            (true, true) => html.push_str(&format!("<code><bdi>{shown}</bdi></code>")),
            (true, false) => html.push_str(&format!("`{shown}")),
            _ => html.push_str(shown),
        }
    }
    Value::from_safe_string(html)
}

/// A message as a sentence of a page.
pub(super) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_uppercase());
    let rest = characters.as_str();
    first.map_or_else(String::new, |first| format!("{first}{rest}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, html: &str) {
        assert_eq!(prose(text).as_str(), Some(html));
    }

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_is_markup() {
        is("plain", "plain");
        is("", "");
        is("table `posts` it", "table <code><bdi>posts</bdi></code> it");
        is(
            "`a` and `<b>`",
            "<code><bdi>a</bdi></code> and <code><bdi>&lt;b&gt;</bdi></code>",
        );
        is("one ` alone", "one ` alone");
        is("`a` b `c", "<code><bdi>a</bdi></code> b `c");
        is(
            "`\u{202e}`",
            "<code><bdi><span class=\"ctl\">U+202E</span></bdi></code>",
        );
    }

    #[test]
    fn a_message_becomes_a_sentence() {
        assert_eq!(sentence("`posts`: é"), "`posts`: é.");
        assert_eq!(sentence("the role"), "The role.");
        assert_eq!(sentence(""), "");
    }
}
