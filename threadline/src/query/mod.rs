//! Reads: timelines, histories, pages.

mod actor_history;
mod history;
mod page;
mod row_ref;
mod timeline;

pub(crate) use self::{
    history::history,
    row_ref::{ROW, quoted_name, row_ref},
};
pub use self::{
    actor_history::{ActorHistory, actor_history},
    page::{InvalidPageToken, MAX_PAGE_SIZE, Page, PageToken},
    timeline::{Count, Timeline, timeline},
};
