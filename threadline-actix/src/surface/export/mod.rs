//! The timeline as a file: `/export.csv`, `/export.json`, `/export.ndjson`.

mod answer;
mod begin;
mod format;
mod send;
mod slot;

pub(super) use self::begin::begin;
