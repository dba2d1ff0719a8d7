//! The pages that every check of all pages looks at.

/// The address of a page, from the root of the site.
pub(crate) type Path = String;

/// Every page of the operator surface, in every state that looks different. Whoever makes a page puts it here.
pub(crate) fn all() -> Vec<Path> {
    [
        "/audit/timeline",
        "/audit/timeline?table=posts&from=all",
        "/audit/timeline?table=nothing",
        "/audit/timeline?from=nonsense",
        "/audit/nowhere",
    ]
    .map(str::to_owned)
    .to_vec()
}
