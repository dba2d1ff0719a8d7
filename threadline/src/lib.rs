//! Audit toolkit for SeaORM and PostgreSQL.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
pub mod actor;
mod as_of;
pub mod audited;
pub mod codegen;
pub mod context;
pub mod continuity;
mod diff;
pub mod entity;
mod error;
pub mod evidence;
pub mod export;
pub mod health;
mod incident;
mod install;
#[doc(hidden)]
pub mod invisible;
pub mod job;
pub mod json;
pub mod policy;
mod query;
mod record;
pub mod retention;
pub mod saved_view;
mod schema;
pub mod telemetry;
mod transaction;

/// Derives [`Audited`](trait@Audited) for the entity of a `Model`.
#[cfg(feature = "macros")]
pub use threadline_macros::Audited;

pub use crate::{
    action::{RecordAction, record_action},
    actor::{ActorKind, ActorRef, InvalidActorRef},
    as_of::{AsOf, Image, Snapshot, as_of},
    audited::Audited,
    context::{AuditContext, InvalidContext},
    diff::{ChangeDiff, FieldChange, FieldValue, image_diff},
    entity::{
        JsonText,
        audit_action::{ActionStatus, Model as AuditAction},
        audit_change::{Model as AuditChange, Op},
        audit_transaction::Model as AuditTransaction,
    },
    error::{Error, Result},
    incident::{
        INCIDENT_SCHEMA_VERSION, Incident, IncidentChange, IncidentQuery, MAX_INCIDENT_ACTIONS,
        MAX_INCIDENT_CHANGES, incident,
    },
    install::{InstallTriggersError, install, install_triggers},
    job::{InvalidJobContext, JobContext},
    policy::CapturePolicy,
    query::{
        ChangeScope, Count, DEFAULT_SCAN_LIMIT, DEFAULT_TRANSACTION_SCAN_LIMIT, InvalidPageToken,
        InvalidScope, MAX_PAGE_SIZE, MAX_SUMMARIES, Moment, Moments, PAGE_BYTES, Page, PageToken,
        TableChanges, Timeline, TimelineFilters, TransactionSummaries, TransactionSummary,
        Transactions, actor_history, timeline, transaction_summaries, transactions,
    },
    record::{Record, RecordHistory, record},
    schema::{DEFAULT_SCHEMA, InvalidSchemaName, MAX_SCHEMA_BYTES, SchemaName, use_schema},
    transaction::{AuditedConnection, AuditedTransaction, AuditedTransactionExt, Committed},
};

/// What the derive's output refers to; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
    pub use sea_orm;
}
