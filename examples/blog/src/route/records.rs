//! What became of one post.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, QuerySelect as _};
use serde::{Deserialize, Serialize};
use threadline::{AuditChange, Audited as _, Snapshot};
use threadline_actix::Audit;

use crate::{entity::post, error::ApiError};

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
    audit: Audit,
    db: web::Data<DatabaseConnection>,
    id: web::Path<i32>,
) -> Result<HttpResponse, ApiError> {
    audit.require_actor()?;
    let changes = post::Entity::history(*id)
        .limit(HISTORY_LIMIT)
        .all(db.get_ref())
        .await?;
    if changes.is_empty() {
        return Err(ApiError::NotFound("post"));
    }
    Ok(HttpResponse::Ok().json(History { entries: changes }))
}

pub(crate) async fn as_of(
    audit: Audit,
    db: web::Data<DatabaseConnection>,
    id: web::Path<i32>,
    query: web::Query<Instant>,
) -> Result<HttpResponse, ApiError> {
    audit.require_actor()?;
    let found = threadline::as_of::<post::Entity>(*id, query.at)
        .fetch(db.get_ref())
        .await?;
    match found {
        // Nothing was captured of it by then: it did not exist, or nobody watched.
        Snapshot::BeforeHorizon => Err(ApiError::NotFound("post at that time")),
        found => Ok(HttpResponse::Ok().json(found)),
    }
}
