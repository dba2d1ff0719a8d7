//! From the differences of a table to findings.

use super::{Finding, Fix, Severity, collect::Subject};
use crate::{
    codegen::{TableName, quote_ident},
    health::{CoverageStatus, Difference, TableDifferences, trigger::is_generated},
};

/// Findings about the capture of each table.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    subject.tables.iter().flat_map(of_table).collect()
}

fn of_table(table: &TableDifferences) -> Vec<Finding> {
    if table.coverage().status == CoverageStatus::ExpectedGap {
        return Vec::new();
    }
    table
        .differences
        .iter()
        .map(|difference| {
            let (code, severity) = class(difference, table.declared.is_some());
            let message = format!("table `{}`: {difference}", table.name);
            Finding::new(code, severity, message, fix(&table.name, difference)).about(&table.name)
        })
        .collect()
}

fn class(difference: &Difference, declared: bool) -> (&'static str, Severity) {
    use Severity::{Critical, Warning};
    match difference {
        Difference::MissingTable { .. } => ("missing-table", Critical),
        Difference::NotCaptured if declared => ("missing-trigger", Critical),
        Difference::NotCaptured => ("missing-trigger", Warning),
        Difference::MissingEvents { .. } | Difference::IncompleteTrigger { .. } => {
            ("incomplete-trigger", Critical)
        }
        Difference::DisabledTrigger { .. } => ("disabled-trigger", Critical),
        Difference::DuplicateTrigger { .. } => ("duplicate-trigger", Critical),
        Difference::OtherFunction { .. } => ("shared-function", Critical),
        Difference::PartitionNotCaptured { .. } => ("uncaptured-partition", Critical),
        Difference::Inherits => ("uncaptured-inheritance", Critical),
        Difference::ChangedTwice => ("unordered-statements", Critical),
        Difference::Unmarked { .. } => ("unmarked-statements", Critical),
        Difference::PartitionTruncate { .. } => ("partition-truncate", Warning),
        Difference::EditedFunction { .. } => ("edited-function", Critical),
        Difference::OutdatedFunction { .. } => ("outdated-function", Warning),
        Difference::ColumnAdded { .. } => ("column-added", Warning),
        Difference::ColumnDropped { redacted: true, .. } => ("column-dropped", Critical),
        Difference::ColumnDropped { .. } => ("column-dropped", Warning),
        Difference::ColumnRetyped { .. } => ("column-retyped", Warning),
        Difference::KeyDrift { .. } | Difference::NoKey { .. } | Difference::EntityKey { .. } => {
            ("key-drift", Critical)
        }
        Difference::PolicyDrift { exposes: true, .. } => ("policy-drift", Critical),
        Difference::PolicyDrift { .. } => ("policy-drift", Warning),
        Difference::PolicyUnfit { .. } => ("policy-unfit", Critical),
        Difference::Refused { .. } => ("not-auditable", Critical),
    }
}

fn fix(table: &TableName, difference: &Difference) -> Fix {
    let generate = || Fix::Command(generate(table));
    match difference {
        Difference::MissingTable { .. } => Fix::Edit(format!(
            "apply the migration that creates `{table}`, or correct its entity"
        )),
        Difference::DisabledTrigger {
            trigger, relation, ..
        } => Fix::Sql(format!(
            "ALTER TABLE {} ENABLE TRIGGER {};",
            relation.quoted(),
            quote_ident(trigger)
        )),
        Difference::DuplicateTrigger { trigger }
        | Difference::OtherFunction {
            trigger,
            left_over: true,
            ..
        } => drop_trigger(table, trigger),
        // The command replaces a trigger of its own name; another one has to go.
        Difference::IncompleteTrigger { trigger, .. }
        | Difference::OtherFunction { trigger, .. }
            if !is_generated(trigger) =>
        {
            drop_trigger(table, trigger)
        }
        Difference::NoKey {
            deployed,
            by_policy,
            ..
        } => key(table, deployed, *by_policy),
        Difference::EntityKey { table: key, .. } => Fix::Edit(format!(
            "mark exactly the fields of ({}) in the entity of `{table}` with `#[sea_orm(primary_key)]`",
            key.join(", ")
        )),
        Difference::ColumnDropped {
            column,
            redacted: true,
        } => Fix::Edit(format!(
            "take `{column}` out of the policy of `{table}`, or put its new name there, then run: {}",
            self::generate(table)
        )),
        Difference::Inherits | Difference::ChangedTwice => Fix::Edit(format!(
            "take `capture = \"statement\"` out of the policy of `{table}`, then run: {}",
            self::generate(table)
        )),
        Difference::PolicyUnfit { .. } => Fix::Edit(format!(
            "correct the policy of `{table}`, then run: {}",
            self::generate(table)
        )),
        Difference::Refused { reason } => Fix::Edit(reason.clone()),
        _ => generate(),
    }
}

/// The command line that makes the capture of a table anew.
pub(super) fn generate(table: &TableName) -> String {
    let name = table.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let word = if name.chars().all(plain) {
        name
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    };
    format!("cargo threadline gen-triggers --again --tables {word}")
}

fn drop_trigger(table: &TableName, trigger: &str) -> Fix {
    Fix::Sql(format!(
        "DROP TRIGGER {} ON {};",
        quote_ident(trigger),
        table.quoted()
    ))
}

/// Gives a table the key under which its changes are recorded.
fn key(table: &TableName, columns: &[String], by_policy: bool) -> Fix {
    if columns.is_empty() {
        return Fix::Edit(format!("give `{table}` a primary key"));
    }
    let quoted: Vec<_> = columns.iter().map(|column| quote_ident(column)).collect();
    let (name, list) = (table.quoted(), quoted.join(", "));
    if !by_policy {
        return Fix::Sql(format!("ALTER TABLE {name} ADD PRIMARY KEY ({list});"));
    }
    let not_null: Vec<_> = quoted
        .iter()
        .map(|column| format!("ALTER COLUMN {column} SET NOT NULL"))
        .collect();
    Fix::Sql(format!(
        "ALTER TABLE {name} {}; CREATE UNIQUE INDEX ON {name} ({list});",
        not_null.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_quotes_what_a_shell_would_take_apart() {
        let name = TableName::new("public", "it's $HOME; x").expect("a name");
        assert!(
            generate(&name).ends_with(r#"--tables '"it'\''s $HOME; x"'"#),
            "{}",
            generate(&name)
        );
        let name = TableName::new("blog", "posts").expect("a name");
        assert!(generate(&name).ends_with("--tables blog.posts"));
    }
}
