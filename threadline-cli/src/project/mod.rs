//! The host's project: its packages, its sources and its migration crate.

mod migrations;
mod source;
mod workspace;

pub(crate) use self::{
    migrations::{LocateError, MigrationCrate},
    source::rust_files,
    workspace::{Workspace, WorkspaceError},
};
