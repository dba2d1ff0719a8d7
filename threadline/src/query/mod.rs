//! Reads: timelines, histories, pages.

mod filter;
mod history;
mod keys;
mod moments;
mod page;
mod row_ref;
mod scope;
mod search;
mod stored;
mod summary;
mod timeline;
mod transactions;
mod way;
mod within;

pub(crate) use self::{
    filter::RecordKey,
    history::{ended_by_marker, history, own_row},
    moments::moments,
    page::fingerprint,
    row_ref::{ROW, quoted_name, row_ref},
    scope::{Standing, holds_for, standings, withheld_columns},
    way::Way,
    within::Within,
};
pub use self::{
    moments::{Moment, Moments},
    page::{InvalidPageToken, MAX_PAGE_SIZE, Page, PageToken},
    scope::{ChangeScope, InvalidScope},
    stored::TimelineFilters,
    summary::{
        MAX_SUMMARIES, TableChanges, TransactionSummaries, TransactionSummary,
        transaction_summaries,
    },
    timeline::{Count, DEFAULT_SCAN_LIMIT, Timeline, timeline},
    transactions::{DEFAULT_TRANSACTION_SCAN_LIMIT, Transactions, actor_history, transactions},
    within::PAGE_BYTES,
};
