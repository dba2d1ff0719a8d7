use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement,
    sea_query::{Expr, Func, Query},
};

use super::{MAX_VIEWS, SavedViewError, save};
use crate::{
    actor::ActorRef,
    entity::audit_saved_view::{Column, Entity},
    schema,
    transaction::function,
};

/// The views of an actor by name, a plain SeaORM `Select`. There are at most [`MAX_VIEWS`].
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{ActorRef, saved_view::saved_views};
///
/// for view in saved_views(&ActorRef::admin("ada")?).all(db).await? {
///     println!("{}: {:?}", view.name, view.filter_texts());
/// }
/// # Ok(()) }
/// ```
pub fn saved_views(actor: &ActorRef) -> Select<Entity> {
    Entity::find()
        .filter(Column::ActorType.eq(actor.kind().as_str()))
        .filter(Column::ActorId.eq(actor.id().unwrap_or_default()))
        .order_by_asc(Column::Name)
        .limit(MAX_VIEWS)
}

/// Deletes a view of an actor, and says whether there was one. That of another actor is as good as
/// none.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{ActorRef, saved_view::delete_view};
///
/// let was_there = delete_view(&ActorRef::admin("ada")?, 7, db).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the role may only read, or the database fails.
pub async fn delete_view<C: ConnectionTrait>(
    actor: &ActorRef,
    id: i64,
    db: &C,
) -> Result<bool, SavedViewError> {
    let call = Func::cust(function("delete_view"))
        .arg(save::actor(actor))
        .arg(id);
    let query = Query::select()
        .expr_as(Expr::expr(call), "found")
        .to_owned();
    let row = db.query_one(&query).await;
    let found = row.and_then(|row| row.map_or(Ok(false), |row| row.try_get("", "found")));
    found.map_err(|err| SavedViewError::of(err, ""))
}

/// Whether views can be saved over a connection: whether its role may, and the server takes writes.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), sea_orm::DbErr> {
/// if !threadline::saved_view::may_save_views(db).await? {
///     println!("this connection may only read");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database fails.
pub async fn may_save_views<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let sql = "SELECT NOT pg_catalog.pg_is_in_recovery() AND EXISTS (
                 SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
                  WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.text::pg_catalog.name AND p.proname OPERATOR(pg_catalog.=) 'save_view'
                    AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')) AS may";
    let schema = schema::current().as_str().to_owned();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [schema.into()]);
    let row = db.query_one_raw(statement).await?;
    row.map_or(Ok(false), |row| row.try_get("", "may"))
}
