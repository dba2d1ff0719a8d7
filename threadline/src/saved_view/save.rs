use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Func},
};
use serde_json::Value;

use super::{SavedView, SavedViewError};
use crate::{actor::ActorRef, entity::audit_saved_view, transaction::function};

/// The longest name of a view, in characters.
pub const MAX_NAME_CHARS: usize = 100;
/// How large the filters of a view may be together, in bytes of JSON. The database, which prints JSON
/// with more spaces, takes twice as much.
pub const MAX_FILTERS_BYTES: usize = 8192;
/// How many views an actor has at most.
pub const MAX_VIEWS: u64 = 100;

/// Prepares a view of an actor: a name, and the filters that [`SaveView::filter`] adds.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{ActorRef, saved_view::save_view};
///
/// save_view(&ActorRef::admin("ada")?, "Deleted posts")
///     .filter("table", "posts")
///     .filter("op", "delete")
///     .insert(db)
///     .await?;
/// # Ok(()) }
/// ```
pub fn save_view(actor: &ActorRef, name: impl Into<String>) -> SaveView {
    SaveView {
        actor: actor.clone(),
        name: name.into(),
        filters: BTreeMap::new(),
    }
}

/// A view to be saved; see [`save_view`].
#[derive(Clone, Debug)]
#[must_use = "nothing is saved before `insert`"]
pub struct SaveView {
    actor: ActorRef,
    name: String,
    filters: BTreeMap<String, String>,
}

impl SaveView {
    /// Adds a filter; the last one of a name counts. Default: none, the whole timeline.
    pub fn filter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.filters.insert(name.into(), value.into());
        self
    }

    /// Adds filters, as [`filter`](Self::filter) does.
    pub fn filters<N: Into<String>, V: Into<String>>(
        self,
        filters: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        filters
            .into_iter()
            .fold(self, |view, (name, value)| view.filter(name, value))
    }

    /// Saves the view and gives it back as stored. Spaces around the name do not count. The same
    /// view once more is no error, and is not there twice.
    ///
    /// # Errors
    /// When the actor is anonymous, the name or the filters are too long, the name is taken, the
    /// actor has [`MAX_VIEWS`] views, or the role may only read.
    pub async fn insert<C: ConnectionTrait>(self, db: &C) -> Result<SavedView, SavedViewError> {
        let name = self.name.trim();
        let filters = Value::from_iter(self.filters).to_string();
        check(&self.actor, name, &filters)?;
        let call = Func::cust(function("save_view"))
            .arg(actor(&self.actor))
            .arg(name)
            .arg(Expr::val(filters).cast_as("jsonb"));
        let mut select = audit_saved_view::Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_function(call, Alias::new("audit_saved_views"));
        let row = db.query_one(QuerySelect::query(&mut select)).await;
        let row = row.and_then(|row| row.ok_or(DbErr::RecordNotInserted));
        let view = row.and_then(|row| SavedView::from_query_result(&row, ""));
        view.map_err(|err| SavedViewError::of(err, name))
    }
}

/// The argument that says who it is.
pub(super) fn actor(actor: &ActorRef) -> Expr {
    let json = serde_json::to_string(actor).expect("an actor has string keys only");
    Expr::val(json).cast_as("jsonb")
}

fn check(actor: &ActorRef, name: &str, filters: &str) -> Result<(), SavedViewError> {
    if actor.id().is_none() {
        return Err(SavedViewError::Anonymous);
    }
    if name.is_empty()
        || name.chars().count() > MAX_NAME_CHARS
        || name.chars().any(char::is_control)
    {
        return Err(SavedViewError::Name);
    }
    if filters.len() > MAX_FILTERS_BYTES {
        return Err(SavedViewError::TooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::ActorRef;

    #[track_caller]
    fn is(name: &str, kind: Option<&str>) {
        let actor = ActorRef::user(1).expect("an actor");
        let found = check(&actor, name, "{}").err().map(|err| err.kind());
        assert_eq!(found, kind, "{name:?}");
    }

    #[test]
    fn a_name_is_one_line_of_a_hundred_characters_at_most() {
        is("Deleted posts", None);
        is(&"é".repeat(MAX_NAME_CHARS), None);
        is(&"é".repeat(MAX_NAME_CHARS + 1), Some("name"));
        is("", Some("name"));
        is("a\nb", Some("name"));
        is("a\0b", Some("name"));
    }

    #[test]
    fn nobody_has_no_views_and_filters_are_bounded() {
        let nobody = check(&ActorRef::anonymous(), "a", "{}");
        assert!(matches!(nobody, Err(SavedViewError::Anonymous)));
        let actor = ActorRef::user(1).expect("an actor");
        let large = check(&actor, "a", &"x".repeat(MAX_FILTERS_BYTES + 1));
        assert!(matches!(large, Err(SavedViewError::TooLarge)));
    }
}
