use sea_orm::{ConnAcquireErr, DbErr};

use super::{InvalidRetentionPolicy, PartitionRun};
use crate::{
    error::{Error, sqlstate},
    schema,
};

/// Why retention did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetentionError {
    /// The policy can't be used.
    #[error(transparent)]
    Policy(#[from] InvalidRetentionPolicy),
    /// Somebody else is at it.
    #[error("another retention run is going on in this database; wait until it ends")]
    Busy,
    /// The run was stopped by another that began.
    #[error("the retention run was ended by another one that began meanwhile")]
    RunOver {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The database refused what was asked for. Nothing was deleted.
    #[error("the database refused the retention run")]
    Refused {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// A lock was not to be had, because a transaction is open for long.
    #[error(
        "a lock was not to be had in time: a transaction has been open for long; end it, or try again"
    )]
    Locked {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// The role may not purge.
    #[error(
        "this role may not run retention: run `GRANT {0}_retention TO` the role",
        schema::current()
    )]
    NotPermitted {
        /// What the database said.
        #[source]
        err: DbErr,
    },
    /// One connection holds the lock of the run and another does the work.
    #[error(
        "no second connection was to be had: a retention run needs two; raise `max_connections` of the pool"
    )]
    NoSecondConnection {
        /// What the pool said.
        #[source]
        err: DbErr,
    },
    /// The application wanted it to stop. What was deleted until then is deleted.
    #[error("the retention run was stopped by the application")]
    Stopped,
    /// Months that have no partition yet have changes in the default partition. Everything else was
    /// done.
    #[error(
        "the partitions of these months can't be made: {}; their changes are in the default partition already, because they were not made in time; `cargo threadline health findings` has the statements that move them",
        months.join(", ")
    )]
    DefaultPartition {
        /// The names that the partitions would have.
        months: Vec<String>,
        /// What was done.
        done: Box<PartitionRun>,
    },
    /// A hold of a record that the trail knows nothing of: it would hold nothing. Nothing was deleted.
    #[error(
        "{hold} holds nothing: the trail has no change of such a record; correct `table` and `key`, or take the hold out"
    )]
    HoldsNothing {
        /// The hold, in words.
        hold: String,
        /// What the database said of the key.
        #[source]
        err: Option<DbErr>,
    },
    /// See [`Error`].
    #[error(transparent)]
    Audit(#[from] Error),
}

impl RetentionError {
    /// The name of its kind, as events of [`telemetry`](crate::telemetry) have it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Policy(_) => "invalid_policy",
            Self::Busy => "busy",
            Self::RunOver { .. } => "run_over",
            Self::Refused { .. } => "refused",
            Self::Locked { .. } => "locked",
            Self::NotPermitted { .. } => "not_permitted",
            Self::NoSecondConnection { .. } => "no_second_connection",
            Self::Stopped => "stopped",
            Self::DefaultPartition { .. } => "default_partition",
            Self::HoldsNothing { .. } => "holds_nothing",
            Self::Audit(error) => error.kind(),
        }
    }
}

impl From<DbErr> for RetentionError {
    fn from(err: DbErr) -> Self {
        if matches!(err, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) {
            return Self::NoSecondConnection { err };
        }
        match sqlstate(&err).as_deref() {
            Some("TL006") => Self::Refused { err },
            Some("TL007") => Self::RunOver { err },
            Some("55P03") => Self::Locked { err },
            Some("42501") => Self::NotPermitted { err },
            _ => Self::Audit(err.into()),
        }
    }
}
