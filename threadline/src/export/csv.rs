//! Comma-separated values.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use csv::{Terminator, Writer, WriterBuilder};

use super::{ExportEnd, context::Context, formula::cell};
use crate::entity::{audit_change, audit_transaction};

/// The columns of a CSV export, in order.
///
/// `record` is `change` in every row but the last, where it is `end` and `summary` holds the
/// [`ExportEnd`] as JSON. An empty cell is NULL: no column holds an empty text.
pub const CSV_COLUMNS: [&str; 28] = [
    "record",
    "captured_at",
    "id",
    "transaction_id",
    "table_schema",
    "table_name",
    "partition_name",
    "op",
    "table_pk",
    "data_after",
    "changed_fields",
    "changed_from",
    "linked_pk",
    "exact",
    "occurred_at",
    "actor_type",
    "actor_id",
    "request_id",
    "correlation_id",
    "job_id",
    "remote_ip",
    "source",
    "traceparent",
    "meta",
    "context_error",
    "actions",
    "actions_has_more",
    "summary",
];

/// Writes into memory what the caller takes away.
pub(super) fn writer(out: &mut Vec<u8>) -> Writer<&mut Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out)
}

pub(super) fn head(out: &mut Vec<u8>) -> csv::Result<()> {
    let mut writer = writer(out);
    writer.write_record(CSV_COLUMNS)?;
    Ok(writer.flush()?)
}

/// One change.
pub(super) fn change<W: std::io::Write>(
    change: &audit_change::Model,
    context: &Context,
    writer: &mut Writer<W>,
) -> csv::Result<()> {
    let transaction = context.transaction.as_ref();
    let of_transaction = |field: fn(&audit_transaction::Model) -> &Option<String>| {
        transaction.and_then(|transaction| field(transaction).as_deref())
    };
    let fields = change.changed_fields.as_ref();
    let fields = fields.map(serde_json::to_string).transpose();
    let actions = serde_json::to_string(&context.actions).map_err(io)?;
    let row: [Cow<'_, str>; CSV_COLUMNS.len()] = [
        "change".into(),
        instant(change.captured_at).into(),
        change.id.to_string().into(),
        change.transaction_id.to_string().into(),
        cell(&change.table_schema),
        cell(&change.table_name),
        text(change.partition_name.as_deref()),
        change.op.as_str().into(),
        cell(change.table_pk.as_str()),
        text(change.data_after.as_ref().map(|json| json.as_str())),
        fields.map_err(io)?.unwrap_or_default().into(),
        text(change.changed_from.as_ref().map(|json| json.as_str())),
        text(change.linked_pk.as_ref().map(|json| json.as_str())),
        text(change.exact.as_ref().map(|json| json.as_str())),
        transaction
            .map_or_else(String::new, |t| instant(t.occurred_at))
            .into(),
        text(of_transaction(|t| &t.actor_type)),
        text(of_transaction(|t| &t.actor_id)),
        text(of_transaction(|t| &t.request_id)),
        text(of_transaction(|t| &t.correlation_id)),
        text(of_transaction(|t| &t.job_id)),
        text(of_transaction(|t| &t.remote_ip)),
        text(of_transaction(|t| &t.source)),
        text(of_transaction(|t| &t.traceparent)),
        text(
            transaction
                .and_then(|t| t.meta.as_ref())
                .map(|json| json.as_str()),
        ),
        text(of_transaction(|t| &t.context_error)),
        actions.into(),
        context.has_more.to_string().into(),
        "".into(),
    ];
    writer.write_record(row.iter().map(|cell| cell.as_bytes()))
}

/// The last row.
pub(super) fn end(end: &ExportEnd, out: &mut Vec<u8>) -> csv::Result<()> {
    let mut writer = writer(out);
    let mut row = vec![String::new(); CSV_COLUMNS.len()];
    "end".clone_into(&mut row[0]);
    row[CSV_COLUMNS.len() - 1] = serde_json::to_string(end).map_err(io)?;
    writer.write_record(&row)?;
    Ok(writer.flush()?)
}

fn text(value: Option<&str>) -> Cow<'_, str> {
    value.map_or(Cow::Borrowed(""), cell)
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn io(err: serde_json::Error) -> csv::Error {
    std::io::Error::from(err).into()
}
