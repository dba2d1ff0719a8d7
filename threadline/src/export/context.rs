//! Who and why: the transactions and actions of a page of changes, two statements for all of them.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ConnectionTrait, EntityName, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
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

/// What is known of one transaction.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) transaction: Option<audit_transaction::Model>,
    pub(super) actions: Vec<audit_action::Model>,
    /// Whether it recorded more actions than those.
    pub(super) has_more: bool,
}

/// The contexts of the page in hand. Those that the page before had too are kept.
#[derive(Debug, Default)]
pub(super) struct Contexts(HashMap<i64, Context>);

impl Contexts {
    /// Reads what the changes need, as far as a reader in the scope may know it.
    pub(super) async fn load<C: ConnectionTrait>(
        &mut self,
        changes: &[audit_change::Model],
        scope: Option<&ChangeScope>,
        db: &C,
    ) -> Result<()> {
        let wanted: HashSet<i64> = changes.iter().map(|change| change.transaction_id).collect();
        self.0.retain(|id, _| wanted.contains(id));
        let mut missing: Vec<i64> = wanted
            .into_iter()
            .filter(|id| !self.0.contains_key(id))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        for &id in &missing {
            self.0.insert(id, Context::default());
        }
        let transactions = audit_transaction::Entity::find()
            .filter(Expr::cust_with_values(
                "\"audit_transactions\".\"id\" = ANY($1)",
                [missing.clone()],
            ))
            .all(db)
            .await?;
        for transaction in transactions {
            let context = self.0.entry(transaction.id).or_default();
            context.transaction = Some(transaction);
        }
        for action in actions(missing.clone(), db).await? {
            let context = self.0.entry(action.transaction_id).or_default();
            if context.actions.len() < MAX_EXPORTED_ACTIONS {
                context.actions.push(action);
            } else {
                context.has_more = true;
            }
        }
        if let Some(scope) = scope {
            let standings = standings(scope, &missing, db).await?;
            for id in missing {
                let context = self.0.entry(id).or_default();
                match (standings.get(&id), &mut context.transaction) {
                    (Some(standing), Some(transaction)) => {
                        standing.withhold(transaction, &mut context.actions);
                    }
                    _ => *context = Context::default(),
                }
            }
        }
        Ok(())
    }

    /// The context of a change.
    pub(super) fn of(&self, change: &audit_change::Model) -> &Context {
        static NOTHING: Context = Context {
            transaction: None,
            actions: Vec::new(),
            has_more: false,
        };
        self.0.get(&change.transaction_id).unwrap_or(&NOTHING)
    }
}

/// The first actions of each transaction, and one more to see whether there are more.
async fn actions<C: ConnectionTrait>(
    transactions: Vec<i64>,
    db: &C,
) -> Result<Vec<audit_action::Model>> {
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
    Ok(select
        .order_by_asc(audit_action::Column::Id)
        .all(db)
        .await?)
}
