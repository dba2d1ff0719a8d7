//! x
/// x
#[proc_macro_derive(Audited, attributes(audited))]
pub fn derive_audited(_input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    proc_macro::TokenStream::new()
}
