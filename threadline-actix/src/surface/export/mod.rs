//! The timeline as a file: `/export.csv`, `/export.json`, `/export.ndjson`.

mod answer;
mod begin;
mod format;

pub(super) use self::begin::begin;
