//! Posts: every write is one audited transaction with its intent.

use actix_web::{HttpResponse, web};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DatabaseConnection, EntityTrait as _,
    ModelTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
};
use serde::{Deserialize, Serialize};
use threadline::{Committed, JobContext, record_action};
use threadline_actix::AuditedDb;

use crate::{
    auth::Member,
    entity::post,
    error::ApiError,
    job::{self, JobBell},
};

#[derive(Deserialize)]
pub(crate) struct CreatePost {
    post: NewPost,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    title: String,
    slug: String,
    author_email: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct UpdatePost {
    post: PostChanges,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostChanges {
    title: Option<String>,
    slug: Option<String>,
    author_email: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct DeletePost {
    reason: Option<String>,
}

/// A post and the transaction that wrote it, which `/api/audit_transactions/{id}/changes` shows.
#[derive(Serialize)]
struct Written {
    post: post::Model,
    audit_transaction_id: Option<i64>,
}

pub(crate) async fn create(
    member: Member,
    db: AuditedDb,
    body: web::Json<CreatePost>,
) -> Result<HttpResponse, ApiError> {
    let new = body.into_inner().post;
    let new = post::ActiveModel {
        // By who asks, never by what they send.
        organisation: Set(member.organisation.to_owned()),
        title: Set(filled("title", new.title)?),
        slug: Set(filled("slug", new.slug)?),
        author_email: Set(new.author_email),
        ..Default::default()
    };
    let created = db
        .transaction(async |txn| -> Result<_, ApiError> {
            let post = new.insert(txn).await?;
            record_action("post.created_via_api").insert(txn).await?;
            Ok(post)
        })
        .await?;
    let audit_transaction_id = created.audit_transaction_id;
    Ok(HttpResponse::Created().json(Written {
        post: created.value,
        audit_transaction_id,
    }))
}

pub(crate) async fn show(
    member: Member,
    db: web::Data<DatabaseConnection>,
    id: web::Path<i32>,
) -> Result<HttpResponse, ApiError> {
    let found = own(member, *id, db.get_ref()).await?;
    Ok(HttpResponse::Ok().json(found))
}

pub(crate) async fn update(
    member: Member,
    db: AuditedDb,
    id: web::Path<i32>,
    body: web::Json<UpdatePost>,
) -> Result<HttpResponse, ApiError> {
    let changes = body.into_inner().post;
    let title = changes
        .title
        .map(|title| filled("title", title))
        .transpose()?;
    let slug = changes.slug.map(|slug| filled("slug", slug)).transpose()?;
    let updated = db
        .transaction(async |txn| -> Result<_, ApiError> {
            let mut post: post::ActiveModel = own(member, *id, txn).await?.into();
            if let Some(title) = title {
                post.title = Set(title);
            }
            if let Some(slug) = slug {
                post.slug = Set(slug);
            }
            if let Some(email) = changes.author_email {
                post.author_email = Set(Some(email));
            }
            let post = post.update(txn).await?;
            record_action("post.updated_via_api").insert(txn).await?;
            Ok(post)
        })
        .await?;
    let audit_transaction_id = updated.audit_transaction_id;
    Ok(HttpResponse::Ok().json(Written {
        post: updated.value,
        audit_transaction_id,
    }))
}

pub(crate) async fn delete(
    member: Member,
    db: AuditedDb,
    id: web::Path<i32>,
    query: web::Query<DeletePost>,
) -> Result<HttpResponse, ApiError> {
    let deleted = db
        .transaction(async |txn| -> Result<_, ApiError> {
            // Comments and tags go with it.
            own(member, *id, txn).await?.delete(txn).await?;
            let mut action = record_action("post.deleted_via_api");
            if let Some(reason) = &query.reason {
                action = action.reason(reason);
            }
            action.insert(txn).await?;
            Ok(())
        })
        .await?;
    let id = deleted.audit_transaction_id;
    Ok(HttpResponse::Ok().json(serde_json::json!({"audit_transaction_id": id})))
}

/// Leaves the work to a job, which carries this request's context in its arguments.
pub(crate) async fn publish_later(
    member: Member,
    db: AuditedDb,
    bell: web::Data<JobBell>,
    id: web::Path<i32>,
) -> Result<HttpResponse, ApiError> {
    let enqueued = db
        .transaction(async |txn| -> Result<_, ApiError> {
            let post = own(member, *id, txn).await?;
            request_publishing(vec![post.id], txn).await
        })
        .await?;
    Ok(accepted(enqueued, &bell))
}

/// The same for every post of the organisation that is not published.
pub(crate) async fn publish_drafts_later(
    member: Member,
    db: AuditedDb,
    bell: web::Data<JobBell>,
) -> Result<HttpResponse, ApiError> {
    let enqueued = db
        .transaction(async |txn| -> Result<_, ApiError> {
            let drafts = post::Entity::find()
                .select_only()
                .column(post::Column::Id)
                .filter(post::Column::Organisation.eq(member.organisation))
                .filter(post::Column::PublishedAt.is_null())
                .order_by_asc(post::Column::Id)
                .into_tuple()
                .all(txn)
                .await?;
            request_publishing(drafts, txn).await
        })
        .await?;
    Ok(accepted(enqueued, &bell))
}

async fn request_publishing(
    post_ids: Vec<i32>,
    txn: &impl ConnectionTrait,
) -> Result<i64, ApiError> {
    let context = JobContext::current().map_err(threadline::Error::from)?;
    let job_id = job::enqueue_publish(txn, post_ids, context).await?;
    record_action("post.publish_requested").insert(txn).await?;
    Ok(job_id)
}

fn accepted(enqueued: Committed<i64>, bell: &JobBell) -> HttpResponse {
    bell.ring();
    HttpResponse::Accepted().json(serde_json::json!({
        "job_id": enqueued.value,
        "audit_transaction_id": enqueued.audit_transaction_id,
    }))
}

/// A post of the member's organisation; those of others are as if they were not there.
pub(super) async fn own(
    member: Member,
    id: i32,
    txn: &impl ConnectionTrait,
) -> Result<post::Model, ApiError> {
    let found = post::Entity::find_by_id(id)
        .filter(post::Column::Organisation.eq(member.organisation))
        .one(txn)
        .await?;
    found.ok_or(ApiError::NotFound("post"))
}

pub(super) fn filled(field: &'static str, text: String) -> Result<String, ApiError> {
    if text.trim().is_empty() {
        return Err(ApiError::Invalid {
            field,
            rule: "must not be blank",
        });
    }
    Ok(text)
}
