use serde::Serialize;

use super::{HEALTH_SCHEMA_VERSION, difference::Difference};
use crate::{codegen::TableName, policy::CapturePolicy};

/// The policies of all audited tables; see
/// [`Health::fetch_policies`](super::Health::fetch_policies).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PolicyReport {
    /// [`HEALTH_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The schema of the audit tables.
    pub audit_schema: String,
    /// The tables that are declared or captured, ordered by name.
    pub tables: Vec<TablePolicy>,
}

/// The policy of one table. Holds names of columns, never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TablePolicy {
    /// The table.
    #[serde(flatten, serialize_with = "crate::json::table")]
    pub name: TableName,
    /// Whether the database does what is declared.
    pub verdict: Verdict,
    /// What the application declares.
    pub declared: Option<CapturePolicy>,
    /// What the deployed function says it was made from.
    pub deployed: Option<CapturePolicy>,
    /// In what the declaration, the table, the deployed functions and the triggers differ.
    pub differences: Vec<Difference>,
}

/// Whether the database does what is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Policy, columns, function bodies and triggers are what they should be.
    Matches,
    /// They are not.
    Drift,
    /// Nothing is declared, nothing is deployed, or the deployed function can't be read.
    CannotTell,
}

impl Verdict {
    /// The word of the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Drift => "drift",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// The verdict over a table. What is known to differ is drift, whatever else can't be told.
pub(super) fn verdict(
    declared: Option<CapturePolicy>,
    deployed: Option<CapturePolicy>,
    name: &TableName,
    differences: Vec<Difference>,
) -> TablePolicy {
    let known = differences.iter().any(|difference| !difference.hides());
    let verdict = if known {
        Verdict::Drift
    } else if differences.is_empty() && declared.is_some() && deployed.is_some() {
        Verdict::Matches
    } else {
        Verdict::CannotTell
    };
    TablePolicy {
        name: name.clone(),
        verdict,
        declared,
        deployed,
        differences,
    }
}

impl PolicyReport {
    pub(super) fn new(audit_schema: &str, tables: Vec<TablePolicy>) -> Self {
        Self {
            schema_version: HEALTH_SCHEMA_VERSION,
            audit_schema: audit_schema.to_owned(),
            tables,
        }
    }
}
