//! How long changes are kept, and how old ones go.
//!
//! The trail is append-only: no DELETE passes, whoever sends it. Old changes go by a retention run
//! alone, a few functions of the audit schema that the role `<schema>_retention` may call. They work
//! out the cutoff themselves, enter the run into a record that nobody can delete, tell readers since
//! when the trail is complete, and only then delete. See `docs/retention.md`.

mod error;
mod hold;
mod horizon;
mod invalid;
mod kept;
mod overdue;
mod partitions;
mod policy;
mod preview;
mod pruner;
mod purge;
mod resolve;
mod run;
mod runs;
mod status;

pub(crate) use self::status::lanes;
pub use self::{
    error::RetentionError,
    hold::Hold,
    horizon::complete_since,
    invalid::InvalidRetentionPolicy,
    overdue::overdue,
    partitions::{
        KeptPartition, MAX_MONTHS_AHEAD, Partition, PartitionPlan, PartitionRun, Partitions,
        partitions, trail_partitions,
    },
    policy::{MAX_KEEP_DAYS, RetentionClass, RetentionPolicy},
    preview::{PurgePreview, TablePreview},
    pruner::{Pruner, PrunerHandle},
    purge::{DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE, Purge, purge},
    runs::{RetentionRuns, runs},
    status::{LaneStatus, RetentionStatus, status},
};
pub use crate::entity::audit_retention_run::{Model as RetentionRun, RunKind, RunStatus};
