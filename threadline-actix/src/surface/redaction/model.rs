//! The page of redaction policies: names of columns, never a value. Pure.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use threadline::{
    CapturePolicy,
    health::{Difference, PolicyReport, TablePolicy, Verdict},
    policy::{CaptureLevel, ContextMode, TruncateMode},
};

use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
};

/// How many tables the page lists; the JSON has all of them.
const SHOWN: usize = 500;

/// What is redacted, as the entities declare it and as the database does it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RedactionPage {
    /// The schema of the audit tables.
    audit_schema: String,
    /// How many tables have which verdict.
    summary: Summary,
    /// The tables that are declared or captured: those that drift first, then those that can't be told, then by name.
    tables: Vec<TablePolicy>,
}

/// How many tables have which verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    matches: usize,
    drift: usize,
    cannot_tell: usize,
}

impl RedactionPage {
    pub(crate) fn new(report: PolicyReport) -> Self {
        let mut tables = report.tables;
        tables.sort_by_key(|table| rank(table.verdict));
        let count = |verdict| {
            tables
                .iter()
                .filter(|table| table.verdict == verdict)
                .count()
        };
        Self {
            audit_schema: report.audit_schema,
            summary: Summary {
                matches: count(Verdict::Matches),
                drift: count(Verdict::Drift),
                cannot_tell: count(Verdict::CannotTell),
            },
            tables,
        }
    }
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Drift => 0,
        Verdict::CannotTell => 1,
        _ => 2,
    }
}

impl Page for RedactionPage {
    const TEMPLATE: &'static str = "redaction";

    fn head(&self) -> Head {
        Head {
            title: "Redaction policy".to_owned(),
            section: Section::Redaction,
            command: Some(Command::new("policy show")),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let tables = self.tables.iter().take(SHOWN);
        context! {
            summary => Value::from(Serde(self.summary)),
            tables => tables.map(table_view).collect::<Vec<_>>(),
            more => self.tables.len().saturating_sub(SHOWN),
            coverage => links.coverage(""),
            findings_command => Command::new("health findings").to_string(),
        }
    }
}

fn table_view(table: &TablePolicy) -> Value {
    let (verdict, words) = match table.verdict {
        Verdict::Matches => ("matches", "matches"),
        Verdict::Drift => ("drift", "drift"),
        _ => ("unknown", "cannot tell"),
    };
    context! {
        schema => table.name.schema(),
        table => table.name.table(),
        verdict,
        words,
        declared => table.declared.as_ref().map(rules),
        deployed => table.deployed.as_ref().map(rules),
        differences => table.differences.iter().map(difference_view).collect::<Vec<_>>(),
    }
}

fn difference_view(difference: &Difference) -> Value {
    let exposes = matches!(difference, Difference::PolicyDrift { exposes: true, .. });
    context! { text => difference.to_string(), exposes }
}

/// A policy as rules, each with its columns. What is not at its default is said; a policy that hides nothing says so too.
fn rules(policy: &CapturePolicy) -> Value {
    let key = policy.primary_key.clone().unwrap_or_default();
    let columns = [
        ("mask", policy.mask.clone()),
        ("exclude", policy.exclude.clone()),
        ("except", policy.except.clone()),
        ("primary key", key),
    ];
    let mut rules: Vec<_> = columns
        .into_iter()
        .filter(|(_, columns)| !columns.is_empty())
        .map(|(word, columns)| context! { word, columns })
        .collect();
    let mut mode = |word: &str| {
        let columns: Vec<String> = Vec::new();
        rules.push(context! { word, columns });
    };
    if !policy.store_changed_from {
        mode("no previous values");
    }
    match policy.context {
        ContextMode::Allow => {}
        ContextMode::Warn => mode("context: warn"),
        ContextMode::Require => mode("context: require"),
    }
    match policy.truncate {
        TruncateMode::Record => {}
        TruncateMode::Refuse => mode("truncate: refuse"),
        TruncateMode::Rows => mode("truncate: rows"),
    }
    match policy.capture {
        CaptureLevel::Row => {}
        CaptureLevel::Statement => mode("capture: statement"),
    }
    Value::from(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(policy: &CapturePolicy, expected: &[(&str, &[&str])]) {
        let found = serde_json::to_value(rules(policy)).expect("JSON");
        let expected: Vec<_> = expected
            .iter()
            .map(|(word, columns)| serde_json::json!({"word": word, "columns": columns}))
            .collect();
        assert_eq!(found, serde_json::json!(expected));
    }

    #[test]
    fn a_policy_is_told_by_its_rules_and_their_columns() {
        says(&CapturePolicy::default(), &[]);
        let policy = CapturePolicy {
            mask: vec!["email".to_owned(), "name".to_owned()],
            exclude: vec!["token".to_owned()],
            store_changed_from: false,
            context: ContextMode::Require,
            truncate: TruncateMode::Rows,
            capture: CaptureLevel::Statement,
            ..CapturePolicy::default()
        };
        says(
            &policy,
            &[
                ("mask", &["email", "name"]),
                ("exclude", &["token"]),
                ("no previous values", &[]),
                ("context: require", &[]),
                ("truncate: rows", &[]),
                ("capture: statement", &[]),
            ],
        );
    }
}
