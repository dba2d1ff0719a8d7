//! What an export is called, and how it is recorded. Pure.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use threadline::export::ExportFormat;

use crate::surface::timeline::Filter;

/// The name of the action that records an export.
pub(super) const ACTION: &str = "audit.exported";

/// The file's name, for example `threadline-20261123T090000Z.csv`.
pub(super) fn file_name(format: ExportFormat, now: DateTime<Utc>) -> String {
    format!(
        "threadline-{}.{}",
        now.format("%Y%m%dT%H%M%SZ"),
        format.as_str()
    )
}

/// What is recorded of an export, besides who asked for it.
pub(super) fn details(format: ExportFormat, filter: &Filter, limit: u64, scoped: bool) -> Value {
    let filters: serde_json::Map<String, Value> = filter
        .pairs()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    json!({"format": format.as_str(), "filters": filters, "limit": limit, "scoped": scoped})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::parameters::Parameters;

    #[test]
    fn an_export_is_named_and_described() {
        let now = "2026-11-23T09:00:00.5Z".parse().unwrap();
        assert_eq!(
            file_name(ExportFormat::Csv, now),
            "threadline-20261123T090000Z.csv"
        );
        let mut parameters = Parameters::parse("table=posts&op=delete").unwrap();
        let filter = Filter::read(&mut parameters).unwrap();
        assert_eq!(
            details(ExportFormat::Json, &filter, 10, true),
            json!({"format": "json", "filters": {"table": "posts", "op": "delete"}, "limit": 10, "scoped": true})
        );
    }
}
