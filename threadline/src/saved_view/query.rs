use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Func, Query},
};

use super::{MAX_VIEWS, SavedViewError, save};
use crate::{
    actor::ActorRef,
    entity::audit_saved_view::{Column, Entity},
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
