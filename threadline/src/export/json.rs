//! JSON, as one document and as a line for each record.

use serde::Serialize;

use super::{ExportEnd, ExportHead, context::Context};
use crate::entity::{audit_action, audit_change, audit_transaction};

/// A record of an export, told apart by its first field.
#[derive(Serialize)]
#[serde(tag = "record", rename_all = "lowercase")]
enum Record<'a> {
    Header(&'a ExportHead),
    Change(Change<'a>),
    End(&'a ExportEnd),
}

#[derive(Serialize)]
struct Change<'a> {
    #[serde(flatten)]
    change: &'a audit_change::Model,
    transaction: Option<&'a audit_transaction::Model>,
    actions: &'a [audit_action::Model],
    actions_has_more: bool,
}

pub(super) fn head(head: &ExportHead, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(out, &Record::Header(head))
}

pub(super) fn change(
    change: &audit_change::Model,
    context: &Context,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let record = Record::Change(Change {
        change,
        transaction: context.transaction.as_ref(),
        actions: &context.actions,
        actions_has_more: context.has_more,
    });
    serde_json::to_writer(out, &record)
}

pub(super) fn end(end: &ExportEnd, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(out, &Record::End(end))
}
