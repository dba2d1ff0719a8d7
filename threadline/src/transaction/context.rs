use sea_orm::{
    ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Query},
};

use crate::{
    context::AuditContext,
    error::{Error, Result},
    schema,
};

/// The name of a function in the audit schema. Function names are printed as they are; a
/// [`SchemaName`](crate::SchemaName) needs no quotes.
pub(crate) fn function(name: &'static str) -> Alias {
    Alias::new(format!("{}.{name}", schema::current()))
}

/// Checks that the context can be sent, before anything is.
pub(super) fn checked(context: &AuditContext) -> Result<String> {
    if context.actor_ref().is_none() && !context.may_miss_actor() {
        return Err(Error::MissingActor);
    }
    Ok(context.to_json()?)
}

/// Sets the whole context of the current transaction: one statement, one round trip.
///
/// Built as a syntax tree, so that connections that refuse raw SQL pass it.
pub(super) async fn set<C: ConnectionTrait>(context: &str, db: &C) -> Result<()> {
    let call = Func::cust(function("set_context")).arg(context);
    db.query_one(&Query::select().expr(Expr::expr(call)).to_owned())
        .await?;
    Ok(())
}

/// The handle of the current transaction, if it changed anything.
pub(super) async fn current_transaction<C: ConnectionTrait>(db: &C) -> Result<Option<i64>> {
    let call = Expr::expr(Func::cust(function("current_transaction")));
    let row = db
        .query_one(
            &Query::select()
                .expr_as(call.cast_as("int8"), "id")
                .to_owned(),
        )
        .await?;
    Ok(row.map(|row| row.try_get("", "id")).transpose()?.flatten())
}
