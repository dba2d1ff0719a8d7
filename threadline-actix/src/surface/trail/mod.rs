//! Changes, transactions and actors, for every page that shows them: models and their views. Pure.

mod actor;
mod change;
mod group;
mod instant;
mod value;

pub(crate) use self::{
    actor::ActorName,
    change::{Room, ShownChange, change_view},
    group::{Group, days_view, groups},
    instant::{instant_view, iso},
};
