//! Timelines: filters, pages, streams, counts, tokens.

mod filter;
mod page;
mod search;
mod seed;
mod token;
mod value;

use futures_util::{StreamExt, TryStreamExt};
use sea_orm::ConnectionTrait;
use threadline::{AuditChange, Page, Timeline};

/// More changes than any test has.
const MANY: usize = 5_000;

/// What a timeline gives, by pages of one size. Proves that `next` is there exactly when
/// something follows, and that the way back gives the same.
async fn paged(query: &Timeline, size: u64, db: &impl ConnectionTrait) -> Vec<i64> {
    let mut query = query.clone().page_size(size);
    let mut ids = Vec::new();
    loop {
        let page = query.fetch(db).await.unwrap();
        let full = page.entries.len() as u64 == size;
        ids.extend(page.entries.iter().map(|change| change.id));
        let Some(next) = page.next.clone() else {
            assert_eq!(back(&query, page, db).await, ids, "the way back");
            return ids;
        };
        assert!(full, "a page before the last one is full");
        assert!(ids.len() < MANY, "a walk comes to its end");
        query = query.after(next.to_string().parse().unwrap());
    }
}

/// What the pages give from one back to the first.
async fn back(
    query: &Timeline,
    mut page: Page<AuditChange>,
    db: &impl ConnectionTrait,
) -> Vec<i64> {
    let mut ids = Vec::new();
    loop {
        ids.extend(page.entries.iter().rev().map(|change| change.id));
        assert!(ids.len() < 100_000, "the way back comes to its end");
        let Some(previous) = page.previous else {
            ids.reverse();
            return ids;
        };
        let query = query.clone().before(previous.to_string().parse().unwrap());
        page = query.fetch(db).await.unwrap();
    }
}

async fn streamed(query: &Timeline, db: &impl ConnectionTrait) -> Vec<i64> {
    let stream = query.clone().stream(db).take(MANY);
    stream
        .map_ok(|change| change.id)
        .try_collect()
        .await
        .unwrap()
}
