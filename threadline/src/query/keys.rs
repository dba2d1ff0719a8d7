use sea_orm::{ConnectionTrait, FromQueryResult, QuerySelect};

use super::{filter::Filter, search::Search, timeline::Timeline, way::Way};
use crate::{
    entity::{JsonText, audit_change::Column},
    error::Result,
};

#[derive(FromQueryResult)]
struct Key {
    table_pk: JsonText,
}

impl Timeline {
    /// Reads keys of so many columns, of the newest change that the filters find and of the oldest:
    /// what the key of one table is called, and what it was called before that changed. TRUNCATE
    /// markers have no key. The page does not matter; on each side it looks through no more than
    /// [`scan_limit`](Self::scan_limit) changes.
    ///
    /// ```no_run
    /// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
    /// use threadline::timeline;
    ///
    /// let keys = timeline().schema("public").table("posts").fetch_keys(1, db).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When a filter can't be used, or the database fails.
    pub async fn fetch_keys<C: ConnectionTrait>(
        &self,
        columns: u32,
        db: &C,
    ) -> Result<Vec<JsonText>> {
        self.filter.check()?;
        let filter = Filter {
            key_columns: Some(columns),
            ..self.filter.clone()
        };
        let mut keys = Vec::new();
        for way in [Way::Older, Way::Newer] {
            keys.extend(nearest(&filter, way, self.scan_limit, db).await?);
        }
        Ok(keys)
    }
}

async fn nearest<C: ConnectionTrait>(
    filter: &Filter,
    way: Way,
    limit: u64,
    db: &C,
) -> Result<Option<JsonText>> {
    let mut search = Search::new(filter, way, None, limit);
    while let Some(step) = search.step(1, db).await? {
        let step = step.select_only().column(Column::TablePk);
        let key = step.into_model::<Key>().one(db).await?;
        if let Some(Key { table_pk }) = key {
            return Ok(Some(table_pk));
        }
        search.found(0, None, db).await?;
    }
    Ok(None)
}
