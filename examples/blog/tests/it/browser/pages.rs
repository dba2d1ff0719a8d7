//! The pages that every check of all pages looks at.

/// Every page of the operator surface, below its mount, in every state that looks different, of the database of
/// `Week`. Whoever makes a page puts it here.
pub(crate) const ALL: [&str; 32] = [
    "",
    "/timeline",
    "/timeline?table=posts&from=all",
    "/timeline?q=table%3Aposts%20op%3Aupdate%20actor%3Auser%3Aalice%20since%3Aall",
    "/timeline?q=colour%3Ared",
    "/timeline?table=nothing",
    "/timeline?from=nonsense",
    // A transaction without an actor, one that a job did, a deletion with all that went along.
    "/transactions/1",
    "/transactions/7",
    "/transactions/9",
    "/transactions/16",
    "/transactions/17",
    "/transactions/18",
    // Posts: as it is now, as it was, before it was, with what changed, deleted, and one that never was.
    "/rows/public.posts/2",
    "/rows/public.posts/2?step=1&window=2020-01-01",
    "/rows/public.posts/2?at=2020-01-01",
    "/rows/public.posts/1?at=2020-01-01&compare=2040-01-01",
    "/rows/public.posts/5",
    "/rows/public.posts/77",
    "/rows/public.post_tags/%7B%22post_id%22%3A1%2C%22tag%22%3A%22news%22%7D",
    "/actors/user/alice",
    "/actors/user/alice?from=2020-01-01&to=2020-01-02",
    "/actors/job/1",
    "/correlations/spring-issue",
    "/requests/no-such-request",
    "/coverage",
    "/coverage?schema=*",
    "/policy/redaction",
    "/policy/retention",
    "/exports",
    // There is no such thing.
    "/transactions/999",
    "/nowhere",
];
