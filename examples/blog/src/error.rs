//! What the API answers when it can't do what was asked.

use actix_web::{
    HttpResponse, ResponseError,
    error::{JsonPayloadError, PathError, QueryPayloadError},
    http::StatusCode,
};
use sea_orm::{DbErr, SqlErr};
use serde_json::json;
use threadline_actix::AuditError;

/// Why a request was not served. The body is `{"error": …}`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// A bearer token that nobody has.
    #[error("authentication required")]
    Unauthenticated,
    /// There is no such thing.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Another post has the slug.
    #[error("the slug is taken")]
    SlugTaken,
    /// A field breaks a rule of the blog.
    #[error("`{field}` {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it has to be.
        rule: &'static str,
    },
    /// The body is no JSON of the expected shape.
    #[error("the body can't be read: {0}")]
    Body(JsonPayloadError),
    /// The query string lacks something or has it in the wrong form.
    #[error("the query string can't be read: {0}")]
    Query(QueryPayloadError),
    /// The path holds something that is no id.
    #[error("not found")]
    Path(#[source] PathError),
    /// The audited work failed.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            // The only unique index besides the key.
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::SlugTaken,
            _ => Self::Audit(AuditError::from(error)),
        }
    }
}

impl From<threadline::Error> for ApiError {
    fn from(error: threadline::Error) -> Self {
        Self::Audit(AuditError::from(error))
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::NotFound(_) | Self::Path(_) => StatusCode::NOT_FOUND,
            Self::SlugTaken => StatusCode::CONFLICT,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Body(error) => error.status_code(),
            Self::Query(_) => StatusCode::BAD_REQUEST,
            Self::Audit(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Audit(error) => error.error_response(),
            error => {
                HttpResponse::build(self.status_code()).json(json!({"error": error.to_string()}))
            }
        }
    }
}
