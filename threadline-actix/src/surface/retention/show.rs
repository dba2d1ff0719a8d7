use threadline::{
    PageToken,
    retention::{runs, status, trail_partitions},
};

use super::model::{Kept, RetentionPage};
use crate::surface::{failure::Failure, reads::Reads, visit::Visit};

/// How many runs a page has.
const RUNS: u64 = 20;

/// Shows policy, partitions and runs.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<RetentionPage, Failure> {
    let mut parameters = visit.parameters()?;
    let after: Option<PageToken> = parameters.read("after")?;
    parameters.finish(&["after"])?;
    let first = after.is_none();
    let query = match after {
        Some(token) => runs().page_size(RUNS).after(token),
        None => runs().page_size(RUNS),
    };
    let runs = query.fetch(reads.db()).await?;
    let (policy, partitions) = match visit.retention() {
        Some(policy) => {
            let status = status(policy, reads.db()).await?;
            let kept = Kept::new(policy, status.lanes);
            (Some(kept), status.partitions)
        }
        None => (None, trail_partitions(reads.db()).await?),
    };
    Ok(RetentionPage::new(
        policy,
        partitions,
        runs,
        first,
        visit.is_scoped(),
    ))
}
