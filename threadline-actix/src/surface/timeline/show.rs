use threadline::PAGE_BYTES;

use super::{
    model::TimelinePage,
    question::Question,
    record::{explained, query},
};
use crate::surface::{failure::Failure, format::Format, reads::Reads, visit::Visit};

/// How many changes a page has.
const PAGE_SIZE: u64 = 50;
/// How far is counted.
const COUNT_CAP: u64 = 10_000;

/// Shows a page of the timeline.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<TimelinePage, Failure> {
    let question = Question::read(visit.parameters()?)?;
    let query = query(&question, reads).await?.page_size(PAGE_SIZE);
    let count = query.count(COUNT_CAP, reads.db()).await;
    let count = count.map_err(|err| explained(&question, err.into()))?;
    let page = question
        .place(query)
        .fetch_within(PAGE_BYTES, reads.db())
        .await;
    let page = page.map_err(|err| question.misplaced(err.into()))?;
    if visit.format() == Format::Html {
        visit.read_views(reads).await;
    }
    let now = question.now(reads);
    let (from, to) = question.filter.bounds(now);
    Ok(TimelinePage {
        now,
        from,
        to,
        count,
        first: question.is_first(),
        newer: page.previous.map(|token| token.to_string()),
        older: page.next.map(|token| token.to_string()),
        groups: reads.groups(page.entries).await?,
        exports: visit.may_export(),
        filter: question.filter,
    })
}
