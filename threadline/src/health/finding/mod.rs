//! What can be wrong, one kind or one family of kinds a file.
//!
//! A check is a function that gives findings. A new one is a file here and a line in `collect`.

mod collect;
mod report;

mod append_only;
mod capture;
mod context;
mod expected_gap;
mod integrity;
mod json_cast;
mod orphan;
mod owner;
mod partition;
mod privilege;
mod replica;
mod restored;
mod retention;
mod schema_function;

pub(super) use self::collect::{Subject, collect};
pub use self::report::{Finding, FindingsReport, Fix, Severity};
