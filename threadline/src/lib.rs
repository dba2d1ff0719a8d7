//! Audit toolkit for SeaORM and PostgreSQL.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod actor;
pub mod audited;
pub mod codegen;
pub mod context;
pub mod entity;
pub mod policy;
mod query;
mod schema;

#[cfg(feature = "macros")]
pub use threadline_macros::Audited;

pub use crate::{
    actor::{ActorKind, ActorRef, InvalidActorRef},
    audited::Audited,
    context::{AuditContext, InvalidContext},
    entity::{
        JsonText,
        audit_action::{ActionStatus, Model as AuditAction},
        audit_change::{Model as AuditChange, Op},
        audit_transaction::Model as AuditTransaction,
    },
    policy::CapturePolicy,
    schema::{InvalidSchemaName, SchemaName, use_schema},
};

/// What the derive's output refers to; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
    pub use sea_orm;
}
