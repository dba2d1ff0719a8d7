use chrono::{DateTime, SubsecRound as _, Utc};
use threadline::PageToken;

use super::{
    filter::{Filter, PARAMETERS},
    model::TimelinePage,
};
use crate::surface::{failure::Failure, parameters::Parameters, reads::Reads, visit::Visit};

/// How many changes a page has.
const PAGE_SIZE: u64 = 50;
/// How far is counted.
const COUNT_CAP: u64 = 10_000;

/// What the query string asks for.
struct Question {
    filter: Filter,
    /// Relative times count back from here; a page's links keep it, so that all pages ask the same.
    now: DateTime<Utc>,
    after: Option<PageToken>,
}

impl Question {
    fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let filter = Filter::read(&mut parameters)?;
        let now: Option<DateTime<Utc>> = parameters.read("now")?;
        let after = parameters.read("after")?;
        let mut known = PARAMETERS.to_vec();
        known.push("after");
        parameters.finish(&known)?;
        Ok(Self {
            filter,
            now: now.unwrap_or_else(|| Utc::now().trunc_subsecs(6)),
            after,
        })
    }
}

/// Shows a page of the timeline.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<TimelinePage, Failure> {
    let Question { filter, now, after } = Question::read(visit.parameters()?)?;
    let query = filter.narrow(reads.timeline(), now).page_size(PAGE_SIZE);
    let count = query.count(COUNT_CAP, reads.db()).await?;
    let first = after.is_none();
    let query = match after {
        Some(token) => query.after(token),
        None => query,
    };
    let page = query.fetch(reads.db()).await?;
    let (from, to) = filter.bounds(now);
    Ok(TimelinePage {
        now,
        from,
        to,
        count,
        first,
        older: page.next.map(|token| token.to_string()),
        groups: reads.groups(page.entries).await?,
        filter,
    })
}
