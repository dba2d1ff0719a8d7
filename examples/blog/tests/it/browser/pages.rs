//! The pages that every check of all pages looks at.

/// Every page of the operator surface, below its mount, in every state that looks different, of the database of
/// `Week`. Whoever makes a page puts it here.
pub(crate) const ALL: [&str; 12] = [
    "/timeline",
    "/timeline?table=posts&from=all",
    "/timeline?table=nothing",
    "/timeline?from=nonsense",
    // A transaction without an actor, one that a job did, a deletion with all that went along.
    "/transactions/1",
    "/transactions/7",
    "/transactions/9",
    "/transactions/16",
    "/transactions/17",
    "/transactions/18",
    // There is no such thing.
    "/transactions/999",
    "/nowhere",
];
