//! The arguments of the commands that read the trail.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};
use threadline::{ActorRef, Op, PageToken, codegen::TableName};

use super::{ConnectionArgs, OutputArgs};
use crate::trail::{ActorChoice, TableChoice, parse_instant};

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
    /// Only changes of this table: `blog.posts`, `"Quoted"."Name"`, or `posts` in any schema
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<TableChoice>,

    /// Only changes of tables in this schema
    #[arg(long, value_name = "SCHEMA")]
    pub(crate) schema: Option<String>,

    /// Only changes of the record of `--table` with this key, see `history`; without a schema in `public`
    #[arg(long, value_name = "KEY", requires = "table")]
    pub(crate) key: Option<String>,

    /// Only what this actor did: `user:42`, `anonymous`; `user` is every user, `none` is without an actor
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<ActorChoice>,

    /// Only changes of transactions that recorded an action of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) action: Option<String>,

    /// Only what carries this correlation id
    #[arg(long, value_name = "ID")]
    pub(crate) correlation: Option<String>,

    /// Only what happened in this request
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,

    /// Only changes with this op
    #[arg(long, value_enum)]
    pub(crate) op: Option<OpArg>,

    /// Only updates that changed this column
    #[arg(long, value_name = "COLUMN")]
    pub(crate) changed_column: Option<String>,

    /// Only changes captured then or later: RFC 3339, or `4w`, `7d`, `2h`, `30m` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// Only changes captured then or earlier: RFC 3339, or `4w`, `7d`, `2h`, `30m` before now
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

/// List transactions, newest first: those of an actor, of a request, or with a correlation id
///
/// Those too that recorded an action and changed nothing. Needs the role `threadline_reader` only. With
/// times, or several of the others at once, they are found by looking: a page may end early and says
/// where to go on.
#[derive(Debug, Args)]
pub(crate) struct TransactionsArgs {
    /// Only those of this actor, for example `user:42` or `anonymous`
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<ActorRef>,

    /// Only those that carry this correlation id
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) correlation: Option<String>,

    /// Only those of this request
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) request: Option<String>,

    /// Only those that began then or later: RFC 3339, or `4w`, `7d`, `2h`, `30m` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// Only those that began then or earlier: RFC 3339, or `4w`, `7d`, `2h`, `30m` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) to: Option<DateTime<Utc>>,

    /// How many transactions
    #[arg(long, value_name = "TRANSACTIONS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Begin where another page of the same question ended
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<PageToken>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
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

    /// The instant: RFC 3339, or `4w`, `7d`, `2h`, `30m` before now
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
