//! The pages that every check of all pages looks at.

/// The address of a page, from the root of the site.
pub(crate) type Path = String;

/// Every page of the operator surface, in every state that looks different.
pub(crate) fn all() -> Vec<Path> {
    [
        "/audit",
        "/audit?table=posts",
        "/audit?table=nothing",
        "/audit/transactions/1",
    ]
    .map(str::to_owned)
    .to_vec()
}
