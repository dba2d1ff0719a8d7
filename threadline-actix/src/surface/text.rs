//! Texts of the trail in HTML: what can't be seen is made visible. Pure.

use minijinja::Value;
use threadline::invisible::is_invisible;

/// A text with its invisible characters spelled out, as HTML.
pub(super) fn visible(text: &str) -> Value {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            character if is_hidden(character) => {
                html.push_str(&format!(
                    "<span class=\"ctl\">U+{:04X}</span>",
                    u32::from(character)
                ));
            }
            character => html.push(character),
        }
    }
    Value::from_safe_string(html)
}

/// A text with its invisible characters spelled out, for attributes, which are escaped like any text.
pub(super) fn spelled(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            plain.push_str(&format!("U+{:04X}", u32::from(character)));
        } else {
            plain.push(character);
        }
    }
    plain
}

/// Characters that show nothing, or that make what is around them look like something else. Joiners are parts of words
/// and of signs.
fn is_hidden(character: char) -> bool {
    is_invisible(character)
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'
                | '\u{200e}' | '\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// A number with its thousands apart.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size for people.
pub(super) fn size(bytes: i64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut size = bytes.max(0) as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1000.0 && unit < units.len() - 1 {
        size /= 1024.0;
        unit += 1;
    }
    if size < 10.0 && unit > 0 {
        format!("{size:.1} {}", units[unit])
    } else {
        format!("{size:.0} {}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text_and_what_hides_is_shown() {
        for (text, expected) in [
            ("a b\n\té", "a b\n\té"),
            ("<script>'\"&", "&lt;script&gt;&#x27;&quot;&amp;"),
            ("a\u{202e}b", "a<span class=\"ctl\">U+202E</span>b"),
            ("\u{7}", "<span class=\"ctl\">U+0007</span>"),
            ("\u{200b}", "<span class=\"ctl\">U+200B</span>"),
        ] {
            assert_eq!(visible(text).to_string(), expected);
        }
        assert_eq!(spelled("a\u{202e}<b"), "aU+202E<b");
    }

    #[test]
    fn thousands_are_apart() {
        for (value, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, expected) in [
            (-1, "0 kB"),
            (8192, "8 kB"),
            (1_048_576, "1.0 MB"),
            (52_428_800, "50 MB"),
            (5_368_709_120, "5.0 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
