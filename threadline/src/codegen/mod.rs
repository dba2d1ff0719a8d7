//! From a table and its policy to SQL text.
//!
//! [`base_schema`] renders what `install` creates, [`capture`] what audits one table. Both are
//! pure; [`introspect`] reads what they need from the catalogue.

mod base;
mod baseline;
mod capture;
pub(crate) mod health;
mod introspect;
mod quote;
pub(crate) mod rendered;
mod spec;
mod table_name;
mod template;

pub(crate) use self::baseline::{BaselineSql, KeyType, baseline, pins};
pub use self::{
    base::base_schema,
    capture::{COMMENT_PREFIX, FunctionComment, capture, capture_body, capture_function},
    introspect::{IntrospectError, introspect},
    quote::{quote_ident, quote_literal},
    spec::{ColumnKind, ColumnSpec, InvalidSpec, TableSpec},
    table_name::{InvalidTableName, MAX_IDENT_BYTES, TableName},
};

/// The two directions of a migration, each a text of many statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationSql {
    /// What creates or replaces.
    pub up: String,
    /// What takes it back.
    pub down: String,
}
