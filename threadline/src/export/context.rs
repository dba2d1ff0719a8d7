//! Who and why: the transactions and actions of changes, two statements for many of them.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectionTrait, EntityName, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    Select, StreamTrait,
    sea_query::{Alias, Expr, Func, Query},
};

use crate::{
    entity::{audit_action, audit_change, audit_transaction},
    error::Result,
    query::{ChangeScope, standings},
    schema,
};

/// How many actions of a transaction stand beside each of its changes.
pub const MAX_EXPORTED_ACTIONS: usize = 100;

/// How many bytes of actions of a transaction stand beside each of its changes: the one that goes beyond is the last.
pub const MAX_EXPORTED_ACTION_BYTES: usize = 256 * 1024;

/// How many bytes of contexts are held, about.
const HELD_BYTES: usize = 4 * 1024 * 1024;

/// How many contexts are read at once, at first and at most. More come with each time that they were small.
const BATCH: RangeInclusive<usize> = 128..=512;

/// What is known of one transaction.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) transaction: Option<audit_transaction::Model>,
    pub(super) actions: Vec<audit_action::Model>,
    /// Whether it recorded more actions than those.
    pub(super) has_more: bool,
    /// About how many bytes its actions have.
    weight: usize,
}

impl Context {
    /// Takes one action more, if it fits.
    fn push(&mut self, action: audit_action::Model) {
        self.has_more =
            self.actions.len() >= MAX_EXPORTED_ACTIONS || self.weight >= MAX_EXPORTED_ACTION_BYTES;
        if !self.has_more {
            self.weight += action.weight();
            self.actions.push(action);
        }
    }

    fn weight(&self) -> usize {
        let meta = self.transaction.as_ref().and_then(|of| of.meta.as_ref());
        self.weight + meta.map_or(0, |meta| meta.as_str().len())
    }
}

/// The contexts of the changes in hand.
#[derive(Debug)]
pub(super) struct Contexts {
    known: HashMap<i64, Context>,
    batch: usize,
}

impl Default for Contexts {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            batch: *BATCH.start(),
        }
    }
}

impl Contexts {
    /// Reads what the changes need, as far as a reader in the scope may know it, and says of how many changes the
    /// contexts are known now: of the first, and of those behind it as far as memory goes.
    pub(super) async fn load<C: ConnectionTrait + StreamTrait>(
        &mut self,
        changes: &[audit_change::Model],
        scope: Option<&ChangeScope>,
        db: &C,
    ) -> Result<usize> {
        loop {
            let known = changes
                .iter()
                .take_while(|change| self.known.contains_key(&change.transaction_id))
                .count();
            if known > 0 || changes.is_empty() {
                return Ok(known);
            }
            self.read(changes, scope, db).await?;
        }
    }

    /// Reads the contexts of the first transactions that are not known. Those that were known and are needed
    /// further on are kept, as far as memory goes.
    async fn read<C: ConnectionTrait + StreamTrait>(
        &mut self,
        changes: &[audit_change::Model],
        scope: Option<&ChangeScope>,
        db: &C,
    ) -> Result<()> {
        let wanted: HashSet<i64> = changes.iter().map(|change| change.transaction_id).collect();
        self.known.retain(|id, _| wanted.contains(id));
        if self.known.values().map(Context::weight).sum::<usize>() > HELD_BYTES {
            self.known.clear();
        }
        let mut missing = Vec::new();
        for change in changes {
            let id = change.transaction_id;
            if missing.len() < self.batch && !self.known.contains_key(&id) && !missing.contains(&id)
            {
                missing.push(id);
            }
        }
        let asked = missing.len();
        let mut read = contexts(missing, db).await?;
        if let Some(scope) = scope {
            let ids: Vec<i64> = read.keys().copied().collect();
            let standings = standings(scope, &ids, db).await?;
            for (id, context) in &mut read {
                match (standings.get(id), &mut context.transaction) {
                    (Some(standing), Some(transaction)) => {
                        standing.withhold(transaction, &mut context.actions);
                    }
                    _ => *context = Context::default(),
                }
            }
        }
        let weight: usize = read.values().map(Context::weight).sum();
        self.batch = if read.len() < asked || weight > HELD_BYTES {
            (read.len() / 2).max(1)
        } else {
            (self.batch * 2).min(*BATCH.end())
        };
        self.known.extend(read);
        Ok(())
    }

    /// The context of a change.
    pub(super) fn of(&self, change: &audit_change::Model) -> &Context {
        static NOTHING: Context = Context {
            transaction: None,
            actions: Vec::new(),
            has_more: false,
            weight: 0,
        };
        self.known.get(&change.transaction_id).unwrap_or(&NOTHING)
    }
}

/// The contexts of transactions, without those at the end that don't fit into memory.
async fn contexts<C: ConnectionTrait + StreamTrait>(
    mut ids: Vec<i64>,
    db: &C,
) -> Result<HashMap<i64, Context>> {
    let mut contexts: HashMap<i64, Context> =
        ids.iter().map(|&id| (id, Context::default())).collect();
    ids.sort_unstable();
    let transactions = audit_transaction::Entity::find()
        .filter(Expr::cust_with_values(
            "\"audit_transactions\".\"id\" = ANY($1)",
            [ids.clone()],
        ))
        .all(db)
        .await?;
    for transaction in transactions {
        let context = contexts.entry(transaction.id).or_default();
        context.transaction = Some(transaction);
    }
    let mut held = 0;
    let mut actions = actions(ids).stream(db).await?;
    while let Some(action) = actions.try_next().await? {
        let of = action.transaction_id;
        let context = contexts.entry(of).or_default();
        if held >= HELD_BYTES && context.actions.is_empty() {
            // The newest transactions come first: those above are whole.
            contexts.retain(|&id, _| id > of);
            break;
        }
        let before = context.weight;
        context.push(action);
        held += context.weight - before;
    }
    Ok(contexts)
}

/// The first actions of each transaction, and one more to see whether there are more; by transaction, the newest
/// first.
fn actions(transactions: Vec<i64>) -> Select<audit_action::Entity> {
    let name = audit_action::Entity.table_name();
    let mut of_one = Query::select();
    of_one
        .expr(Expr::cust("a.*"))
        .from_as(
            (Alias::new(schema::current().as_str()), Alias::new(name)),
            "a",
        )
        .and_where(Expr::cust("a.transaction_id = t.t"))
        .order_by(("a", "id"), sea_orm::Order::Asc)
        .limit(MAX_EXPORTED_ACTIONS as u64 + 1);
    let mut of_all = Query::select();
    of_all
        .expr(Expr::cust("o.*"))
        .from_function(Func::cust("unnest").arg(Expr::val(transactions)), "t")
        .join_lateral(JoinType::InnerJoin, of_one, "o", Expr::cust("true"));
    let mut select = audit_action::Entity::find();
    QuerySelect::query(&mut select)
        .from_clear()
        .from_subquery(of_all, Alias::new(name));
    select
        .order_by_desc(audit_action::Column::TransactionId)
        .order_by_asc(audit_action::Column::Id)
}
