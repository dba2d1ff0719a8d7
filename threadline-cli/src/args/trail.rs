//! The arguments of the commands that read the trail.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use threadline::{ActorRef, Op, PageToken, codegen::TableName};

use super::{ConnectionArgs, OutputArgs};
use crate::trail::parse_instant;

/// List captured changes across records, newest first
///
/// Needs the role `threadline_reader` only. An op, a changed column or the lack of an actor is found by
/// looking: where it is rare, a page ends early and says where to go on.
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Which changes.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only changes of this table: `posts`, `blog.posts`, `"Quoted"."Name"`
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<TableName>,

    /// Only what this actor did, for example `user:42` or `anonymous`
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<ActorRef>,

    /// Only what was done without an actor
    #[arg(long, conflicts_with = "actor")]
    pub(crate) no_actor: bool,

    /// Only changes of transactions that recorded an action of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) action: Option<String>,

    /// Only what carries this correlation id
    #[arg(long, value_name = "ID")]
    pub(crate) correlation: Option<String>,

    /// Only what happened in this request
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,

    /// Only this kind of change
    #[arg(long, value_enum)]
    pub(crate) op: Option<OpArg>,

    /// Only updates that changed this column
    #[arg(long, value_name = "COLUMN")]
    pub(crate) changed_column: Option<String>,

    /// Only changes captured then or later: RFC 3339, or `7d`, `2h`, `30m` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// Only changes captured then or earlier: RFC 3339, or `7d`, `2h`, `30m` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) to: Option<DateTime<Utc>>,
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OpArg {
    Insert,
    Update,
    Delete,
    Truncate,
}

impl From<OpArg> for Op {
    fn from(op: OpArg) -> Self {
        match op {
            OpArg::Insert => Self::Insert,
            OpArg::Update => Self::Update,
            OpArg::Delete => Self::Delete,
            OpArg::Truncate => Self::Truncate,
        }
    }
}

/// Which page.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// How many changes
    #[arg(long, value_name = "CHANGES", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Begin where another page of the same question ended
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<PageToken>,
}

/// One record.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The table: `posts`, `blog.posts`, `"Quoted"."Name"`
    #[arg(value_name = "TABLE")]
    pub(crate) table: TableName,

    /// The value of the key column, or a JSON object: `42`, `{"order_id": 7, "line": 1}`
    #[arg(value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: String,
}

/// List the changes of one record, newest first
///
/// Needs the role `threadline_reader` only. A record whose key changed has its earlier history under its
/// earlier key.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) record: RecordArgs,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Show what a record looked like at an instant
///
/// Shows the row as it was recorded, with the columns of that time. Needs the role `threadline_reader`
/// only.
///
/// Exit codes: 0 the record was there; 1 it was deleted, or nothing is known of it so early; 2 or 3 it
/// could not be told.
#[derive(Debug, Args)]
pub(crate) struct AsOfArgs {
    #[command(flatten)]
    pub(crate) record: RecordArgs,

    /// The instant: RFC 3339, or `7d`, `2h`, `30m` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) at: DateTime<Utc>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Show everything about one transaction: context, actions, changes
///
/// Needs the role `threadline_reader` only. Exits with 1 if there is no such transaction.
#[derive(Debug, Args)]
pub(crate) struct IncidentArgs {
    /// The id of the transaction, as `timeline` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: i64,

    /// How many changes
    #[arg(long, value_name = "CHANGES", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,

    /// Begin where another page of the same transaction ended
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<PageToken>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
