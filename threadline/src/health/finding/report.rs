use serde::Serialize;

use crate::{codegen::TableName, health::HEALTH_SCHEMA_VERSION};

/// What is wrong with the audit of a database; see
/// [`Health::fetch_findings`](crate::health::Health::fetch_findings).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FindingsReport {
    /// [`HEALTH_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The schema of the audit tables.
    pub audit_schema: String,
    /// The findings, the gravest first.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong, and what puts it right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of finding it is: a word that does not change, such as `disabled-trigger`.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The audited table, where it is about one.
    #[serde(flatten, serialize_with = "crate::json::optional_table")]
    pub table: Option<TableName>,
    /// What was found, in a sentence. Names objects, never a value of a row.
    pub message: String,
    /// What puts it right.
    pub fix: Fix,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The trail lies, has a hole, or is not protected.
    Critical,
    /// It will, or some of what it could tell is lost.
    Warning,
    /// Something to know or to tidy up.
    Info,
}

impl Severity {
    /// The word of the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// What puts a finding right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fix {
    /// Statements to run as the owner of the objects, or as a superuser.
    Sql(String),
    /// A command line, to be run in the project. A migration that it writes has to be applied.
    Command(String),
    /// A change of source, configuration or set-up, in a sentence.
    Edit(String),
}

impl Fix {
    /// The statements, the command line or the sentence.
    pub fn text(&self) -> &str {
        match self {
            Self::Sql(text) | Self::Command(text) | Self::Edit(text) => text,
        }
    }
}

impl Finding {
    pub(super) fn new(
        code: &'static str,
        severity: Severity,
        message: impl Into<String>,
        fix: Fix,
    ) -> Self {
        Self {
            code,
            severity,
            table: None,
            message: message.into(),
            fix,
        }
    }

    pub(super) fn about(mut self, table: &TableName) -> Self {
        self.table = Some(table.clone());
        self
    }
}

impl FindingsReport {
    pub(super) fn new(audit_schema: &str, mut findings: Vec<Finding>) -> Self {
        // Stable: what one check found stays in its order.
        findings.sort_by_key(|finding| finding.severity);
        Self {
            schema_version: HEALTH_SCHEMA_VERSION,
            audit_schema: audit_schema.to_owned(),
            findings,
        }
    }

    /// Whether there is a finding that is more than a note.
    pub fn is_alarming(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity < Severity::Info)
    }
}
