//! Characters that can't be seen or that act on what shows them. Pure; not part of the interface.

/// Control characters other than line feed and tab, and those that separate lines or change the
/// direction of text.
pub fn is_invisible(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

/// Replaces every character that acts on what shows it, line feed and tab included.
pub fn escape_invisible(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) || character.is_control() {
            escaped.push_str(&escape(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}
