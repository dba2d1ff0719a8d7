//! The operator surface, through actix-web's own test service, against a real PostgreSQL.

mod access;
mod activity;
mod coverage;
mod export;
mod export_jobs;
mod export_under_way;
mod home;
mod hostile;
mod mount;
mod page;
mod policies;
mod record;
mod redaction;
mod retention;
mod routes;
mod row;
mod saved_views;
mod scope;
mod site;
mod timeline;
mod transaction;
