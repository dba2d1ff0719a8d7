use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use threadline::{
    AuditChange, AuditTransaction, ChangeDiff, Op, codegen::TableName, entity::audit_transaction,
};

use super::{Style, instant, value::fields};
use crate::output::visible;

/// A change with what it changed, and the transaction it belongs to.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    change: AuditChange,
    diff: ChangeDiff,
    transaction: Option<AuditTransaction>,
}

/// Adds to the changes of a page their transactions.
///
/// # Errors
/// When the database fails.
pub(crate) async fn entries<C: ConnectionTrait>(
    changes: Vec<AuditChange>,
    db: &C,
) -> threadline::Result<Vec<Entry>> {
    let mut ids: Vec<_> = changes.iter().map(|change| change.transaction_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let transactions = audit_transaction::Entity::find()
        .filter(audit_transaction::Column::Id.is_in(ids))
        .all(db)
        .await?;
    let transactions: HashMap<_, _> = transactions.into_iter().map(|t| (t.id, t)).collect();
    let entry = |change: AuditChange| Entry {
        diff: ChangeDiff::of(&change),
        transaction: transactions.get(&change.transaction_id).cloned(),
        change,
    };
    Ok(changes.into_iter().map(entry).collect())
}

impl Entry {
    /// The change for people.
    pub(crate) fn text(&self, style: Style) -> String {
        let transaction = self.transaction.as_ref();
        let who = transaction.map_or_else(
            || "[transaction not recorded]".to_owned(),
            |t| actor(t.actor_type.as_deref(), t.actor_id.as_deref()),
        );
        let context = format!(
            "{}  transaction {}",
            visible(&who),
            self.change.transaction_id
        );
        change(&self.change, &self.diff, Some(&context), style)
    }
}

/// A change for people: one line, and one for each column.
pub(crate) fn change(
    change: &AuditChange,
    diff: &ChangeDiff,
    context: Option<&str>,
    style: Style,
) -> String {
    let table = table(&change.table_schema, &change.table_name);
    let subject = match change.op {
        Op::Truncate => format!("{table}, every row"),
        _ => format!("{table} {}", change.table_pk),
    };
    let mut line = format!(
        "{}  {}  {}",
        instant(change.captured_at),
        style.op(change.op),
        visible(&subject)
    );
    if let Some(partition) = &change.partition_name {
        line += &format!(" in {}", visible(partition));
    }
    if let Some(key) = &change.linked_pk {
        line += &format!(
            " (the key changed; the other one is {})",
            visible(key.as_str())
        );
    }
    if let Some(context) = context {
        line += &format!("  {context}");
    }
    format!("{line}\n{}", fields(change.op, &diff.fields))
}

/// A table by what the trail calls it.
pub(crate) fn table(schema: &str, table: &str) -> String {
    TableName::new(schema, table)
        .map_or_else(|_| format!("{schema}.{table}"), |name| name.to_string())
}

/// Who did it.
pub(crate) fn actor(kind: Option<&str>, id: Option<&str>) -> String {
    match (kind, id) {
        (None, _) => "no actor".to_owned(),
        (Some(kind), None) => kind.to_owned(),
        (Some(kind), Some(id)) => format!("{kind}:{id}"),
    }
}
