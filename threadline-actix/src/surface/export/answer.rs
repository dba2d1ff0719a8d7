//! The answers of an export: a file, or a plain text.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Bytes,
};
use futures_util::Stream;
use threadline::export::ExportFormat;

use super::send::Broken;
use crate::surface::{command::Command, failure::Failure};

/// What the file holds at most.
const LIMIT: &str = "x-threadline-limit";
/// After how many seconds it is worth to ask once more.
const RETRY_AFTER: &str = "30";

/// The file, sent while it is read.
pub(super) fn file<S>(format: ExportFormat, name: &str, limit: u64, bytes: S) -> HttpResponse
where
    S: Stream<Item = Result<Bytes, Broken>> + 'static,
{
    HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .insert_header((LIMIT, limit))
        .streaming(bytes)
}

/// Why there is no file.
pub(super) fn refused(reason: &str, command: &Command) -> HttpResponse {
    text(
        StatusCode::FORBIDDEN,
        &format!("{reason}\nWho has a shell can run: {command}\n"),
    )
}

/// Others are being made.
pub(super) fn busy() -> HttpResponse {
    let reason = "As many exports are under way as may be at a time. Try again in a moment.\n";
    let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, reason);
    let after = header::HeaderValue::from_static(RETRY_AFTER);
    answer.headers_mut().insert(header::RETRY_AFTER, after);
    answer
}

/// Why it failed.
pub(super) fn failed(failure: &Failure, request_id: Option<&str>) -> HttpResponse {
    let notice = failure.notice();
    let request = request_id.map(|id| format!("Request {id}"));
    let lines = [
        Some(notice.message.as_str()),
        notice.help,
        request.as_deref(),
    ];
    let lines = lines.into_iter().flatten().map(|line| format!("{line}\n"));
    text(failure.status(), &lines.collect::<String>())
}

fn text(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(text.to_owned())
}
