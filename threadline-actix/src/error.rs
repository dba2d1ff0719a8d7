//! What went wrong, and what the client may know of it: [`AuditError`].

use std::{error::Error as StdError, fmt};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use sea_orm::DbErr;
use serde::Serialize;
use threadline::{Error, context};

use crate::headers::InvalidIdHeader;

/// Why an audited request failed. As a response it is JSON: `{"error": …, "request_id": …}`.
///
/// | error | status | the client reads |
/// |---|---|---|
/// | no actor | 401 | that it has to authenticate |
/// | an invalid header, context, page token or filter | 400 | what is wrong with it |
/// | everything else | 500 | `internal server error` |
///
/// What the client does not read is in the log: one `tracing` error event with the whole chain of
/// causes and the request id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The request did not pass through the middleware.
    #[error(
        "the request has no audit context; add `.wrap(RequestCapture::new(actor_function))` to the `App` or scope of this route"
    )]
    MissingMiddleware,
    /// The application has no connection for [`AuditedDb`](crate::AuditedDb).
    #[error(
        "the application has no database connection; add `.app_data(web::Data::new(db))` with a `sea_orm::DatabaseConnection` to the `App`"
    )]
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
            tracing::error!(request_id, error = %Chain(self), "request failed");
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

/// An error and its causes on one line.
struct Chain<'e>(&'e dyn StdError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // The database layers repeat their causes in their own texts.
            if !told.contains(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}
