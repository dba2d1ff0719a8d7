//! The bounded way back through the trail: how a page or a count finds its changes.
//!
//! Some filters have an index on changes (time, table, transaction), some have one on transactions or actions (request,
//! correlation, action, actor), some have none (op, changed column, schema, nobody). A search takes steps, each with a
//! statement of a fixed shape, and looks first which shape is cheap; no step depends on the planner's guess, and all of
//! them together look through no more than a given number of changes. See `docs/design/0009`.

mod course;
mod evidence;
mod few;
mod step;

pub(super) use self::course::{Position, Search};
