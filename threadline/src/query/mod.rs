//! Reads: timelines, histories, pages.

mod actor_history;
mod filter;
mod history;
mod page;
mod row_ref;
mod search;
mod stored;
mod timeline;
mod within;

pub use self::{
    actor_history::{ActorHistory, actor_history},
    page::{InvalidPageToken, MAX_PAGE_SIZE, Page, PageToken},
    stored::TimelineFilters,
    timeline::{Count, DEFAULT_SCAN_LIMIT, Timeline, timeline},
};
pub(crate) use self::{
    history::{ended_by_marker, history, history_of, own_row},
    page::fingerprint,
    row_ref::{ROW, quoted_name, row_ref, row_ref_of},
};
