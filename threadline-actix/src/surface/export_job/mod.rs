//! The export jobs of everybody, and what became of them, for who may see policies and the whole trail.

mod model;
mod show;

pub(super) use self::show::show;
