use chrono::{DateTime, Utc};
use threadline::PageToken;

use super::instant;

/// How to ask for what comes behind a page. The bounds of time are said again: the next page needs the
/// same ones, and `7d` is another instant then.
pub(crate) fn go_on(
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    token: &PageToken,
) -> String {
    let mut text = "the same with".to_owned();
    for (option, at) in [("--from", from), ("--to", to)] {
        if let Some(at) = at {
            text += &format!(" {option} {}", instant(at));
        }
    }
    text + &format!(" --after {token}")
}
