//! From a table and its policy to SQL text.

mod quote;

pub use self::quote::{quote_ident, quote_literal};
