//! Changes by their transactions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use serde::Serialize;
use threadline::{ActionStatus, AuditAction, AuditChange, AuditTransaction, Op};

use super::{
    actor::ActorName,
    change::{Room, ShownChange, change_view},
    instant::instant_view,
};
use crate::surface::links::Links;

/// How many changes of a group a list shows; its transaction's page shows them all.
const CHANGES: usize = 12;
/// How much of each.
const ROOM: Room = Room {
    fields: 24,
    value: 160,
};

/// Changes of one transaction.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    /// The id of the transaction.
    pub(crate) transaction_id: i64,
    /// The context of the transaction; `null` where its row is missing.
    pub(crate) transaction: Option<TransactionHead>,
    /// What the application said that it did.
    pub(crate) actions: Vec<ActionHead>,
    /// How many of the changes each table has.
    pub(crate) tables: Vec<TableCount>,
    /// The changes, in the order of the page.
    pub(crate) changes: Vec<ShownChange>,
}

/// The context of a transaction, as far as it never speaks of single rows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TransactionHead {
    /// When it began.
    pub(crate) occurred_at: DateTime<Utc>,
    /// Who did it.
    pub(crate) actor: Option<ActorName>,
    /// The request in which it happened.
    pub(crate) request_id: Option<String>,
    /// What joins it to other work.
    pub(crate) correlation_id: Option<String>,
    /// The background job that did it.
    pub(crate) job_id: Option<String>,
}

/// An action's name and how it ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActionHead {
    /// What was done.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) status: ActionStatus,
}

/// How often each thing happened to rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TableCount {
    /// The schema.
    pub(crate) schema: String,
    /// The table.
    pub(crate) table: String,
    /// Rows that appeared.
    pub(crate) insert: u64,
    /// Changes of rows.
    pub(crate) update: u64,
    /// Rows that disappeared.
    pub(crate) delete: u64,
    /// Times that every row disappeared at once.
    pub(crate) truncate: u64,
}

impl From<&AuditTransaction> for TransactionHead {
    fn from(of: &AuditTransaction) -> Self {
        Self {
            occurred_at: of.occurred_at,
            actor: ActorName::of(of.actor_type.as_deref(), of.actor_id.as_deref()),
            request_id: of.request_id.clone(),
            correlation_id: of.correlation_id.clone(),
            job_id: of.job_id.clone(),
        }
    }
}

/// Changes by their transactions, in the order in which each first appears.
pub(crate) fn groups(
    changes: Vec<AuditChange>,
    transactions: &[AuditTransaction],
    actions: Vec<AuditAction>,
) -> Vec<Group> {
    let mut heads: HashMap<i64, TransactionHead> = transactions
        .iter()
        .map(|transaction| (transaction.id, transaction.into()))
        .collect();
    let mut names: HashMap<i64, Vec<ActionHead>> = HashMap::new();
    for action in actions {
        names
            .entry(action.transaction_id)
            .or_default()
            .push(ActionHead {
                name: action.name,
                status: action.status,
            });
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    for change in changes {
        let transaction_id = change.transaction_id;
        let place = *places.entry(transaction_id).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                transaction_id,
                transaction: heads.remove(&transaction_id),
                actions: names.remove(&transaction_id).unwrap_or_default(),
                tables: Vec::new(),
                changes: Vec::new(),
            });
        }
        let group = &mut groups[place];
        count(&mut group.tables, &change);
        group.changes.push(change.into());
    }
    groups
}

fn count(tables: &mut Vec<TableCount>, change: &AuditChange) {
    let known = tables
        .iter()
        .position(|known| known.schema == change.table_schema && known.table == change.table_name);
    let place = known.unwrap_or_else(|| {
        tables.push(TableCount {
            schema: change.table_schema.clone(),
            table: change.table_name.clone(),
            insert: 0,
            update: 0,
            delete: 0,
            truncate: 0,
        });
        tables.len() - 1
    });
    let counts = &mut tables[place];
    *match change.op {
        Op::Insert => &mut counts.insert,
        Op::Update => &mut counts.update,
        Op::Delete => &mut counts.delete,
        Op::Truncate => &mut counts.truncate,
    } += 1;
}

/// What templates show of groups: by the days of their newest changes.
pub(crate) fn days_view(groups: &[Group], links: &Links) -> Vec<Value> {
    let day = |group: &Group| {
        let newest = group.changes.first();
        newest.map(|newest| newest.change.captured_at.date_naive())
    };
    groups
        .chunk_by(|a, b| day(a) == day(b))
        .filter_map(|chunk| {
            let date = day(chunk.first()?)?;
            let groups: Vec<_> = chunk.iter().map(|group| group_view(group, links)).collect();
            Some(context! {
                date => date.to_string(),
                words => date.format("%A, %-d %B %Y").to_string(),
                groups,
            })
        })
        .collect()
}

fn group_view(group: &Group, links: &Links) -> Value {
    let changes: Vec<_> = group
        .changes
        .iter()
        .take(CHANGES)
        .map(|change| change_view(change, ROOM, links))
        .collect();
    let head = group.transaction.as_ref();
    let tables: Vec<_> = group.tables.iter().map(table_view).collect();
    let actions: Vec<_> = group
        .actions
        .iter()
        .map(|action| {
            context! { name => action.name.as_str(), failed => action.status == ActionStatus::Error }
        })
        .collect();
    let reference = |id: &Option<String>, link: fn(&Links, &str) -> String| {
        id.as_deref()
            .map(|id| context! { id, link => link(links, id) })
    };
    context! {
        id => group.transaction_id,
        link => links.transaction(group.transaction_id),
        at => group.changes.first().map(|newest| instant_view(newest.change.captured_at)),
        known => head.is_some(),
        actor => head.and_then(|head| Some(head.actor.as_ref()?.view(links))),
        request => head.and_then(|head| reference(&head.request_id, Links::request)),
        correlation => head.and_then(|head| reference(&head.correlation_id, Links::correlation)),
        job => head.and_then(|head| head.job_id.as_deref()),
        actions,
        tables,
        more_changes => group.changes.len() - changes.len(),
        changes,
    }
}

fn table_view(count: &TableCount) -> Value {
    let ops: Vec<_> = [
        ("insert", count.insert),
        ("update", count.update),
        ("delete", count.delete),
        ("truncate", count.truncate),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(op, count)| context! { op, count })
    .collect();
    context! { schema => count.schema.as_str(), table => count.table.as_str(), ops }
}
