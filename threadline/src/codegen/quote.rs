//! The one place where names become SQL.

/// Quotes an identifier, always.
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text as a literal that reads the same under every `standard_conforming_strings`.
pub fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// Quotes a text of many lines in dollars, with a tag that the text does not hold.
pub(super) fn quote_dollar(text: &str, tag: &str) -> String {
    let mut quote = format!("${tag}$");
    let mut n = 0;
    while text.contains(&quote) {
        n += 1;
        quote = format!("${tag}{n}$");
    }
    format!("{quote}\n{text}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_stay_inside() {
        assert_eq!(quote_ident("we\"ird"), "\"we\"\"ird\"");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(quote_dollar("END ", "tag"), "$tag$\nEND $tag$");
        assert_eq!(
            quote_dollar("a $tag$ b $tag1$ c", "tag"),
            "$tag2$\na $tag$ b $tag1$ c$tag2$"
        );
    }
}
