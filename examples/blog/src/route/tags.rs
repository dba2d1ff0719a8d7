//! Tags of posts.

use actix_web::{HttpResponse, web};
use sea_orm::{EntityTrait as _, Set, sea_query::OnConflict};
use threadline::record_action;
use threadline_actix::AuditedDb;

use super::posts::{filled, own};
use crate::{auth::Member, entity::post_tag, error::ApiError};

/// Tags a post; with a tag that it has, nothing changes, and there is no audit transaction.
pub(crate) async fn put(
    member: Member,
    db: AuditedDb,
    path: web::Path<(i32, String)>,
) -> Result<HttpResponse, ApiError> {
    let (post_id, tag) = path.into_inner();
    let tag = filled("tag", tag)?;
    let tagged = db
        .transaction(async |txn| -> Result<_, ApiError> {
            let post = own(member, post_id, txn).await?;
            let new = post_tag::ActiveModel {
                post_id: Set(post.id),
                tag: Set(tag),
                organisation: Set(post.organisation),
            };
            let inserted = post_tag::Entity::insert(new)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(txn)
                .await?;
            if inserted > 0 {
                record_action("post.tagged_via_api").insert(txn).await?;
            }
            Ok(())
        })
        .await?;
    let id = tagged.audit_transaction_id;
    Ok(HttpResponse::Ok().json(serde_json::json!({"audit_transaction_id": id})))
}
