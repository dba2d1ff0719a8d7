//! What happened across posts.

use actix_web::{HttpResponse, web};
use sea_orm::DatabaseConnection;
use serde::Deserialize;
use threadline::PageToken;

use crate::{auth::Member, entity::post, error::ApiError};

#[derive(Deserialize)]
pub(crate) struct TimelineQuery {
    correlation_id: Option<String>,
    page_token: Option<PageToken>,
    page_size: Option<u64>,
}

pub(crate) async fn timeline(
    member: Member,
    db: web::Data<DatabaseConnection>,
    query: web::Query<TimelineQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let mut timeline = threadline::timeline()
        .entity(post::Entity)
        .in_scope(&member.scope());
    if let Some(id) = query.correlation_id {
        timeline = timeline.correlation_id(id);
    }
    if let Some(token) = query.page_token {
        timeline = timeline.after(token);
    }
    if let Some(size) = query.page_size {
        timeline = timeline.page_size(size);
    }
    Ok(HttpResponse::Ok().json(timeline.fetch(db.get_ref()).await?))
}

/// Everything about one audit transaction that belongs to the member's organisation.
pub(crate) async fn incident(
    member: Member,
    db: web::Data<DatabaseConnection>,
    id: web::Path<i64>,
) -> Result<HttpResponse, ApiError> {
    let bundle = threadline::incident(*id)
        .in_scope(&member.scope())
        .fetch(db.get_ref())
        .await?;
    Ok(HttpResponse::Ok().json(bundle.ok_or(ApiError::NotFound("audit transaction"))?))
}
