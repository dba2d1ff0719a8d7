//! What the commands that read the trail have in common: instants, keys, and how changes are shown.

mod entry;
mod filter;
mod instant;
mod key;
mod style;
mod value;

pub(crate) use self::{
    entry::{Entry, actor, change, entries},
    filter::{filtered, refused_filter},
    instant::{instant, parse_instant},
    key::{KeyError, find_record, known},
    style::Style,
    value::image,
};
