//! What went wrong, and what the client may know of it: [`AuditError`].

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use sea_orm::DbErr;
use serde::Serialize;
use threadline::{
    Error, context,
    telemetry::{self, SqlState},
};

use crate::headers::InvalidIdHeader;

const ADD_MIDDLEWARE: &str =
    "add `.wrap(RequestCapture::new(actor_function))` to the `App` or scope of this route";
const ADD_DATABASE: &str =
    "add `.app_data(web::Data::new(db))` with a `sea_orm::DatabaseConnection` to the `App`";

/// Why an audited request failed. As a response it is JSON: `{"error": …, "request_id": …}`.
///
/// | error | status | the client reads |
/// |---|---|---|
/// | no actor | 401 | that it has to authenticate |
/// | an invalid header, context, page token or filter | 400 | what is wrong with it |
/// | everything else | 500 | `internal server error` |
///
/// For a 500 there is one `tracing` event, [`request.failed`](telemetry::EVENTS), with the request
/// id, the kind of error and the SQLSTATE. What the database said is not in it, because that may
/// quote values of a row: actix-web's `Logger` writes an error in full at level `debug`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The request did not pass through the middleware.
    #[error("the request has no audit context; {ADD_MIDDLEWARE}")]
    MissingMiddleware,
    /// The application has no connection for [`AuditedDb`](crate::AuditedDb).
    #[error("the application has no database connection; {ADD_DATABASE}")]
    MissingDatabase,
    /// The request names nobody.
    #[error("the request has no actor")]
    MissingActor,
    /// The client sent an id header that breaks its rule.
    #[error(transparent)]
    InvalidIdHeader(#[from] InvalidIdHeader),
    /// An audited transaction or a query on the trail failed.
    #[error("the audited work failed")]
    Audit(#[source] Error),
    /// The database failed, or refused a statement.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

impl From<Error> for AuditError {
    fn from(error: Error) -> Self {
        match error {
            Error::MissingActor | Error::ActionWithoutActor { .. } => Self::MissingActor,
            Error::Database(error) => Self::Database(error),
            error => Self::Audit(error),
        }
    }
}

impl From<DbErr> for AuditError {
    fn from(error: DbErr) -> Self {
        // What a connection that is audited says about a missing actor is a `DbErr` by then.
        if error == DbErr::from(Error::MissingActor) {
            return Self::MissingActor;
        }
        Self::from(Error::from(error))
    }
}

impl AuditError {
    /// The name of its kind in events.
    fn kind(&self) -> &'static str {
        match self {
            Self::MissingMiddleware => "missing_middleware",
            Self::MissingDatabase => "missing_database",
            Self::MissingActor => "missing_actor",
            Self::InvalidIdHeader(error) => error.kind(),
            Self::Audit(error) => error.kind(),
            Self::Database(error) => telemetry::database_error_kind(error),
        }
    }

    /// What to add to the application, if that is what is wrong.
    fn fix(&self) -> Option<&'static str> {
        match self {
            Self::MissingMiddleware => Some(ADD_MIDDLEWARE),
            Self::MissingDatabase => Some(ADD_DATABASE),
            _ => None,
        }
    }

    /// What the client may read.
    fn public_text(&self) -> String {
        match self {
            Self::MissingActor => "authentication required".to_owned(),
            Self::InvalidIdHeader(error) => error.to_string(),
            Self::Audit(Error::InvalidContext(error)) => error.to_string(),
            Self::Audit(Error::InvalidPageToken(error)) => error.to_string(),
            Self::Audit(error @ Error::InvalidFilter { .. }) => error.to_string(),
            _ => "internal server error".to_owned(),
        }
    }
}

impl ResponseError for AuditError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::MissingActor => StatusCode::UNAUTHORIZED,
            Self::InvalidIdHeader(_)
            | Self::Audit(
                Error::InvalidContext(_) | Error::InvalidPageToken(_) | Error::InvalidFilter { .. },
            ) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let context = context::current();
        let request_id = context.as_ref().and_then(|context| context.request());
        if status.is_server_error() {
            telemetry::request_failed(
                context.as_ref(),
                self.kind(),
                SqlState::of(self),
                self.fix(),
            );
        }
        HttpResponse::build(status).json(Body {
            error: self.public_text(),
            request_id,
        })
    }
}

#[derive(Serialize)]
struct Body<'c> {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'c str>,
}
