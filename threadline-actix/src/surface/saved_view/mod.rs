//! Views that operators save: beside the timeline and on the home page, by forms that nobody else can send for them.

mod model;
mod post;
mod token;

pub(crate) use self::model::{NamedFilters, SavedViews};
pub(super) use self::{
    post::{delete, save},
    token::Token,
};
