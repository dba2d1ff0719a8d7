use super::model::RedactionPage;
use crate::surface::{failure::Failure, reads::Reads, visit::Visit};

/// Shows the policies.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<RedactionPage, Failure> {
    visit.parameters()?.finish(&[])?;
    let report = visit.health()?.fetch_policies(reads.db()).await?;
    Ok(RedactionPage::new(report))
}
