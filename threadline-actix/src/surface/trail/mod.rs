//! Changes, transactions and actors, for every page that shows them: models and their views. Pure.

mod actor;
mod change;
mod group;
mod instant;
mod value;
mod words;

pub(crate) use self::{
    actor::ActorName,
    change::{Room, change_view, field_view, key_text},
    group::{Group, days_view, groups, groups_of, table_view},
    instant::{instant_view, iso},
    value::{ValueRoom, split, value_view},
    words::Deadline,
};
