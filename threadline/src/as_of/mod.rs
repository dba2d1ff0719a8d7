//! What a record looked like: [`as_of`](as_of()).

mod query;
mod snapshot;

pub use self::{
    query::{AsOf, as_of},
    snapshot::{Image, Snapshot},
};
