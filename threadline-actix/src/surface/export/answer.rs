//! The answers of an export: a file, or a plain text.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use futures_util::{Stream, TryStreamExt as _};
use threadline::{Count, export::ExportFormat};

use crate::surface::{command::Command, failure::Failure};

/// What the file holds at most.
const LIMIT: &str = "x-threadline-limit";
/// Whether there is more than it holds, as far as was counted before: the last record of the file knows.
const TRUNCATED: &str = "x-threadline-truncated";

/// The file, sent while it is read.
pub(super) fn file<S>(
    format: ExportFormat,
    name: &str,
    limit: u64,
    count: Count,
    bytes: S,
) -> HttpResponse
where
    S: Stream<Item = threadline::Result<actix_web::web::Bytes>> + 'static,
{
    HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .insert_header((LIMIT, limit))
        .insert_header((TRUNCATED, if count.capped { "true" } else { "false" }))
        .streaming(bytes.map_err(|_| Broken))
}

/// Why a file ends without its last record. The library has told its kind; what the database said may quote a value of a
/// row, and the server of actix-web logs whole what it is given.
#[derive(Debug, thiserror::Error)]
#[error("the export failed")]
struct Broken;

/// Why there is no file.
pub(super) fn refused(reason: &str, command: &Command) -> HttpResponse {
    text(
        StatusCode::FORBIDDEN,
        &format!("{reason}\nWho has a shell can run: {command}\n"),
    )
}

/// Why it failed.
pub(super) fn failed(failure: &Failure) -> HttpResponse {
    let notice = failure.notice();
    let help = notice
        .help
        .map(|help| format!("{help}\n"))
        .unwrap_or_default();
    text(failure.status(), &format!("{}\n{help}", notice.message))
}

fn text(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(text.to_owned())
}
