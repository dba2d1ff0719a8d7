//! Every page of the surface. A page that is added here is fed hostile data, walked by whoever may not see it, and
//! compared with its twin.

use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _};
use threadline::entity::audit_change;

use super::site::{Got, get};

/// The paths of all pages below the mount, for what is in the trail of a database.
pub(crate) async fn all(db: &DatabaseConnection) -> Vec<String> {
    let changes = audit_change::Entity::find()
        .order_by_asc(audit_change::Column::Id)
        .all(db)
        .await
        .unwrap();
    let mut paths = vec!["/timeline".to_owned(), "/timeline?from=all".to_owned()];
    let policies = [
        "/coverage",
        "/coverage?schema=*",
        "/policy/redaction",
        "/policy/retention",
    ];
    paths.extend(policies.map(str::to_owned));
    for change in &changes {
        paths.push(format!("/transactions/{}", change.transaction_id));
    }
    paths.sort();
    paths.dedup();
    paths
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
    match path.split_once('?') {
        Some((path, query)) => format!("{path}.json?{query}"),
        None => format!("{path}.json"),
    }
}
