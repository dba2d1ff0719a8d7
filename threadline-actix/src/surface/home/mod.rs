//! The home page: where one starts looking.

mod model;
mod show;
mod standing;

pub(super) use self::{show::show, standing::Standing};
