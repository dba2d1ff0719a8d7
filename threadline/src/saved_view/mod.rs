//! What operators keep to look at again: the filters of a timeline under a name.
//!
//! A view belongs to one actor. It holds the filters as texts by name, as the operator surface and
//! the command line spell them, never SQL; whoever applies a view reads them like any others. It is
//! no part of the trail: it may be deleted, and retention does not look at it.
//!
//! Who reads the trail reads views too. To save and to delete, the database role needs
//! `<schema>_writer`. Which actor it is, is the application's word, as in an
//! [`AuditContext`](crate::AuditContext).

mod error;
mod query;
mod save;

pub use self::{
    error::SavedViewError,
    query::{delete_view, may_save_views, saved_views},
    save::{MAX_FILTERS_BYTES, MAX_NAME_CHARS, MAX_VIEWS, SaveView, save_view},
};
pub use crate::entity::audit_saved_view::Model as SavedView;
