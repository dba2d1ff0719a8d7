//! Pages from the templates, and how they say what the trail holds.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::ContentType};
use chrono::{DateTime, Utc};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use threadline::{AuditChange, AuditTransaction, FieldValue, Op};

use crate::error::ApiError;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    // The suffix `.html` is what switches escaping on.
    for (name, source) in [
        ("layout.html", include_str!("../templates/layout.html")),
        ("audit.html", include_str!("../templates/audit.html")),
        (
            "transaction.html",
            include_str!("../templates/transaction.html"),
        ),
    ] {
        pages
            .add_template(name, source)
            .expect("the templates are part of the program, and the tests render them");
    }
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    pages
});

pub(crate) fn html(page: &str, values: Value) -> Result<HttpResponse, ApiError> {
    let text = PAGES.get_template(page)?.render(values)?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .body(text))
}

pub(crate) fn change(change: &AuditChange) -> Value {
    // A TRUNCATE has no key.
    let key = (change.op != Op::Truncate).then(|| change.table_pk.as_str());
    context! {
        transaction => change.transaction_id,
        at => instant(change.captured_at),
        op => change.op.as_str(),
        table => change.table_name.as_str(),
        key,
        changed => change.changed_fields.clone(),
    }
}

pub(crate) fn actor(transaction: &AuditTransaction) -> String {
    match transaction.actor() {
        Ok(Some(actor)) => actor.to_string(),
        Ok(None) => "nobody".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A value as JSON, or what there is to say instead.
pub(crate) fn known(value: &FieldValue) -> Value {
    let words = match value {
        FieldValue::Value(json) => return context! { json => json.as_str(), words => () },
        FieldValue::Null => "NULL",
        FieldValue::Masked => "masked",
        FieldValue::NotRecorded => "not recorded",
        FieldValue::Absent => "no row",
    };
    context! { words }
}

pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string()
}
