use sea_orm::{DbErr, RuntimeErr};

use crate::{
    actor::InvalidActorRef, context::InvalidContext, job::InvalidJobContext,
    query::InvalidPageToken, schema, telemetry,
};

/// The `Result` of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong when writing to and reading from the audit trail.
///
/// Converting a [`DbErr`] recognizes what the database's own audit functions say; everything else
/// stays [`Error::Database`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An actor is required and none is known. Nothing was written.
    #[error(
        "no actor: give the context one, or say `AuditContext::without_actor().allow_missing_actor()`"
    )]
    MissingActor,
    /// An action was recorded where neither it nor its transaction names an actor.
    #[error(
        "the action has no actor: give its transaction a context with an actor, or name one with `RecordAction::actor`"
    )]
    ActionWithoutActor {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The context can't be recorded. Nothing was written.
    #[error("the audit context can't be recorded")]
    InvalidContext(#[from] InvalidContext),
    /// A job does not carry a context that can be used.
    #[error("the job has no usable audit context")]
    InvalidJobContext(#[from] InvalidJobContext),
    /// A text is no actor.
    #[error("not an actor")]
    InvalidActor(#[from] InvalidActorRef),
    /// The transaction already has a context that says otherwise.
    #[error("the transaction already has another audit context")]
    ContextConflict {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The table is captured with `context = "require"` and the write had no actor.
    #[error("the table is written only with an audit context: use an audited transaction")]
    ContextRequired {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The database refused a context or an action as malformed.
    #[error("the database refused the audit context or action")]
    Refused {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The audit schema is not there.
    #[error(
        "the audit schema `{}` is not installed in this database: run the migrations that `cargo threadline install` writes, or call `threadline::install`; if it has another name, call `threadline::use_schema` first",
        schema::current()
    )]
    NotInstalled {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The role may not use the audit schema.
    #[error(
        "this role may not use the audit schema `{0}`: run `GRANT {0}_writer TO` the role, or `GRANT {0}_reader TO` it if it only reads",
        schema::current()
    )]
    NotPermitted {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// A page token is not one of this query.
    #[error("the page token can't be used")]
    InvalidPageToken(#[from] InvalidPageToken),
    /// A filter can't be applied.
    #[error("invalid filter `{filter}`: {reason}")]
    InvalidFilter {
        /// The filter.
        filter: &'static str,
        /// Why.
        reason: String,
    },
    /// The image of a record can't be turned into its model.
    #[error("the recorded image does not fill the model{}", missing(.not_recorded))]
    Rebuild {
        /// The columns that were masked, excluded or unknown at that time.
        not_recorded: Vec<String>,
        /// What SeaORM or the database said.
        #[source]
        err: DbErr,
    },
    /// The database failed, or refused for reasons of its own.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

impl Error {
    /// The name of its kind, as events of [`telemetry`](crate::telemetry) have it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MissingActor => "missing_actor",
            Self::ActionWithoutActor { .. } => "action_without_actor",
            Self::InvalidContext(_) => "invalid_context",
            Self::InvalidJobContext(_) => "invalid_job_context",
            Self::InvalidActor(_) => "invalid_actor",
            Self::ContextConflict { .. } => "context_conflict",
            Self::ContextRequired { .. } => "context_required",
            Self::Refused { .. } => "refused",
            Self::NotInstalled { .. } => "not_installed",
            Self::NotPermitted { .. } => "not_permitted",
            Self::InvalidPageToken(_) => "invalid_page_token",
            Self::InvalidFilter { .. } => "invalid_filter",
            Self::Rebuild { .. } => "rebuild",
            Self::Database(err) => telemetry::database_error_kind(err),
        }
    }
}

fn missing(columns: &[String]) -> String {
    match columns {
        [] => String::new(),
        columns => format!(": it has no value for {}", columns.join(", ")),
    }
}

impl From<DbErr> for Error {
    fn from(err: DbErr) -> Self {
        match sqlstate(&err).as_deref() {
            Some("TL001") => Self::ActionWithoutActor { err },
            Some("TL002") => Self::ContextRequired { err },
            Some("TL003") => Self::ContextConflict { err },
            Some("TL004") => Self::Refused { err },
            Some("3F000" | "42883" | "42P01") if names_the_schema(&err) => {
                Self::NotInstalled { err }
            }
            Some("42501") if names_the_schema(&err) || names_an_object(&err) => {
                Self::NotPermitted { err }
            }
            _ => Self::Database(err),
        }
    }
}

/// So that code whose error is SeaORM's can use audited transactions too.
impl From<Error> for DbErr {
    fn from(err: Error) -> Self {
        match err {
            Error::Database(err)
            | Error::ActionWithoutActor { err }
            | Error::ContextConflict { err }
            | Error::ContextRequired { err }
            | Error::Refused { err }
            | Error::NotInstalled { err }
            | Error::NotPermitted { err }
            | Error::Rebuild { err, .. } => err,
            other => Self::Custom(other.to_string()),
        }
    }
}

/// The SQLSTATE of a database error.
pub(crate) fn sqlstate(err: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(err))
    | DbErr::Exec(RuntimeErr::SqlxError(err))
    | DbErr::Query(RuntimeErr::SqlxError(err))) = err
    else {
        return None;
    };
    err.as_database_error()?.code().map(Into::into)
}

fn names_the_schema(err: &DbErr) -> bool {
    err.to_string().contains(schema::current().as_str())
}

/// What PostgreSQL refuses it names without its schema.
fn names_an_object(err: &DbErr) -> bool {
    let text = err.to_string();
    [
        "function set_context",
        "function record_action",
        "function current_transaction",
        "function row_ref",
        "function table_ref",
        "function record_evidence",
        "function enqueue_export",
        "function claim_export",
        "function heartbeat_export",
        "function complete_export",
        "function fail_export",
        "function expire_export",
        "function save_view",
        "function delete_view",
        "table audit_evidence",
        "table audit_export_jobs",
        "table audit_horizons",
        "table audit_retention_runs",
        "table audit_saved_views",
        "table audit_transactions",
        "table audit_actions",
        "table audit_changes",
    ]
    .iter()
    .any(|object| text.contains(&format!("permission denied for {object}")))
}
