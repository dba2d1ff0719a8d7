//! Every page of the surface. A page that is added here is fed hostile data, walked by whoever may not see it, and
//! compared with its twin.

use std::collections::BTreeSet;

use chrono::SecondsFormat;
use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _};
use serde_json::Value;
use threadline::{
    Op,
    entity::{audit_change, audit_transaction},
};

use super::site::{Got, get};

/// The paths of all pages below the mount, for what is in the trail of a database.
pub(crate) async fn all(db: &DatabaseConnection) -> Vec<String> {
    let changes = audit_change::Entity::find()
        .order_by_asc(audit_change::Column::Id)
        .all(db)
        .await
        .unwrap();
    let mut paths = vec![
        "/".to_owned(),
        "/timeline".to_owned(),
        "/timeline?from=all".to_owned(),
    ];
    let policies = [
        "/coverage",
        "/coverage?schema=*",
        "/policy/redaction",
        "/policy/retention",
        "/exports",
    ];
    paths.extend(policies.map(str::to_owned));
    for change in &changes {
        paths.push(format!("/transactions/{}", change.transaction_id));
        if change.op != Op::Truncate {
            let row = row(change);
            let at = change
                .captured_at
                .to_rfc3339_opts(SecondsFormat::Micros, true);
            let at = segment(&at);
            paths.push(format!("{row}?at={at}"));
            paths.push(format!("{row}?at={at}&compare=2026-01-01"));
            paths.push(format!("{row}?window={at}&step=1"));
            paths.push(row);
        }
    }
    let transactions = audit_transaction::Entity::find().all(db).await.unwrap();
    for transaction in transactions {
        if let (Some(kind), id) = (transaction.actor_type, transaction.actor_id) {
            let id = id.map(|id| format!("/{}", last(&id))).unwrap_or_default();
            paths.push(format!("/actors/{kind}{id}"));
            paths.push(format!("/actors/{kind}{id}?from=1d"));
        }
        for (kind, id) in [
            ("requests", transaction.request_id),
            ("correlations", transaction.correlation_id),
        ] {
            paths.extend(id.map(|id| format!("/{kind}/{}", last(&id))));
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// The path of a record, written by hand: the surface's own links are compared with it.
fn row(change: &audit_change::Model) -> String {
    let quoted = |name: &str| match name.contains(['.', '"']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    };
    let table = format!(
        "{}.{}",
        quoted(&change.table_schema),
        quoted(&change.table_name)
    );
    let key: serde_json::Map<String, Value> =
        serde_json::from_str(change.table_pk.as_str()).unwrap();
    let values: Vec<&Value> = key.values().collect();
    let key = match values[..] {
        [Value::String(text)] if !text.starts_with('{') => text.clone(),
        [Value::Number(number)] => number.to_string(),
        _ => change.table_pk.to_string(),
    };
    format!("/rows/{}/{}", segment(&table), last(&key))
}

fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// The last segment of a path.
fn last(text: &str) -> String {
    let named =
        matches!(text, "" | "." | "..") || text.ends_with(".json") || text.ends_with(".html");
    let extension = if named { ".html" } else { "" };
    format!("{}{extension}", segment(text))
}

/// Gets every page.
pub(crate) async fn walk(db: &DatabaseConnection) -> Vec<(String, Got)> {
    let mut pages = Vec::new();
    for path in all(db).await {
        let got = get(db, &format!("/audit{path}")).await;
        pages.push((path, got));
    }
    pages
}

/// The same path as JSON.
pub(crate) fn twin(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (path, String::new()),
    };
    match path {
        "/" => format!("/index.json{query}"),
        path => format!("{}.json{query}", path.strip_suffix(".html").unwrap_or(path)),
    }
}

#[test]
fn the_guide_lists_every_path_and_no_other() {
    // `/export.{}` is one for each format.
    let routes = include_str!("../../../src/surface/route.rs").replace(
        r#""/export.{}""#,
        r#""/export.csv" "/export.json" "/export.ndjson""#,
    );
    let guide = include_str!("../../../../docs/operator-surface.md");
    let (_, guide) = guide.split_once("## The pages").unwrap();
    let (guide, _) = guide.split_once("\n## ").unwrap();
    let paths = |text: &str, quote: char| -> BTreeSet<String> {
        let quoted = text.split(quote).skip(1).step_by(2);
        let paths = quoted.filter(|text| text.starts_with('/'));
        paths.map(str::to_owned).collect()
    };
    let rows = guide.lines().filter(|line| line.starts_with("| `"));
    let first = rows.map(|row| row.split('|').nth(1).unwrap());
    let listed: String = first.collect();
    assert_eq!(paths(&listed, '`'), paths(&routes, '"'));
}
