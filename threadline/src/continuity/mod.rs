//! Since when the trail knows a table, and how to begin with rows that are already there.
//!
//! A row that was there before capture began has no history until it changes: `as_of` answers
//! `BeforeHorizon` for it. [`baseline()`] captures the present state of such rows while the
//! application goes on, and [`continuity()`] says how every audited table stands. See
//! `docs/brownfield-continuity.md`.

mod baseline;
mod captured;
mod chunk;
mod error;
mod report;

pub use self::{
    baseline::{
        BASELINE_SOURCE, Baseline, BaselinePreview, BaselineProgress, BaselineRun, baseline,
    },
    error::ContinuityError,
    report::{BaselineMark, Continuity, TableContinuity, continuity},
};
