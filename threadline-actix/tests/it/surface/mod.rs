//! The operator surface, through actix-web's own test service, against a real PostgreSQL.

mod access;
mod coverage;
mod export;
mod hostile;
mod mount;
mod page;
mod policies;
mod redaction;
mod retention;
mod routes;
mod scope;
mod site;
mod timeline;
mod transaction;
