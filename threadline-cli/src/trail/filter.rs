use sea_orm::ConnectionTrait;
use threadline::{Timeline, codegen::TableName, timeline};

use super::{ActorChoice, find_record, known};
use crate::{
    args::FilterArgs,
    error::{Error, Result},
};

/// The timeline that the options ask for.
///
/// # Errors
/// When they contradict each other, the key fits no record of the table, or the database fails.
pub(crate) async fn filtered<C: ConnectionTrait>(args: &FilterArgs, db: &C) -> Result<Timeline> {
    let mut query = timeline();
    if let (Some(table), Some(key)) = (record_table(args)?, &args.key) {
        query = query.record(&find_record(&table, key, db).await?);
    } else {
        if let Some(schema) = schema(args)? {
            query = query.schema(schema);
        }
        if let Some(choice) = &args.table {
            query = query.table(&choice.table);
        }
    }
    query = match &args.actor {
        Some(ActorChoice::Is(actor)) => query.actor(actor.clone()),
        Some(ActorChoice::Kind(kind)) => query.actor_kind(*kind),
        Some(ActorChoice::Nobody) => query.no_actor(),
        None => query,
    };
    if let Some(name) = &args.action {
        query = query.action(name);
    }
    if let Some(id) = &args.correlation {
        query = query.correlation_id(id);
    }
    if let Some(id) = &args.request {
        query = query.request_id(id);
    }
    if let Some(op) = args.op {
        query = query.op(op.into());
    }
    if let Some(column) = &args.changed_column {
        query = query.changed_column(column);
    }
    if let Some(at) = args.from {
        query = query.from(at);
    }
    if let Some(at) = args.to {
        query = query.to(at);
    }
    Ok(query)
}

/// Explains an error by the options that people wrote.
pub(crate) fn refused(args: &FilterArgs) -> impl Fn(threadline::Error) -> Error {
    |err| match err {
        threadline::Error::InvalidFilter { filter, reason } => {
            let name = filter.trim_end_matches("_id").replace('_', "-");
            let option = format!("--{name}");
            Error::Filter { option, reason }
        }
        err => match (record_table(args), &args.key) {
            (Ok(Some(table)), Some(key)) => known(&table, key, err),
            _ => err.into(),
        },
    }
}

/// The table of the key: as for `history`, one of `public` unless a schema is said.
fn record_table(args: &FilterArgs) -> Result<Option<TableName>> {
    let (Some(choice), Some(_)) = (&args.table, &args.key) else {
        return Ok(None);
    };
    let schema = schema(args)?.unwrap_or("public");
    let named = TableName::new(schema, &choice.table);
    named
        .map(Some)
        .map_err(|err| refused_schema(err.to_string()))
}

fn schema(args: &FilterArgs) -> Result<Option<&str>> {
    let of_table = args
        .table
        .as_ref()
        .and_then(|choice| choice.schema.as_deref());
    match (args.schema.as_deref(), of_table) {
        (Some(schema), Some(other)) if schema != other => Err(refused_schema(format!(
            "`--table` names a table of the schema `{other}`"
        ))),
        (schema, of_table) => Ok(schema.or(of_table)),
    }
}

fn refused_schema(reason: String) -> Error {
    let option = "--schema".to_owned();
    Error::Filter { option, reason }
}
