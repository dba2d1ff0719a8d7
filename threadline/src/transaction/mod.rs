//! Writing with a context: audited transactions and connections.

mod connection;
mod context;
mod ext;
mod guard;

pub(crate) use self::context::function;
pub use self::{
    connection::AuditedConnection,
    ext::{AuditedTransactionExt, Committed},
    guard::AuditedTransaction,
};
