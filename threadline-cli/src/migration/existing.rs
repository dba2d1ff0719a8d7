//! The migrations a project already has, and what they installed.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use threadline::{
    SchemaName,
    codegen::{TableName, TableSpec},
};

use crate::migration::{Marker, MarkerError, file::holds, version::stamp};

/// The existing migrations could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExistingError {
    /// The file system refused.
    #[error("failed to read `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        err: io::Error,
    },

    /// A comment line for this command is broken.
    #[error("`{path}` has a line for `cargo threadline` that was changed")]
    Marker {
        path: PathBuf,
        #[source]
        err: MarkerError,
    },
}

/// The migration that creates the audit schema.
#[derive(Debug)]
pub(crate) struct Installed<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a Path,
    pub(crate) schema: &'a SchemaName,
    text: &'a str,
}

impl Installed<'_> {
    /// Whether it runs this SQL.
    pub(crate) fn runs(&self, sql: &str) -> bool {
        holds(self.text, sql)
    }
}

/// One migration file that Threadline wrote.
#[derive(Debug)]
struct Written {
    name: String,
    path: PathBuf,
    /// The file, with line feeds only.
    text: String,
    markers: Vec<Marker>,
}

/// What stands in the directory of migrations.
#[derive(Debug, Default)]
pub(crate) struct Existing {
    names: Vec<String>,
    written: Vec<Written>,
}

impl Existing {
    /// Reads the directory; one that is not there yet is empty.
    ///
    /// # Errors
    /// [`ExistingError`]
    pub(crate) fn read(directory: &Path) -> Result<Self, ExistingError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |err| ExistingError::Read { path, err }
        };
        let entries = match fs::read_dir(directory) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            entries => entries.map_err(failed(directory))?,
        };
        let mut existing = Self::default();
        for entry in entries {
            let path = entry.map_err(failed(directory))?.path();
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            if stamp(name).is_none() {
                continue;
            }
            let name = name.to_owned();
            let file = if path.is_dir() {
                path.join("mod.rs")
            } else {
                path
            };
            if file.extension().is_none_or(|extension| extension != "rs") || !file.is_file() {
                continue;
            }
            let bytes = fs::read(&file).map_err(failed(&file))?;
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            let markers = Marker::read(&text).map_err(|err| {
                let path = file.clone();
                ExistingError::Marker { path, err }
            })?;
            if !markers.is_empty() {
                existing.written.push(Written {
                    name: name.clone(),
                    path: file,
                    text,
                    markers,
                });
            }
            existing.names.push(name);
        }
        existing.names.sort();
        existing.written.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(existing)
    }

    /// The module names of all migrations.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The newest migration that creates the audit schema, or brings it up to date.
    pub(crate) fn install(&self) -> Option<Installed<'_>> {
        self.written.iter().rev().find_map(|written| {
            written.markers.iter().find_map(|marker| match marker {
                Marker::Install(schema) => Some(Installed {
                    name: &written.name,
                    path: &written.path,
                    schema,
                    text: &written.text,
                }),
                Marker::Spec(_) => None,
            })
        })
    }

    /// The first migration that captures tables.
    pub(crate) fn oldest_capture(&self) -> Option<&str> {
        let captures = |marker: &Marker| matches!(marker, Marker::Spec(_));
        let mut written = self.written.iter();
        let oldest = written.find(|written| written.markers.iter().any(captures));
        oldest.map(|written| written.name.as_str())
    }

    /// What the newest migration of every table installed.
    pub(crate) fn specs(&self) -> BTreeMap<&TableName, &TableSpec> {
        self.written
            .iter()
            .flat_map(|written| &written.markers)
            .filter_map(|marker| match marker {
                Marker::Spec(spec) => Some((&spec.name, spec.as_ref())),
                Marker::Install(_) => None,
            })
            .collect()
    }

    /// Whether the newest migration of a table runs this SQL.
    pub(crate) fn captures(&self, table: &TableName, sql: &str) -> bool {
        let is_of = |marker: &Marker| matches!(marker, Marker::Spec(spec) if spec.name == *table);
        let mut written = self.written.iter().rev();
        let newest = written.find(|written| written.markers.iter().any(is_of));
        newest.is_some_and(|written| holds(&written.text, sql))
    }

    /// The first file that Threadline wrote and `is_registered` does not know.
    pub(crate) fn unregistered(
        &self,
        is_registered: impl Fn(&str) -> bool,
    ) -> Option<(&str, &Path)> {
        self.written
            .iter()
            .find(|written| !is_registered(&written.name))
            .map(|written| (written.name.as_str(), written.path.as_path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_directories_of_migrations_are_read_and_others_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("lib.rs", "// threadline:nonsense");
        put("m20220101_000001_posts.rs", "");
        put("m20220102_000001_tags/mod.rs", "");
        put("m20220103_000001_notes.md", "");
        put(
            "m20260101_000000_any_name.rs",
            "// threadline:install {\"schema\":\"audit\"}",
        );
        let existing = Existing::read(root.path()).unwrap();
        assert_eq!(
            existing.names().collect::<Vec<_>>(),
            [
                "m20220101_000001_posts",
                "m20220102_000001_tags",
                "m20260101_000000_any_name"
            ]
        );
        let installed = existing.install().unwrap();
        assert_eq!(
            (installed.name, installed.schema.as_str()),
            ("m20260101_000000_any_name", "audit")
        );
        assert_eq!(
            installed.path,
            root.path().join("m20260101_000000_any_name.rs")
        );
        let unregistered = existing.unregistered(|_| false);
        assert_eq!(unregistered, Some((installed.name, installed.path)));
        assert_eq!(existing.unregistered(|_| true), None);
        assert!(
            Existing::read(&root.path().join("none"))
                .unwrap()
                .install()
                .is_none()
        );
    }
}
