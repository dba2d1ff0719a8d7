//! What a record looked like: [`as_of`](as_of()).

mod query;
mod snapshot;

pub(crate) use self::query::fetch_image_of;
pub use self::{
    query::{AsOf, as_of},
    snapshot::{Image, Snapshot},
};
