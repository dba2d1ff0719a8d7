use super::MAX_KEEP_DAYS;
use crate::{
    actor::InvalidActorRef,
    codegen::{InvalidTableName, TableName},
};

/// Why a retention policy can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRetentionPolicy {
    /// A time to keep is out of range.
    #[error("{of} keeps {days} days; `keep_days` is a whole number from 1 to {MAX_KEEP_DAYS}")]
    Days {
        /// What it belongs to.
        of: String,
        /// The number that was given.
        days: i64,
    },
    /// A class has no name.
    #[error("a class of the retention policy has no name; call it for example `short`")]
    UnnamedClass,
    /// A class has no tables.
    #[error(
        "class `{0}` of the retention policy has no tables; list them in `tables`, or remove the class"
    )]
    EmptyClass(String),
    /// A class is spoken of that the policy does not have.
    #[error("the retention policy has no class `{0}`; add it first")]
    UnknownClass(String),
    /// Two classes claim a table.
    #[error(
        "table `{table}` is listed in class `{first}` and in class `{second}` of the retention policy; leave it in one"
    )]
    TableTwice {
        /// The table.
        table: TableName,
        /// The class that has it.
        first: String,
        /// The class that wants it too.
        second: String,
    },
    /// A text names no table.
    #[error("the retention policy misspells a table: {0}")]
    Table(#[from] InvalidTableName),
    /// A hold holds nothing, or more than one thing.
    #[error(
        "hold {0} of the retention policy must have exactly one of: `table` with `key`, `actor`, `correlation_id`"
    )]
    HoldShape(usize),
    /// The key of a held row is no object, or empty.
    #[error(
        "`key` of the held row of `{0}` must name its key columns and their values, for example {{ id = 42 }}; write dates and times as text"
    )]
    HoldKey(TableName),
    /// The actor of a hold is none.
    #[error("a hold of the retention policy names no actor: {0}")]
    HoldActor(#[from] InvalidActorRef),
    /// The correlation id of a hold is empty or too long.
    #[error("`correlation_id` of a hold must have 1 to 256 bytes")]
    HoldCorrelation,
}
