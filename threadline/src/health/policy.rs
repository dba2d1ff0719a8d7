//! The declared policy against the deployed one. Pure.

use super::{declared::DeclaredTable, difference::Difference};
use crate::{
    codegen::{ColumnSpec, InvalidSpec, TableSpec},
    policy::{CaptureLevel, CapturePolicy, ContextMode, TruncateMode},
};

/// The words in which two policies differ. The order of columns means nothing, except in a key.
pub(super) fn differences(declared: &CapturePolicy, deployed: &CapturePolicy) -> Vec<Difference> {
    let hidden =
        |column: &String| deployed.exclude.contains(column) || deployed.mask.contains(column);
    let lists = [
        ("exclude", &declared.exclude, &deployed.exclude),
        ("mask", &declared.mask, &deployed.mask),
        ("except", &declared.except, &deployed.except),
    ];
    let mut found = Vec::new();
    for (word, declared, deployed) in lists {
        let (declared, deployed) = (sorted(declared), sorted(deployed));
        if declared != deployed {
            let exposes = word != "except" && !declared.iter().all(hidden);
            found.push(drift(word, declared, deployed, exposes));
        }
    }
    let modes = [
        (
            "store_changed_from",
            vec![declared.store_changed_from.to_string()],
            vec![deployed.store_changed_from.to_string()],
        ),
        (
            "primary_key",
            declared.primary_key.clone().unwrap_or_default(),
            deployed.primary_key.clone().unwrap_or_default(),
        ),
        (
            "context",
            vec![context(declared.context).to_owned()],
            vec![context(deployed.context).to_owned()],
        ),
        (
            "truncate",
            vec![truncate(declared.truncate).to_owned()],
            vec![truncate(deployed.truncate).to_owned()],
        ),
        (
            "capture",
            vec![level(declared.capture).to_owned()],
            vec![level(deployed.capture).to_owned()],
        ),
    ];
    let modes = modes
        .into_iter()
        .filter(|(_, declared, deployed)| declared != deployed)
        .map(|(word, declared, deployed)| drift(word, declared, deployed, false));
    found.extend(modes);
    found
}

/// Why a declaration does not fit the table as it is.
pub(super) fn unfit(
    declared: &DeclaredTable,
    columns: &[ColumnSpec],
    key: &[String],
) -> Vec<Difference> {
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    let mut found = Vec::new();
    if let Err(err) = declared.policy.check(&names, key) {
        found.push(Difference::PolicyUnfit {
            reason: format!("the declared policy does not fit: {err}"),
        });
    }
    let spec = TableSpec {
        name: declared.name.clone(),
        key: key.to_vec(),
        columns: columns.to_vec(),
        partitioned: false,
        policy: declared.policy.clone(),
    };
    if let Err(err @ InvalidSpec::Statement { .. }) = spec.check() {
        found.push(Difference::PolicyUnfit {
            reason: format!("the declared policy does not fit: {err}"),
        });
    }
    if !declared.key.is_empty() && sorted(&declared.key) != sorted(key) {
        found.push(Difference::EntityKey {
            entity: declared.key.clone(),
            table: key.to_vec(),
        });
    }
    found
}

fn drift(
    word: &'static str,
    declared: Vec<String>,
    deployed: Vec<String>,
    exposes: bool,
) -> Difference {
    Difference::PolicyDrift {
        word,
        declared,
        deployed,
        exposes,
    }
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}

/// The word of a mode, as the policy is written.
pub(super) fn context(mode: ContextMode) -> &'static str {
    match mode {
        ContextMode::Allow => "allow",
        ContextMode::Warn => "warn",
        ContextMode::Require => "require",
    }
}

/// The word of a mode, as the policy is written.
pub(super) fn truncate(mode: TruncateMode) -> &'static str {
    match mode {
        TruncateMode::Record => "record",
        TruncateMode::Refuse => "refuse",
        TruncateMode::Rows => "rows",
    }
}

/// The word of a level, as the policy is written.
fn level(level: CaptureLevel) -> &'static str {
    match level {
        CaptureLevel::Row => "row",
        CaptureLevel::Statement => "statement",
    }
}
