//! From a model, or a failure, to a response.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, ContentType, HeaderValue},
    },
};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use threadline::{AuditContext, json::to_text};

use super::{
    chrome::Chrome,
    failure::{Failure, Notice},
    format::Format,
    page::{Head, Page, Section},
    saved_view::Token,
    template, timeline,
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
            let views = visit.views(page.filters());
            let token = visit.token().filter(|_| views.is_some());
            let cookie = token.and_then(Token::cookie);
            let context = context! {
                chrome => Value::from(Serde(chrome)),
                page => page.view(visit.links()),
                views,
            };
            let text = template::render(P::TEMPLATE, context).map_err(|_| not_written())?;
            let mut answer = html(StatusCode::OK, text);
            if let Some(cookie) = cookie {
                let cookie = HeaderValue::from_str(cookie).map_err(|_| not_written())?;
                answer.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            Ok(answer)
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
            let context = visit.context();
            let text = to_text(ErrorBody {
                error: &notice,
                request_id: context.as_ref().and_then(AuditContext::request),
            });
            json(status, text.unwrap_or_default())
        }
        Format::Html => {
            let head = Head {
                title: notice.title.to_owned(),
                section: Section::None,
                command: None,
            };
            let chrome = Chrome::new(visit, head, None);
            // Words that were not understood are there to be put right.
            let typed = visit
                .parameters()
                .ok()
                .and_then(|mut given| given.text(timeline::SEARCH));
            let search = typed
                .filter(|_| notice.parameter.as_deref() == Some(timeline::SEARCH))
                .map(|typed| context! { typed, action => visit.links().timeline("") });
            let context = context! {
                chrome => Value::from(Serde(chrome)),
                notice => Value::from(Serde(notice)),
                search,
            };
            match template::render("notice", context) {
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
    /// The id of the request, for talking to whoever reads the log.
    request_id: Option<&'n str>,
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
