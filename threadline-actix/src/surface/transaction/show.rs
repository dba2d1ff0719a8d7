use threadline::{PAGE_BYTES, PageToken};

use super::model::TransactionPage;
use crate::surface::{failure::Failure, format::Format, reads::Reads, visit::Visit};

/// How many changes a page has.
const PAGE_SIZE: u64 = 100;
/// How many its JSON twin has, as the command `incident` does.
const TWIN_SIZE: u64 = 1_000;
/// How many changes are counted by their tables.
const COUNTED: u64 = 10_000;

/// Shows a transaction.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<TransactionPage, Failure> {
    let mut parameters = visit.parameters()?;
    let after: Option<PageToken> = parameters.read("after")?;
    parameters.finish(&["after"])?;
    let missing = || Failure::NotFound {
        what: "transaction",
    };
    // What is no number is no id of a transaction.
    let id: i64 = visit.last_segment("id")?.parse().map_err(|_| missing())?;
    let size = match visit.format() {
        Format::Html => PAGE_SIZE,
        Format::Json => TWIN_SIZE,
    };
    let first = after.is_none();
    let mut query = reads.incident(id).limit(size);
    if let Some(token) = after {
        query = query.after(token);
    }
    let incident = query.fetch_within(PAGE_BYTES, reads.db()).await?;
    let incident = incident.ok_or_else(missing)?;
    let summary = match visit.format() {
        Format::Html => reads.summary(id, COUNTED).await?,
        Format::Json => None,
    };
    Ok(TransactionPage {
        incident,
        summary,
        first,
    })
}
