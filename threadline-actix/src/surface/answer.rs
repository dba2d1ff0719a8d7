//! From a model, or a failure, to a response.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::ContentType},
};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use threadline::json::to_text;

use super::{
    chrome::Chrome,
    failure::{Failure, Notice},
    format::Format,
    page::{Head, Page, Section},
    template,
    visit::Visit,
};

/// Answers with the page, or with why there is none.
pub(super) fn to<P: Page>(visit: &Visit, shown: Result<P, Failure>) -> HttpResponse {
    let written = shown.and_then(|page| match visit.format() {
        Format::Json => Ok(json(
            StatusCode::OK,
            page.json().map_err(|_| not_written())?,
        )),
        Format::Html => {
            let chrome = Chrome::new(visit, page.head(), Some(visit.twin()));
            let context =
                context! { chrome => Value::from(Serde(chrome)), page => page.view(visit.links()) };
            let text = template::render(P::TEMPLATE, context).map_err(|_| not_written())?;
            Ok(html(StatusCode::OK, text))
        }
    });
    written.unwrap_or_else(|failure| failed(visit, &failure))
}

/// Answers with why there is no page.
pub(super) fn failed(visit: &Visit, failure: &Failure) -> HttpResponse {
    failure.log(visit.context().as_ref());
    let (status, notice) = (failure.status(), failure.notice());
    match visit.format() {
        Format::Json => {
            let text = to_text(ErrorBody { error: &notice });
            json(status, text.unwrap_or_default())
        }
        Format::Html => {
            let head = Head {
                title: notice.title.to_owned(),
                section: Section::None,
                command: None,
            };
            let chrome = Chrome::new(visit, head, None);
            match template::render(
                "notice",
                context! { chrome => Value::from(Serde(chrome)), notice => Value::from(Serde(notice)) },
            ) {
                Ok(text) => html(status, text),
                Err(_) => bare(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    context! { title => "Internal server error" },
                ),
            }
        }
    }
}

/// A page that says nothing of what is here.
pub(super) fn bare(status: StatusCode, context: Value) -> HttpResponse {
    html(
        status,
        template::render("denied", context).unwrap_or_default(),
    )
}

#[derive(Serialize)]
struct ErrorBody<'n> {
    error: &'n Notice,
}

fn not_written() -> Failure {
    Failure::Internal {
        kind: "not_written",
        sqlstate: None,
        fix: None,
    }
}

fn html(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .body(text)
}

fn json(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("application/json; charset=utf-8")
        .body(text)
}
