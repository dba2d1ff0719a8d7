use super::model::{CoveragePage, Schemas};
use crate::surface::{failure::Failure, reads::Reads, visit::Visit};

/// Shows coverage and findings.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<CoveragePage, Failure> {
    let mut parameters = visit.parameters()?;
    let asked = parameters.text("schema");
    parameters.finish(&["schema"])?;
    let health = visit.health()?;
    let report = health.fetch_coverage(reads.db()).await?;
    visit.note_gaps(report.summary.uncovered);
    let schemas = Schemas::of(&report.tables);
    let chosen = schemas
        .choose(asked)
        .map_err(|reason| Failure::parameter("schema", reason))?;
    let findings = health.fetch_findings(reads.db()).await?.findings;
    Ok(CoveragePage::new(report, schemas, chosen, findings))
}
