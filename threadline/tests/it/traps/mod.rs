//! What goes wrong with capture by triggers elsewhere, each trap with its test.

mod context;
mod keys;
mod late;
mod late_insert_delete;
mod statements;
mod transactions;
mod triggers;
mod truncate;
mod types;
mod wide;
