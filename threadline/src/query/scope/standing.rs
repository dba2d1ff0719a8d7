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

/// The most changes of a transaction that are looked through to see whether all are in scope.
const WHOLE: i64 = 10_000;

/// A transaction with a change in scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether all its changes are in scope. Of a transaction with very many it is not known, and
    /// taken not to be so.
    whole: bool,
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
            let whole: Option<bool> = row.try_get("", "whole")?;
            let whole = whole.unwrap_or_default();
            Ok((row.try_get("", "id")?, Standing { whole }))
        })
        .collect()
}

fn question(scope: &ChangeScope, ids: &[i64]) -> SelectStatement {
    let schema = || Alias::new(schema::current().as_str());
    let changes = || (schema(), Alias::new("audit_changes"));
    let any = Query::select()
        .expr_as(Expr::cust("true"), "shown")
        .from(changes())
        .and_where(Expr::cust("audit_changes.transaction_id = t.id"))
        .and_where(scope.holds())
        .limit(1)
        .to_owned();
    // The limit is in the text: PostgreSQL takes a bound one for a tenth of the table.
    let some = Query::select()
        .expr(Expr::cust("audit_changes.*"))
        .from(changes())
        .and_where(Expr::cust(format!(
            "audit_changes.transaction_id = t.id LIMIT {WHOLE} + 1"
        )))
        .to_owned();
    let whole = Query::select()
        .expr(Expr::cust_with_expr(
            format!("bool_and($1) AND count(*) <= {WHOLE}"),
            scope.holds(),
        ))
        .from_subquery(some, "audit_changes")
        .to_owned();
    Query::select()
        .expr(Expr::cust("t.id"))
        .expr_as(Expr::SubQuery(None, Box::new(whole.into())), "whole")
        .from_as((schema(), Alias::new("audit_transactions")), "t")
        .join_lateral(JoinType::InnerJoin, any, "s", Expr::cust("true"))
        .and_where(Expr::col(("t", "id")).is_in(ids.iter().copied()))
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
