//! Every event of `tracing` that Threadline's crates emit: [`EVENTS`].
//!
//! Nothing else in them calls `tracing`. The types of the fields are closed: numbers, names that
//! are in the source, the id of a request, an SQLSTATE. So no value of a row, no actor and no text
//! of the database, which may quote either, gets into a log.
//!
//! ```
//! use threadline::telemetry::EVENTS;
//!
//! let failed = EVENTS.iter().find(|event| event.name == "request.failed");
//! assert_eq!(
//!     failed.map(|event| event.fields),
//!     Some(&["request_id", "error_kind", "sqlstate", "fix"][..])
//! );
//! ```

use std::error::Error;

use sea_orm::{DbErr, RuntimeErr, SqlxError};
use tracing::{Level, Value, event};

use crate::{context::AuditContext, error};

/// The target of every event, for filters.
pub const TARGET: &str = "threadline";

/// One kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// The names of its fields, besides `message`. One that has no value is left out.
    pub fields: &'static [&'static str],
    /// Its message, always the same.
    pub message: &'static str,
}

macro_rules! events {
    ($($function:ident: $level:ident $name:literal ($($field:ident: $type:ty),*) $message:literal;)+) => {
        /// Every kind of event.
        pub const EVENTS: &[Event] = &[$(Event {
            name: $name,
            level: Level::$level,
            fields: &[$(stringify!($field)),*],
            message: $message,
        }),+];

        $(
            #[doc(hidden)]
            pub fn $function($($field: $type),*) {
                event!(
                    name: $name,
                    target: TARGET,
                    Level::$level,
                    $($field = Recorded::recorded(&$field),)*
                    $message
                );
            }
        )+
    };
}

events! {
    retention_busy: DEBUG "retention.busy" () "another instance is at retention";
    retention_done: INFO "retention.done" (run: i64, deleted_changes: i64, dropped_partitions: usize) "retention done";
    retention_failed: ERROR "retention.failed" (error_kind: &'static str, sqlstate: Option<SqlState>) "retention failed";
    retention_panicked: ERROR "retention.panicked" () "retention panicked";
    retention_lock_lost: WARN "retention.lock_lost" (error_kind: &'static str, sqlstate: Option<SqlState>) "the lock of a retention run was lost before its end";
    retention_end_not_recorded: WARN "retention.end_not_recorded" (run: i64, error_kind: &'static str, sqlstate: Option<SqlState>) "the end of a retention run could not be recorded";
    export_ended: INFO "export.ended" (format: &'static str, rows: u64, bytes: u64, cut_by: Option<&'static str>) "export ended";
    export_failed: ERROR "export.failed" (format: &'static str, rows: u64, error_kind: &'static str, sqlstate: Option<SqlState>) "export failed";
    export_stalled: WARN "export.stalled" (format: &'static str, rows: u64) "an export was ended because its client stopped reading";
    export_job_done: INFO "export_job.done" (job: i64, rows: i64, bytes: i64) "export job done";
    export_job_failed: ERROR "export_job.failed" (job: i64, failure: &'static str, sqlstate: Option<SqlState>) "an attempt at an export job failed";
    export_worker_failed: ERROR "export_worker.failed" (error_kind: &'static str, sqlstate: Option<SqlState>) "the export worker could not look for jobs";
    export_worker_panicked: ERROR "export_worker.panicked" () "the export worker panicked";
    rollback_failed: WARN "transaction.rollback_failed" (error_kind: &'static str, sqlstate: Option<SqlState>) "failed to roll back an audited transaction";
    request_failed: ERROR "request.failed" (request_id: Option<&AuditContext>, error_kind: &'static str, sqlstate: Option<SqlState>, fix: Option<&'static str>) "request failed";
    page_timed_out: WARN "surface.timed_out" (request_id: Option<&AuditContext>) "a page of the operator surface took longer than its statement timeout";
    saved_views_failed: WARN "surface.saved_views_failed" (request_id: Option<&AuditContext>, error_kind: &'static str, sqlstate: Option<SqlState>) "the saved views of an operator could not be read";
    authorize_failed: WARN "surface.authorize_failed" (request_id: Option<&AuditContext>) "`authorize` of the operator surface failed, which denies";
    surface_unprotected: WARN "surface.unprotected" () "the operator surface is mounted without authorization: everybody who can reach it sees the whole trail";
    override_refused: WARN "request.override_refused" (header: &'static str, error_kind: &'static str) "an id from `context_overrides` breaks the rule for its header and is left out";
}

/// The five characters by which PostgreSQL names an error, for example `23505`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlState([u8; 5]);

impl SqlState {
    /// The one of the database error that an error comes from.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(err) = error.downcast_ref::<DbErr>() {
                return Self::new(&error::sqlstate(err)?);
            }
            next = error.source();
        }
        None
    }

    /// The five characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn new(code: &str) -> Option<Self> {
        let code: [u8; 5] = code.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_alphanumeric)
            .then_some(Self(code))
    }
}

/// The kind of a database error.
#[doc(hidden)]
pub fn database_error_kind(err: &DbErr) -> &'static str {
    match err {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => "connection",
        DbErr::Exec(RuntimeErr::SqlxError(err)) | DbErr::Query(RuntimeErr::SqlxError(err))
            if matches!(
                **err,
                SqlxError::Io(_)
                    | SqlxError::Tls(_)
                    | SqlxError::PoolTimedOut
                    | SqlxError::PoolClosed
                    | SqlxError::WorkerCrashed
            ) =>
        {
            "connection"
        }
        _ => "database",
    }
}

/// What may stand in a field.
trait Recorded {
    fn recorded(&self) -> impl Value;
}

impl Recorded for i64 {
    fn recorded(&self) -> impl Value {
        *self
    }
}

impl Recorded for u64 {
    fn recorded(&self) -> impl Value {
        *self
    }
}

impl Recorded for usize {
    fn recorded(&self) -> impl Value {
        *self
    }
}

impl Recorded for &'static str {
    fn recorded(&self) -> impl Value {
        *self
    }
}

impl Recorded for Option<&'static str> {
    fn recorded(&self) -> impl Value {
        *self
    }
}

impl Recorded for Option<SqlState> {
    fn recorded(&self) -> impl Value {
        self.as_ref()
            .and_then(|code| std::str::from_utf8(&code.0).ok())
    }
}

/// The id of the request and nothing else of the context.
impl Recorded for Option<&AuditContext> {
    fn recorded(&self) -> impl Value {
        self.and_then(AuditContext::request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlstate_has_five_characters_and_is_no_text() {
        assert_eq!(SqlState::new("23505"), Some(SqlState(*b"23505")));
        for text in ["", "2350", "235055", "a b c", "é505"] {
            assert_eq!(SqlState::new(text), None, "{text}");
        }
    }
}
