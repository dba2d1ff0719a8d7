//! The derive macro of Threadline; use it through `threadline::Audited`.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod expand;
mod syntax;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// x
#[proc_macro_derive(Audited, attributes(audited))]
pub fn derive_audited(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let output = if input.ident == syntax::DENSE_TWIN {
        syntax::check_dense_twin(&input).map(|()| proc_macro2::TokenStream::new())
    } else {
        syntax::parse(&input).map(|entity| expand::audited(&entity))
    };
    output.unwrap_or_else(Error::into_compile_error).into()
}
