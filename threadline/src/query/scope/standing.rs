//! Where transactions stand to a scope.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, JoinType,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::ChangeScope;
use crate::{
    entity::{audit_action, audit_transaction},
    error::Result,
    schema,
};

/// The most changes of a transaction that are looked through for those in scope.
const LOOKED_THROUGH: u32 = 10_000;

/// A transaction with a change in scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether all its changes are in scope. Where some may have been purged, and of a transaction
    /// with very many, it is not known, and taken not to be so.
    whole: bool,
    /// Whether it has more changes than were looked through.
    pub(crate) has_more: bool,
}

/// The transactions, of these, that have a change in scope.
pub(crate) async fn standings<C: ConnectionTrait>(
    scope: &ChangeScope,
    ids: &[i64],
    db: &C,
) -> Result<HashMap<i64, Standing>> {
    let rows = db.query_all(&question(scope, ids)).await?;
    rows.into_iter()
        .map(|row| {
            let whole = row.try_get("", "whole")?;
            let has_more = row.try_get("", "has_more")?;
            Ok((row.try_get("", "id")?, Standing { whole, has_more }))
        })
        .collect()
}

fn question(scope: &ChangeScope, ids: &[i64]) -> SelectStatement {
    let schema = || Alias::new(schema::current().as_str());
    let judged = Query::select()
        .expr(Expr::cust_with_exprs(
            format!("bool_or($1) AS shown, bool_and($2) AS whole, count(*) > {LOOKED_THROUGH} AS has_more"),
            [scope.holds(), scope.holds()],
        ))
        .from_subquery(looked_through("t"), "audit_changes")
        .to_owned();
    let nothing_purged = format!(
        "NOT EXISTS (SELECT FROM {}.audit_horizons h WHERE h.complete_since > t.occurred_at)",
        schema::current().quoted()
    );
    Query::select()
        .expr(Expr::cust("t.id, s.has_more"))
        .expr_as(
            Expr::cust(format!("s.whole AND NOT s.has_more AND {nothing_purged}")),
            "whole",
        )
        .from_as((schema(), Alias::new("audit_transactions")), "t")
        .join_lateral(JoinType::InnerJoin, judged, "s", Expr::cust("s.shown"))
        .and_where(Expr::col(("t", "id")).is_in(ids.iter().copied()))
        .to_owned()
}

/// The changes of a transaction among which those in scope are looked for. Few fulfil the
/// condition where others have very many.
pub(crate) fn looked_through(transaction: &str) -> SelectStatement {
    Query::select()
        .expr(Expr::cust("audit_changes.*"))
        .from((
            Alias::new(schema::current().as_str()),
            Alias::new("audit_changes"),
        ))
        // The limit is in the text: PostgreSQL takes a bound one for a tenth of the table.
        .and_where(Expr::cust(format!(
            "audit_changes.transaction_id = {transaction}.id LIMIT {LOOKED_THROUGH} + 1"
        )))
        .to_owned()
}

impl Standing {
    /// Takes out what may speak of changes out of scope.
    pub(crate) fn withhold<'a>(
        self,
        transaction: &mut audit_transaction::Model,
        actions: impl IntoIterator<Item = &'a mut audit_action::Model>,
    ) {
        if self.whole {
            return;
        }
        transaction.meta = None;
        transaction.context_error = None;
        for action in actions {
            action.reason = None;
            action.comment = None;
            action.details = None;
        }
    }
}
