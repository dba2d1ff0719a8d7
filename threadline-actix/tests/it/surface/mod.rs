//! The operator surface, through actix-web's own test service, against a real PostgreSQL.

mod access;
mod hostile;
mod mount;
mod page;
mod routes;
mod site;
mod timeline;
