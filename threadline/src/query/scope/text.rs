//! Whether SQL written by a host stays within the parentheses put around it. Pure.
//!
//! Stricter than PostgreSQL where that is simpler: comments and semicolons are refused, so that
//! only quotes and parentheses have to be followed.

/// What would reach beyond the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("a closing parenthesis without its opening one")]
    Closes,
    #[error("a parenthesis that is not closed")]
    Open,
    #[error("a quote that is not closed")]
    Quote,
    #[error("a comment")]
    Comment,
    #[error("a semicolon")]
    Semicolon,
    #[error("a NUL character")]
    Nul,
}

/// Checks one expression.
pub(super) fn check(sql: &str) -> Result<(), Flaw> {
    let bytes = sql.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        at = match byte {
            0 => return Err(Flaw::Nul),
            b'\'' => quoted(bytes, at, is_escape(bytes, at))?,
            b'"' => quoted(bytes, at, false)?,
            b'$' => dollar(sql, at)?,
            b';' => return Err(Flaw::Semicolon),
            b'-' if next == Some(b'-') => return Err(Flaw::Comment),
            b'/' if next == Some(b'*') => return Err(Flaw::Comment),
            b'(' => {
                depth += 1;
                at + 1
            }
            b')' => {
                depth = depth.checked_sub(1).ok_or(Flaw::Closes)?;
                at + 1
            }
            _ => at + 1,
        };
    }
    if depth == 0 { Ok(()) } else { Err(Flaw::Open) }
}

/// Whether a literal that begins here is one of those in which a backslash escapes.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| bytes[at]);
    matches!(before(1), Some(b'e' | b'E')) && !before(2).is_some_and(is_word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// The place behind a quoted text. A doubled quote ends one text and begins another, which comes
/// to the same.
fn quoted(bytes: &[u8], start: usize, escapes: bool) -> Result<usize, Flaw> {
    let quote = bytes[start];
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return Err(Flaw::Quote),
            Some(0) => return Err(Flaw::Nul),
            Some(b'\\') if escapes => at += 2,
            Some(&byte) if byte == quote && escapes && bytes.get(at + 1) == Some(&quote) => at += 2,
            Some(&byte) if byte == quote => return Ok(at + 1),
            Some(_) => at += 1,
        }
    }
}

/// The place behind a dollar-quoted text, or behind the dollar where it begins none.
fn dollar(sql: &str, start: usize) -> Result<usize, Flaw> {
    let bytes = sql.as_bytes();
    // Within a word, or before a parameter's number, it begins no quote.
    if start > 0 && is_word(bytes[start - 1]) {
        return Ok(start + 1);
    }
    let mut end = start + 1;
    while bytes
        .get(end)
        .is_some_and(|&byte| byte != b'$' && is_word(byte))
    {
        end += 1;
    }
    let begins = bytes.get(end) == Some(&b'$') && !bytes[start + 1].is_ascii_digit();
    if !begins {
        return Ok(start + 1);
    }
    let tag = &sql[start..=end];
    match sql[end + 1..].find(tag) {
        Some(found) => Ok(end + 1 + found + tag.len()),
        None => Err(Flaw::Quote),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_closed_in_itself() {
        for sql in [
            "a = 1",
            "(a = $1 OR b = ($2)) AND c ->> 'x' = 'it''s ) fine'",
            r#""a)b" = 1"#,
            r"a = E'\') -- not a comment' AND (b)",
            "a = E'x''y)' AND b",
            "a = $tag$ ) ' -- $tag$",
            "a = $$ ) $$",
            "a$b = $1",
            "note = 'a--b;c/*d'",
            "a -> 'x' - 1 > 2 / 3",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn what_reaches_beyond_is_found() {
        for (sql, flaw) in [
            ("a) OR (b", Flaw::Closes),
            ("(a", Flaw::Open),
            ("a = 'x", Flaw::Quote),
            (r#"a = "x"#, Flaw::Quote),
            (r"a = E'\'", Flaw::Quote),
            ("a = $x$ b", Flaw::Quote),
            ("a -- b", Flaw::Comment),
            ("a /* b */", Flaw::Comment),
            ("a; b", Flaw::Semicolon),
            // A backslash escapes nothing in an ordinary literal.
            (r"a = '\') OR (true", Flaw::Closes),
            // The digit begins a parameter, so that the parenthesis counts.
            ("a = $1$ ) $1$", Flaw::Closes),
            ("a\0", Flaw::Nul),
        ] {
            assert_eq!(check(sql), Err(flaw), "{sql}");
        }
    }
}
