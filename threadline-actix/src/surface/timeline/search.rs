//! The search box: `actor:user:42 table:posts op:delete since:7d`, the same filter in words. Pure.

use super::filter::Filter;
use crate::surface::{failure::Failure, links::name_part, parameters::Parameters};

/// The parameter of the search box.
pub(crate) const NAME: &str = "q";

/// The words before the colons, and the parameters that they mean.
const QUALIFIERS: [(&str, &str); 13] = [
    ("table", "table"),
    ("key", "key"),
    ("schema", "schema"),
    ("op", "op"),
    ("actor", "actor"),
    ("action", "action"),
    ("correlation", "correlation"),
    ("request", "request"),
    ("column", "column"),
    ("since", "from"),
    ("until", "to"),
    ("from", "from"),
    ("to", "to"),
];

/// Reads what somebody typed.
///
/// # Errors
/// Names the word that means nothing.
pub(crate) fn parse(text: &str) -> Result<Filter, Failure> {
    let words = words(text)?;
    let has_schema = words.iter().any(|word| word.text.starts_with("schema:"));
    let mut pairs: Vec<(String, String)> = Vec::new();
    for word in words {
        let (parameter, value) = qualified(&word)?;
        // Between quotes a dot is a part of the name, and ends no schema.
        let value = if parameter == "table" && word.quoted && !has_schema {
            name_part(value)
        } else {
            value.to_owned()
        };
        pairs.push((parameter.to_owned(), value));
    }
    let mut parameters = Parameters::from_pairs(pairs).map_err(in_words)?;
    let filter = Filter::read(&mut parameters).map_err(in_words)?;
    Ok(filter)
}

/// Writes a filter as somebody would type it.
pub(crate) fn format(filter: &Filter) -> String {
    let words: Vec<_> = filter
        .pairs()
        .into_iter()
        .map(|(parameter, value)| {
            let known = QUALIFIERS.iter().find(|(_, known)| *known == parameter);
            let name = known.map_or(parameter, |(name, _)| name);
            let table = filter.table.clone().filter(|_| parameter == "table");
            let value = table.unwrap_or(value);
            format!("{name}:{}", quoted(parameter, &value))
        })
        .collect();
    words.join(" ")
}

/// One word: what stands before its first colon, and the rest without quotes.
struct Word {
    text: String,
    quoted: bool,
}

/// Splits at white space outside of quotes. In quotes a backslash keeps a quote or a backslash.
fn words(text: &str) -> Result<Vec<Word>, Failure> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest
            .next_if(|character| character.is_whitespace())
            .is_some()
        {}
        if rest.peek().is_none() {
            return Ok(words);
        }
        let mut word = Word {
            text: String::new(),
            quoted: false,
        };
        let mut inside = false;
        while let Some(character) = rest.next_if(|next| inside || !next.is_whitespace()) {
            match character {
                '"' => {
                    inside = !inside;
                    word.quoted = true;
                }
                '\\' if inside => {
                    let kept = rest.next_if(|next| matches!(next, '"' | '\\'));
                    word.text.push(kept.unwrap_or('\\'));
                }
                other => word.text.push(other),
            }
        }
        if inside {
            return Err(failure(&word.text, "its quote is not closed"));
        }
        words.push(word);
    }
}

fn qualified(word: &Word) -> Result<(&'static str, &str), Failure> {
    let text = word.text.as_str();
    let Some((name, value)) = text.split_once(':') else {
        return Err(failure(
            text,
            "it needs a qualifier before it, for example table:, actor:, action: or request:",
        ));
    };
    let Some((_, parameter)) = QUALIFIERS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = QUALIFIERS
            .iter()
            .map(|(name, _)| format!("{name}:"))
            .collect();
        return Err(failure(
            text,
            &format!("the qualifiers are {}", known.join(" ")),
        ));
    };
    if value.is_empty() {
        return Err(failure(text, "nothing follows the colon"));
    }
    Ok((parameter, value))
}

fn failure(word: &str, reason: &str) -> Failure {
    Failure::parameter(
        NAME,
        format!("the word “{word}” is not understood: {reason}"),
    )
}

/// What is wrong with a parameter, said of the word that it came from.
fn in_words(failure: Failure) -> Failure {
    match failure {
        Failure::Invalid { parameter, reason } => {
            let known = QUALIFIERS.iter().find(|(_, known)| *known == parameter);
            let name = known.map_or(parameter.as_str(), |(name, _)| name);
            Failure::parameter(
                NAME,
                format!("the word “{name}:” is not understood: {reason}"),
            )
        }
        other => other,
    }
}

/// A value as it has to be typed. A dot in a table's name would end a schema.
fn quoted(parameter: &str, value: &str) -> String {
    let plain = |character: char| !character.is_whitespace() && !matches!(character, '"' | '\\');
    let dotted = parameter == "table" && value.contains('.');
    if value.chars().all(plain) && !dotted {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, query: &str) {
        let filter = parse(text).unwrap();
        assert_eq!(filter.query(), query, "{text}");
        assert_eq!(parse(&format(&filter)).unwrap(), filter, "{text}");
    }

    #[test]
    fn words_with_qualifiers_are_a_filter_and_back() {
        check("", "");
        check(
            "actor:user:42 table:posts op:delete since:7d",
            "table=posts&op=delete&actor=user%3A42&from=7d",
        );
        check(
            "  table:blog.posts\tuntil:2026-11-23 ",
            "schema=blog&table=posts&to=2026-11-23T00%3A00%3A00Z",
        );
        check(r#"action:"two words""#, "action=two+words");
        check(
            r#"action:"say \"hi\" \\ bye""#,
            "action=say+%22hi%22+%5C+bye",
        );
        check(r#"table:"a.b""#, "table=%22a.b%22");
        check(r#"schema:a table:"b.c""#, "schema=a&table=b.c");
        check(r#"table:"a\"b""#, "table=%22a%22%22b%22");
        check("since:all actor:none", "actor=none&from=all");
        check("request:a:b:c", "request=a%3Ab%3Ac");
    }

    #[test]
    fn a_filter_is_written_as_it_is_typed() {
        let filter = parse("op:delete from:2h table:posts action:\"a b\"").unwrap();
        assert_eq!(
            format(&filter),
            "table:posts op:delete action:\"a b\" since:2h"
        );
    }

    #[test]
    fn the_word_that_means_nothing_is_named() {
        for (text, word) in [
            ("table:posts deleted", "“deleted”"),
            ("tabel:posts", "“tabel:posts”"),
            ("op:", "“op:”"),
            ("op:drop", "“op:”"),
            ("since:yesterday", "“since:”"),
            ("table:a table:b", "“table:”"),
            ("action:\"open", "“action:open”"),
            ("actor:robot:1", "“actor:”"),
        ] {
            let Err(Failure::Invalid { parameter, reason }) = parse(text) else {
                panic!("{text}")
            };
            assert_eq!(parameter, NAME);
            assert!(reason.contains(word), "{text}: {reason}");
        }
    }
}
