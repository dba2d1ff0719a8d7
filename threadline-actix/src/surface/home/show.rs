use super::{model::HomePage, standing::Standing};
use crate::surface::{failure::Failure, reads::Reads, saved_view::SavedViews, visit::Visit};

/// How many of the newest transactions are shown.
pub(super) const NEWEST: u64 = 5;
/// How many transactions are looked through for them.
const SCANNED: u64 = 500;

/// Shows the home page.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<HomePage, Failure> {
    visit.parameters()?.finish(&[])?;
    let newest = reads.transactions().page_size(NEWEST).scan_limit(SCANNED);
    let newest = newest.fetch(reads.db()).await?;
    let ids = newest.entries.iter().map(|transaction| transaction.id);
    Ok(HomePage {
        actor: visit.actor(),
        groups: reads.groups_of(ids).await?,
        views: visit.read_views(reads).await.map(SavedViews::named),
        standing: Standing::read(visit, reads).await,
        sees_exports: visit.sees_exports(),
    })
}
