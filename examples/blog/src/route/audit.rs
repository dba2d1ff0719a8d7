//! Two pages for operators: what was changed, and everything about one transaction.

use std::collections::HashMap;

use actix_web::{HttpResponse, http::header, web};
use minijinja::{Value, context};
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde::Deserialize;
use threadline::{
    JsonText, PageToken,
    entity::{audit_action, audit_transaction},
};

use crate::{
    error::ApiError,
    page::{actor, change, html, instant, known},
};

const PAGE_SIZE: u64 = 50;

#[derive(Deserialize)]
pub(crate) struct TimelineQuery {
    table: Option<String>,
    correlation_id: Option<String>,
    page_token: Option<PageToken>,
}

/// The newest changes, or the page that a token leads to.
pub(crate) async fn timeline(
    db: web::Data<DatabaseConnection>,
    query: web::Query<TimelineQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    // A form sends its empty fields too.
    let table = query.table.filter(|text| !text.is_empty());
    let correlation_id = query.correlation_id.filter(|text| !text.is_empty());
    let mut timeline = threadline::timeline().page_size(PAGE_SIZE);
    if let Some(table) = &table {
        timeline = timeline.table(table);
    }
    if let Some(id) = &correlation_id {
        timeline = timeline.correlation_id(id);
    }
    let first = query.page_token.is_none();
    if let Some(token) = query.page_token {
        timeline = timeline.after(token);
    }
    let page = timeline.fetch(db.get_ref()).await?;

    let ids: Vec<i64> = page.entries.iter().map(|e| e.transaction_id).collect();
    let transactions = audit_transaction::Entity::find()
        .filter(audit_transaction::Column::Id.is_in(ids.iter().copied()))
        .all(db.get_ref())
        .await?;
    let actors: HashMap<i64, String> = transactions.iter().map(|t| (t.id, actor(t))).collect();
    let recorded = audit_action::Entity::find()
        .filter(audit_action::Column::TransactionId.is_in(ids))
        .order_by_asc(audit_action::Column::Id)
        .limit(threadline::MAX_PAGE_SIZE)
        .all(db.get_ref())
        .await?;
    let mut actions: HashMap<i64, Vec<String>> = HashMap::new();
    for action in recorded {
        let names = actions.entry(action.transaction_id).or_default();
        names.push(action.name);
    }
    let changes = page.entries.iter().map(|entry| {
        let id = entry.transaction_id;
        context! { actor => actors.get(&id), actions => actions.get(&id), ..change(entry) }
    });
    let changes: Vec<Value> = changes.collect();
    let next = page.next.map(|token| token.to_string());
    html(
        "audit.html",
        context! { changes, table, correlation_id, first, next },
    )
}

/// Everything about one transaction.
pub(crate) async fn transaction(
    db: web::Data<DatabaseConnection>,
    id: web::Path<i64>,
) -> Result<HttpResponse, ApiError> {
    let found = threadline::incident(*id).fetch(db.get_ref()).await?;
    let bundle = found.ok_or(ApiError::NotFound("audit transaction"))?;
    let changes = bundle.changes.iter().map(|entry| {
        let fields = entry.diff.fields.iter().map(|field| {
            let (before, after) = (known(&field.before), known(&field.after));
            context! { name => field.name.as_str(), before, after }
        });
        context! { fields => fields.collect::<Vec<_>>(), ..change(&entry.change) }
    });
    let actions = bundle.actions.iter().map(|action| {
        let status = (action.status == audit_action::ActionStatus::Error).then_some("failed");
        let details = action.details.as_ref().map(JsonText::as_str);
        context! {
            name => action.name.as_str(),
            status,
            reason => action.reason.as_deref(),
            comment => action.comment.as_deref(),
            details,
        }
    });
    let of = &bundle.transaction;
    let facts = [
        ("Actor", Some(actor(of))),
        ("Began", Some(instant(of.occurred_at))),
        ("Request", of.request_id.clone()),
        ("Correlation", of.correlation_id.clone()),
        ("Job", of.job_id.clone()),
        ("Address", of.remote_ip.clone()),
        ("Source", of.source.clone()),
        ("Trace", of.traceparent.clone()),
        ("More", of.meta.as_ref().map(ToString::to_string)),
        ("Malformed context", of.context_error.clone()),
    ];
    let (actions, changes): (Vec<_>, Vec<_>) = (actions.collect(), changes.collect());
    html(
        "transaction.html",
        context! { id => of.id, facts, actions, changes, has_more => bundle.has_more },
    )
}

pub(crate) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8"))
        .body(include_str!("../../templates/style.css"))
}
