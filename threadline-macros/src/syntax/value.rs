//! Reads what stands with a word: a list of columns, a boolean, one of some values.

use proc_macro2::Ident;
use syn::{
    Error, Lit, LitStr, Meta, Token, parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned,
    token::Paren,
};

use super::{errors::Errors, read_audited::Written, read_sea_orm::literal};

/// The columns of `word("a", ..)`.
pub(super) fn columns(meta: &Meta, word: &Ident, errors: &mut Errors) -> Vec<Written> {
    let Meta::List(list) = meta else {
        errors.at(
            word.span(),
            format_args!("`{word}` needs columns in brackets, `{word}(\"column\")`"),
        );
        return Vec::new();
    };
    match list.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated) {
        Ok(entries) if entries.is_empty() => {
            errors.at(
                word.span(),
                format_args!("`{word}` needs at least one column"),
            );
            Vec::new()
        }
        Ok(entries) => entries.into_iter().flat_map(|entry| entry.0).collect(),
        Err(error) => {
            errors.add(error);
            Vec::new()
        }
    }
}

/// One entry of a list of columns: `"name"`, or `unmapped("name", ..)`.
struct Entry(Vec<Written>);

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        const EXPECTED: &str =
            "columns are written as strings, those that the model leaves out as `unmapped(\"..\")`";
        if input.peek(LitStr) {
            return Ok(Self(vec![Written::Named(input.parse()?)]));
        }
        match input.parse::<Ident>() {
            Ok(word) if word == "unmapped" && input.peek(Paren) => {
                let content;
                parenthesized!(content in input);
                let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                if names.is_empty() {
                    return Err(Error::new(
                        word.span(),
                        "`unmapped` needs at least one column",
                    ));
                }
                Ok(Self(names.into_iter().map(Written::Unmapped).collect()))
            }
            Ok(word) => Err(Error::new(word.span(), EXPECTED)),
            Err(_) => Err(input.error(EXPECTED)),
        }
    }
}

/// The value of `word = true`.
pub(super) fn boolean(meta: &Meta, word: &Ident, errors: &mut Errors) -> Option<bool> {
    if let Meta::NameValue(pair) = meta {
        if let Some(Lit::Bool(value)) = literal(&pair.value) {
            return Some(value.value);
        }
        errors.at(
            pair.value.span(),
            format_args!("`{word}` is `true` or `false`"),
        );
    } else {
        errors.at(
            word.span(),
            format_args!("`{word}` needs a value: `true` or `false`"),
        );
    }
    None
}

/// The value of `word = "name"`, one of `values`.
pub(super) fn one_of<T: Copy>(
    meta: &Meta,
    word: &Ident,
    values: &[(&str, T)],
    errors: &mut Errors,
) -> Option<T> {
    let names: Vec<_> = values
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let names = list(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let Meta::NameValue(pair) = meta else {
        errors.at(word.span(), format_args!("`{word}` needs a value: {names}"));
        return None;
    };
    if let Some(Lit::Str(text)) = literal(&pair.value)
        && let Some((_, value)) = values.iter().find(|(name, _)| *name == text.value())
    {
        return Some(*value);
    }
    errors.at(pair.value.span(), format_args!("`{word}` is {names}"));
    None
}

/// The words as prose: `a`, `b` or `c`.
pub(super) fn list(words: &[&str]) -> String {
    let mut text = String::new();
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            text.push_str(if i + 1 == words.len() { " or " } else { ", " });
        }
        text.push_str(&format!("`{word}`"));
    }
    text
}
