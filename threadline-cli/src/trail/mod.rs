//! What the commands that read the trail have in common: instants, keys, and how changes are shown.

mod choice;
mod entry;
mod filter;
mod instant;
mod key;
mod more;
mod style;
mod value;

pub(crate) use self::{
    choice::{ActorChoice, TableChoice},
    entry::{Entry, actor, change, entries, table},
    filter::{filtered, refused},
    instant::{instant, parse_instant, second},
    key::{KeyError, find_record, known},
    more::go_on,
    style::Style,
    value::image,
};
