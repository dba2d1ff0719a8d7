use std::fmt;

use proc_macro2::Span;
use syn::Error;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Errors(Option<Error>);

impl Errors {
    /// Adds a mistake at the word that the user wrote.
    pub(super) fn at(&mut self, span: Span, message: impl fmt::Display) {
        self.add(Error::new(span, message));
    }

    /// Adds a mistake that the parser found.
    pub(super) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The value, if there was no mistake.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, Error> {
        self.0.map_or(Ok(value), Err)
    }
}
