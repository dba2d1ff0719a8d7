//! The host's entities, read from their source: no build and no database is needed.

mod expanded;
mod kind;
mod scan;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use threadline::{
    CapturePolicy,
    codegen::{ColumnSpec, TableName},
};

pub(crate) use self::scan::{ScanError, scan};

/// An entity as its source describes it.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) table: TableName,
    /// The columns of the model, and those that only its policy names.
    pub(crate) columns: Vec<ColumnSpec>,
    pub(crate) key: Vec<String>,
    /// The default where the entity does not derive `Audited`.
    pub(crate) policy: CapturePolicy,
    pub(crate) audited: bool,
    pub(crate) place: Place,
}

/// A line in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    path: PathBuf,
    line: usize,
}

impl Place {
    pub(crate) fn new(path: &Path, line: usize) -> Self {
        let path = path.to_owned();
        Self { path, line }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}
