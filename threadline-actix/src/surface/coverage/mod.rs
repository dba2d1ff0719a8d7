//! Which tables are captured, and what is wrong with the capture.

mod model;
mod show;

pub(crate) use self::show::show;
