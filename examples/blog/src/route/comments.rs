//! Comments on posts.

use actix_web::{HttpResponse, web};
use sea_orm::{ActiveModelTrait as _, Set};
use serde::Deserialize;
use threadline::record_action;
use threadline_actix::AuditedDb;

use super::posts::{filled, own};
use crate::{auth::Member, entity::comment, error::ApiError};

#[derive(Deserialize)]
pub(crate) struct CreateComment {
    comment: NewComment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewComment {
    body: String,
}

pub(crate) async fn create(
    member: Member,
    db: AuditedDb,
    post_id: web::Path<i32>,
    body: web::Json<CreateComment>,
) -> Result<HttpResponse, ApiError> {
    let body = filled("body", body.into_inner().comment.body)?;
    let created = db
        .transaction(async |txn| -> Result<_, ApiError> {
            let post = own(member, *post_id, txn).await?;
            let new = comment::ActiveModel {
                post_id: Set(post.id),
                organisation: Set(post.organisation),
                author: Set(member.name.to_owned()),
                body: Set(body),
                ..Default::default()
            };
            let comment = new.insert(txn).await?;
            record_action("comment.created_via_api").insert(txn).await?;
            Ok(comment)
        })
        .await?;
    Ok(HttpResponse::Created().json(serde_json::json!({
        "comment": created.value,
        "audit_transaction_id": created.audit_transaction_id,
    })))
}
