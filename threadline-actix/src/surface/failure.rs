//! Why a page can't be shown, and what the operator reads: [`Failure`].

use std::fmt::Display;

use actix_web::http::StatusCode;
use sea_orm::DbErr;
use serde::Serialize;
use threadline::{
    AuditContext, Error,
    retention::RetentionError,
    telemetry::{self, SqlState},
};

use super::{command::Command, prose::sentence};

/// Why a page can't be shown.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is nothing here, or nothing the operator may know of: the two read the same.
    NotFound {
        /// What was looked for, for example `transaction`.
        what: &'static str,
    },
    /// A parameter can't be used.
    Invalid {
        /// Its name.
        parameter: String,
        /// Why.
        reason: String,
    },
    /// The operator may see the trail, but not this page.
    NotAllowed {
        /// The command that shows the same in a terminal.
        command: Command,
    },
    /// A form was not sent from a page that this operator was shown.
    Forged,
    /// A view was not saved or not deleted.
    NotSaved {
        /// The kind of the reason.
        kind: &'static str,
        /// The field that is wrong.
        parameter: Option<&'static str>,
        /// The reason.
        message: String,
    },
    /// The database took longer than a page may.
    TimedOut,
    /// No connection was free in time.
    Busy,
    /// Anything else. What it was is for the log.
    Internal {
        /// Its kind, for the log.
        kind: &'static str,
        /// What the database called it, for the log.
        sqlstate: Option<SqlState>,
        /// What to change in the host, for the log.
        fix: Option<&'static str>,
    },
}

/// What the operator reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    /// The kind, for programs.
    pub(crate) kind: &'static str,
    /// The headline.
    pub(crate) title: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<&'static str>,
    /// The parameter that is wrong.
    pub(crate) parameter: Option<String>,
    /// The command that answers in a terminal.
    pub(crate) command: Option<Command>,
}

impl Failure {
    /// A parameter can't be used.
    pub(crate) fn parameter(name: &str, reason: impl Display) -> Self {
        let (parameter, reason) = (name.to_owned(), reason.to_string());
        Self::Invalid { parameter, reason }
    }

    /// The query string can't be used.
    pub(crate) fn query(reason: impl Display) -> Self {
        Self::parameter("query string", reason)
    }

    /// Whether the database did not take a value, or its size: classes 22 and 54.
    pub(crate) fn is_of_value(&self) -> bool {
        let state = self.sqlstate();
        state.is_some_and(|state| state.starts_with("22") || state.starts_with("54"))
    }

    /// Whether the database has no such table, schema or type of a row.
    pub(crate) fn is_of_table(&self) -> bool {
        matches!(self.sqlstate(), Some("42704" | "42P01" | "3F000"))
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Internal { sqlstate, .. } => sqlstate.as_ref().map(SqlState::as_str),
            _ => None,
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Invalid { .. } | Self::NotSaved { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotAllowed { .. } | Self::Forged => StatusCode::FORBIDDEN,
            Self::TimedOut | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, for the operator.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::NotFound { what } => format!("There is no such {what}."),
            Self::Invalid { parameter, reason } => {
                format!("The parameter “{parameter}” can't be used: {reason}.")
            }
            Self::NotAllowed { .. } => "This page is not open to you here.".to_owned(),
            Self::Forged => {
                "This form was not sent from a page that you were shown, or you have signed in anew since."
                    .to_owned()
            }
            Self::NotSaved { message, .. } => sentence(message),
            Self::TimedOut => "The database took longer than a page may take.".to_owned(),
            Self::Busy => "The database had no free connection in time.".to_owned(),
            Self::Internal { .. } => "The server failed; its log says why.".to_owned(),
        }
    }

    /// Everything the operator reads.
    pub(crate) fn notice(&self) -> Notice {
        let (kind, title, help) = match self {
            Self::NotFound { .. } => (
                "not_found",
                "Not found",
                Some("It may have been purged by the retention policy, or the address is cut off."),
            ),
            Self::Invalid { .. } => ("invalid_parameter", "This filter can't be used", None),
            Self::NotAllowed { .. } => (
                "not_allowed",
                "Not open to you",
                Some("Who has a shell can run:"),
            ),
            Self::Forged => (
                "forged",
                "This form is not taken",
                Some("Go back, load the page again, and send the form once more."),
            ),
            Self::NotSaved { kind, .. } => (*kind, "This was not saved", None),
            Self::TimedOut => (
                "timed_out",
                "This took too long",
                Some(
                    "Narrow the filter: a shorter time, one table, or the id of a request, a correlation or an actor.",
                ),
            ),
            Self::Busy => (
                "busy",
                "The database is busy",
                Some("Try again in a moment."),
            ),
            Self::Internal { .. } => ("internal", "Something went wrong", None),
        };
        Notice {
            kind,
            title,
            message: self.message(),
            help,
            parameter: match self {
                Self::Invalid { parameter, .. } => Some(parameter.clone()),
                Self::NotSaved { parameter, .. } => parameter.map(str::to_owned),
                _ => None,
            },
            command: match self {
                Self::NotAllowed { command } => Some(command.clone()),
                _ => None,
            },
        }
    }

    /// Tells the log what an operator can't do anything about.
    pub(super) fn log(&self, context: Option<&AuditContext>) {
        match self {
            Self::TimedOut => telemetry::page_timed_out(context),
            Self::Busy => telemetry::request_failed(context, "connection", None, None),
            Self::Internal {
                kind,
                sqlstate,
                fix,
            } => telemetry::request_failed(context, kind, *sqlstate, *fix),
            _ => {}
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let sqlstate = SqlState::of(&error);
        match &error {
            Error::InvalidPageToken(error) => Self::parameter("after", error),
            Error::InvalidFilter { filter, reason } => Self::parameter(filter, reason),
            // Cancelled by the statement timeout.
            _ if sqlstate.is_some_and(|state| state.as_str() == "57014") => Self::TimedOut,
            Error::Database(DbErr::ConnectionAcquire(_)) => Self::Busy,
            error => Self::Internal {
                kind: error.kind(),
                sqlstate,
                fix: None,
            },
        }
    }
}

impl From<RetentionError> for Failure {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Audit(error) => Self::from(error),
            error => Self::Internal {
                kind: error.kind(),
                sqlstate: None,
                fix: None,
            },
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::from(Error::from(error))
    }
}
