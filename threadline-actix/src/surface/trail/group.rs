//! Changes by their transactions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use serde::Serialize;
use threadline::{
    ActionStatus, AuditAction, AuditChange, AuditTransaction, Count, TableChanges,
    TransactionSummary,
};

use super::{
    actor::ActorName,
    change::{Room, ShownChange, change_view},
    instant::instant_view,
    value::ValueRoom,
    words::Deadline,
};
use crate::surface::links::Links;

/// How many changes of a group a list shows; its transaction's page shows them all.
const CHANGES: usize = 8;
/// How much of each.
const ROOM: Room = Room {
    fields: 24,
    folded_fields: 0,
    value: ValueRoom {
        open: 160,
        folded: 0,
    },
};

/// Changes of one transaction.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    /// The id of the transaction.
    pub(crate) transaction_id: i64,
    /// The transaction and its context; `null` where its row is missing.
    pub(crate) transaction: Option<AuditTransaction>,
    /// The first actions that the application recorded.
    pub(crate) actions: Vec<AuditAction>,
    /// Whether it recorded more than those.
    pub(crate) more_actions: bool,
    /// How many changes the transaction has, those that are not on this page included.
    pub(crate) count: Option<Count>,
    /// Of which tables they are; where the count is capped, of those counted.
    pub(crate) tables: Vec<TableChanges>,
    /// The changes on this page, in its order.
    pub(crate) changes: Vec<ShownChange>,
    /// Whether the changes are samples of the transaction's.
    #[serde(skip)]
    pub(crate) sampled: bool,
}

/// Changes by their transactions, in the order in which each first appears.
pub(crate) fn groups(changes: Vec<AuditChange>, summaries: Vec<TransactionSummary>) -> Vec<Group> {
    let mut summaries: HashMap<i64, TransactionSummary> = summaries
        .into_iter()
        .map(|summary| (summary.transaction.id, summary))
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    for change in changes {
        let id = change.transaction_id;
        let place = *places.entry(id).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group::new(id, summaries.remove(&id)));
        }
        groups[place].changes.push(change.into());
    }
    groups
}

/// Transactions with some of their changes, newest first.
pub(crate) fn groups_of(summaries: Vec<TransactionSummary>) -> Vec<Group> {
    summaries
        .into_iter()
        .map(|mut summary| {
            let samples = std::mem::take(&mut summary.samples);
            let mut group = Group::new(summary.transaction.id, Some(summary));
            group.changes = samples.into_iter().rev().map(Into::into).collect();
            group.sampled = true;
            group
        })
        .collect()
}

impl Group {
    /// When it happened: of a timeline its newest change, of a list of transactions their beginning.
    fn at(&self) -> Option<DateTime<Utc>> {
        let newest = self.changes.first().map(|newest| newest.change.captured_at);
        let began = self.transaction.as_ref().map(|of| of.occurred_at);
        if self.sampled {
            began.or(newest)
        } else {
            newest.or(began)
        }
    }

    /// How many changes there are besides so many, of those that are listed: a list of transactions has all of their
    /// changes, a timeline those that it found.
    fn besides(&self, shown: usize) -> u64 {
        let all = match self.count {
            Some(count) if self.sampled => count.value,
            _ => self.changes.len() as u64,
        };
        all.saturating_sub(shown as u64)
    }

    fn new(transaction_id: i64, summary: Option<TransactionSummary>) -> Self {
        let mut group = Self {
            transaction_id,
            transaction: None,
            actions: Vec::new(),
            more_actions: false,
            count: None,
            tables: Vec::new(),
            changes: Vec::new(),
            sampled: false,
        };
        if let Some(summary) = summary {
            group.transaction = Some(summary.transaction);
            group.actions = summary.actions;
            group.more_actions = summary.more_actions;
            group.count = Some(summary.changes);
            group.tables = summary.tables;
        }
        group
    }
}

/// What templates show of groups: by the days of their newest changes.
pub(crate) fn days_view(groups: &[Group], deadline: Deadline, links: &Links) -> Vec<Value> {
    let day = |group: &Group| group.at().map(|at| at.date_naive());
    groups
        .chunk_by(|a, b| day(a) == day(b))
        .filter_map(|chunk| {
            let date = day(chunk.first()?)?;
            let groups: Vec<_> = chunk
                .iter()
                .map(|group| group_view(group, deadline, links))
                .collect();
            Some(context! {
                date => date.to_string(),
                words => date.format("%A, %-d %B %Y").to_string(),
                groups,
            })
        })
        .collect()
}

fn group_view(group: &Group, deadline: Deadline, links: &Links) -> Value {
    let changes: Vec<_> = group
        .changes
        .iter()
        .take(CHANGES)
        .map(|change| change_view(&change.change, &change.diff, ROOM, deadline, links))
        .collect();
    let of = group.transaction.as_ref();
    let actor = of.and_then(|of| ActorName::of(of.actor_type.as_deref(), of.actor_id.as_deref()));
    let reference = |id: Option<&str>, link: fn(&Links, &str) -> String| {
        id.map(|id| context! { id, link => link(links, id) })
    };
    context! {
        id => group.transaction_id,
        // Of a transaction that the operator can't see there is no page.
        link => of.map(|_| links.transaction(group.transaction_id)),
        at => group.at().map(instant_view),
        actor => actor.map(|actor| actor.view(links)),
        request => of.and_then(|of| reference(of.request_id.as_deref(), Links::request)),
        correlation => of.and_then(|of| reference(of.correlation_id.as_deref(), Links::correlation)),
        job => of.and_then(|of| of.job_id.as_deref()),
        actions => group.actions.iter().map(action_view).collect::<Vec<_>>(),
        more_actions => group.more_actions,
        count => group.count.map(|count| count.value),
        capped => group.count.is_some_and(|count| count.capped),
        sampled => group.sampled,
        tables => group.tables.iter().map(table_view).collect::<Vec<_>>(),
        more_changes => group.besides(changes.len()),
        changes,
    }
}

fn action_view(action: &AuditAction) -> Value {
    context! { name => action.name.as_str(), failed => action.status == ActionStatus::Error }
}

/// What templates show of how often rows of a table changed.
pub(crate) fn table_view(count: &TableChanges) -> Value {
    let ops: Vec<_> = [
        ("insert", count.inserts),
        ("update", count.updates),
        ("delete", count.deletes),
        ("truncate", count.truncates),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(op, count)| context! { op, count })
    .collect();
    context! { schema => count.table_schema.as_str(), table => count.table_name.as_str(), ops }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn besides(sampled: bool, count: Option<u64>, shown: usize) -> u64 {
        let mut group = Group::new(7, None);
        group.sampled = sampled;
        group.count = count.map(|value| Count {
            value,
            capped: false,
        });
        group.besides(shown)
    }

    #[test]
    fn a_list_of_transactions_has_all_of_their_changes_and_a_timeline_those_it_found() {
        assert_eq!(besides(true, Some(500), 6), 494);
        assert_eq!(besides(true, None, 6), 0);
        assert_eq!(besides(false, Some(500), 0), 0);
    }
}
