use super::{Finding, Fix, Severity, collect::Subject};

/// Expected gaps that are no tables: a misspelt one would leave the real one uncovered, a dropped
/// one waits for a new table of its name.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    subject
        .health
        .expected_gaps
        .iter()
        .filter(|name| !subject.state.tables.contains_key(*name))
        .map(|name| {
            let message = format!("the expected gap `{name}` is no table of this database");
            let fix = Fix::Edit(format!(
                "take \"{name}\" out of `expected_gaps` in threadline.toml"
            ));
            Finding::new("unknown-expected-gap", Severity::Info, message, fix).about(name)
        })
        .collect()
}
