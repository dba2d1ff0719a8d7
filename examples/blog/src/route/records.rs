//! What became of one post.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use threadline::{AuditChange, Record, Snapshot, record};

use crate::{auth::Member, entity::post, error::ApiError};

/// The newest changes that an answer holds.
const HISTORY_LIMIT: u64 = 100;

/// The changes of a post, newest first.
#[derive(Serialize)]
struct History {
    entries: Vec<AuditChange>,
}

#[derive(Deserialize)]
pub(crate) struct Instant {
    at: DateTime<Utc>,
}

pub(crate) async fn history(
    member: Member,
    db: web::Data<DatabaseConnection>,
    id: web::Path<i32>,
) -> Result<HttpResponse, ApiError> {
    let page = trail_of(*id)
        .in_scope(&member.scope())
        .history()
        .page_size(HISTORY_LIMIT)
        .fetch(db.get_ref())
        .await?;
    if page.entries.is_empty() {
        return Err(ApiError::NotFound("post"));
    }
    let entries = page.entries;
    Ok(HttpResponse::Ok().json(History { entries }))
}

pub(crate) async fn as_of(
    member: Member,
    db: web::Data<DatabaseConnection>,
    id: web::Path<i32>,
    query: web::Query<Instant>,
) -> Result<HttpResponse, ApiError> {
    let found = threadline::as_of::<post::Entity>(*id, query.at)
        .in_scope(&member.scope())
        .fetch(db.get_ref())
        .await?;
    match found {
        // Nothing was captured of it by then: it did not exist, or nobody watched.
        Snapshot::BeforeHorizon => Err(ApiError::NotFound("post at that time")),
        found => Ok(HttpResponse::Ok().json(found)),
    }
}

/// A post by its table and key: `post::Entity::history` knows no scope.
fn trail_of(id: i32) -> Record {
    let key = serde_json::json!({"id": id}).to_string();
    record(
        "posts".parse().expect("it is a table's name"),
        serde_json::from_str(&key).expect("it is JSON"),
    )
}
