use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use super::page::{MAX_PAGE_SIZE, Page, PageToken, fingerprint};
use crate::{
    actor::ActorRef,
    entity::audit_transaction::{self, Column},
    error::Result,
};

/// The transactions of one actor, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::{ActorRef, actor_history};
///
/// let page = actor_history(ActorRef::user(42)?).page_size(20).fetch(db).await?;
/// for transaction in &page.entries {
///     println!("{} in request {:?}", transaction.occurred_at, transaction.request_id);
/// }
/// # Ok(()) }
/// ```
pub fn actor_history(actor: ActorRef) -> ActorHistory {
    ActorHistory {
        actor,
        since: None,
        until: None,
        page_size: 50,
        after: None,
    }
}

/// A query over the transactions of one actor; see [`actor_history`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct ActorHistory {
    actor: ActorRef,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    page_size: u64,
    after: Option<PageToken>,
}

impl ActorHistory {
    /// Only transactions that began at this instant or later. Default: all.
    pub fn since(mut self, at: DateTime<Utc>) -> Self {
        self.since = Some(at);
        self
    }

    /// Only transactions that began at this instant or earlier. Default: all.
    pub fn until(mut self, at: DateTime<Utc>) -> Self {
        self.until = Some(at);
        self
    }

    /// Sets the size of a page, 1 to [`MAX_PAGE_SIZE`]. Default: 50.
    pub fn page_size(mut self, size: u64) -> Self {
        self.page_size = size.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Goes on where a page ended. Default: the newest transaction.
    pub fn after(mut self, token: PageToken) -> Self {
        self.after = Some(token);
        self
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&format!(
            "actor_history {:?} {:?} {:?}",
            self.actor, self.since, self.until
        ))
    }

    /// The query as an ordinary SeaORM `Select`, without the limit of a page.
    ///
    /// # Errors
    /// When the page token is not one of this query.
    pub fn select(&self) -> Result<Select<audit_transaction::Entity>> {
        let mut of_actor = Condition::all().add(Column::ActorType.eq(self.actor.kind().as_str()));
        of_actor = of_actor.add(match self.actor.id() {
            Some(id) => Column::ActorId.eq(id),
            None => Column::ActorId.is_null(),
        });
        let position = self
            .after
            .as_ref()
            .map(|token| token.position(self.fingerprint()))
            .transpose()?;
        Ok(audit_transaction::Entity::find()
            .filter(of_actor)
            .apply_if(self.since, |query, at| {
                query.filter(Column::OccurredAt.gte(at))
            })
            .apply_if(self.until, |query, at| {
                query.filter(Column::OccurredAt.lte(at))
            })
            .apply_if(position, |query, (_, id)| query.filter(Column::Id.lt(id)))
            .order_by_desc(Column::Id))
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When the page token is not one of this query, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<Page<audit_transaction::Model>> {
        let mut entries = self.select()?.limit(self.page_size + 1).all(db).await?;
        let more = entries.len() as u64 > self.page_size;
        entries.truncate(usize::try_from(self.page_size).unwrap_or(usize::MAX));
        let next = entries
            .last()
            .filter(|_| more)
            .map(|last| PageToken::new(self.fingerprint(), last.occurred_at, last.id));
        Ok(Page { entries, next })
    }
}
