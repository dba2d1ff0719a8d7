use sea_orm::{ConnectionTrait, DbErr};

use super::{Finding, Fix, Severity, collect::Subject};
use crate::{
    error::{Error, Result},
    retention::{LaneStatus, RetentionError, lanes},
};

/// Old changes that no purge has reached in time, where the application has a policy.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>> {
    let Some(policy) = &subject.health.retention else {
        return Ok(Vec::new());
    };
    let lanes = lanes(policy, db).await.map_err(cause)?;
    Ok(lanes.iter().filter_map(overdue).collect())
}

fn overdue(lane: &LaneStatus) -> Option<Finding> {
    let late = lane.overdue_days?;
    let whose = lane.table.as_ref().map_or_else(
        || "the tables without a class".to_owned(),
        |table| format!("`{table}`"),
    );
    let message = format!(
        "changes of {whose} are kept for {} days; those that were to go {late} days ago are there still",
        lane.keep_days
    );
    let fix = Fix::Command("cargo threadline retention purge --execute".to_owned());
    let finding = Finding::new("retention-overdue", Severity::Warning, message, fix);
    Some(match &lane.table {
        Some(table) => finding.about(table),
        None => finding,
    })
}

/// Looking can only fail as any look at the database fails.
fn cause(err: RetentionError) -> Error {
    match err {
        RetentionError::Audit(err) => err,
        RetentionError::Refused { err } | RetentionError::NotPermitted { err } => err.into(),
        err => DbErr::Custom(err.to_string()).into(),
    }
}
