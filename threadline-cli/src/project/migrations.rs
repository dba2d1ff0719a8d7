//! Finding the place of the host's migrations.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use crate::{
    migrator::has_migrator,
    project::{Workspace, rust_files},
};

/// Where migrations are declared and where their files live.
///
/// A crate (`migration/src/lib.rs`), or a module of another crate (`src/migration/mod.rs`, or
/// `src/migration.rs` beside a directory).
#[derive(Debug)]
pub(crate) struct MigrationCrate {
    /// The file with `impl MigratorTrait`.
    pub(crate) migrator: PathBuf,
    /// The text of that file.
    pub(crate) text: String,
    /// The directory of the migration files.
    pub(crate) directory: PathBuf,
}

/// The migrations could not be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LocateError {
    /// The directory that was named does not exist.
    #[error("the migration directory `{0}` does not exist")]
    NoDirectory(PathBuf),

    /// The directory that was named holds no Migrator.
    #[error("`{0}` holds no `impl MigratorTrait`")]
    NoMigratorIn(PathBuf),

    /// No member depends on sea-orm-migration.
    #[error("no package of this workspace depends on `sea-orm-migration`")]
    NoMigrationCrate,

    /// Members depend on it, and none has a Migrator.
    #[error("no `impl MigratorTrait` in {0}")]
    NoMigrator(Names),

    /// A file that may hold the Migrator does not parse.
    #[error("{path}:{line}: the file is not valid rust", path = .path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        #[source]
        err: syn::Error,
    },

    /// More than one place.
    #[error("there is more than one Migrator: {0}")]
    Several(Names),

    /// A file or directory could not be read.
    #[error("failed to read `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        err: io::Error,
    },
}

/// A list of things for a message.
#[derive(Debug)]
pub(crate) struct Names(Vec<String>);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<_> = self.0.iter().map(|name| format!("`{name}`")).collect();
        f.write_str(&quoted.join(", "))
    }
}

impl LocateError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoMigrationCrate => {
                "create a migration crate with `sea-orm-cli migrate init` and make it a workspace \
                 member, or name an existing one with `--migration-dir`"
            }
            Self::NoMigrator(_) | Self::NoMigratorIn(_) => {
                "name the crate or directory whose `lib.rs` or `mod.rs` has `impl MigratorTrait` \
                 with `--migration-dir`"
            }
            Self::Several(_) => "choose one with `--migration-dir`",
            Self::NoDirectory(_) | Self::Syntax { .. } | Self::Read { .. } => return None,
        };
        Some(text.to_owned())
    }
}

impl MigrationCrate {
    /// The one place at or below the directory.
    ///
    /// # Errors
    /// [`LocateError`] when there is none, or more than one.
    pub(crate) fn at(directory: &Path) -> Result<Self, LocateError> {
        if !directory.is_dir() {
            return Err(LocateError::NoDirectory(directory.to_owned()));
        }
        let src = directory.join("src");
        let root = if src.is_dir() { &src } else { directory };
        let beside = directory.with_extension("rs");
        let mut found = migrators(root)?;
        if found.is_empty() && beside.is_file() {
            found = migrators(&beside)?;
        }
        match found.len() {
            0 => Err(LocateError::NoMigratorIn(directory.to_owned())),
            1 => Self::open(found.remove(0)),
            _ => Err(LocateError::Several(names(&found))),
        }
    }

    /// The one place of the workspace.
    ///
    /// # Errors
    /// [`LocateError`] when there is none, or more than one.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self, LocateError> {
        let mut found = Vec::new();
        let mut searched = Vec::new();
        for member in workspace.members.iter().filter(|member| member.migrates) {
            for source in &member.sources {
                found.extend(migrators(source)?);
            }
            searched.push(member.name.clone());
        }
        match found.len() {
            0 if searched.is_empty() => Err(LocateError::NoMigrationCrate),
            0 => Err(LocateError::NoMigrator(Names(searched))),
            1 => Self::open(found.remove(0)),
            _ => Err(LocateError::Several(names(&found))),
        }
    }

    fn open(found: PathBuf) -> Result<Self, LocateError> {
        let read = |err| LocateError::Read {
            path: found.clone(),
            err,
        };
        // An edit replaces the file, so it has to be the file and not a link to it.
        let migrator = fs::canonicalize(&found).map_err(read)?;
        let text = fs::read_to_string(&migrator).map_err(read)?;
        let directory = match migrator.file_name().and_then(|name| name.to_str()) {
            Some("lib.rs" | "main.rs" | "mod.rs") => migrator.with_file_name(""),
            _ => migrator.with_extension(""),
        };
        Ok(Self {
            migrator,
            text,
            directory,
        })
    }
}

fn names(paths: &[PathBuf]) -> Names {
    Names(
        paths
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
    )
}

fn migrators(root: &Path) -> Result<Vec<PathBuf>, LocateError> {
    let mut found = Vec::new();
    for path in rust_files(root).map_err(|(path, err)| LocateError::Read { path, err })? {
        match fs::read_to_string(&path) {
            Ok(text) => match has_migrator(&text) {
                Ok(true) => found.push(path),
                Ok(false) => {}
                Err(err) => {
                    let line = err.span().start().line;
                    return Err(LocateError::Syntax { path, line, err });
                }
            },
            // A file of another encoding holds no Migrator.
            Err(err) if err.kind() == io::ErrorKind::InvalidData => {}
            Err(err) => return Err(LocateError::Read { path, err }),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIGRATOR: &str = "impl MigratorTrait for Migrator { fn migrations() -> X { vec![] } }";

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[track_caller]
    fn check(files: &[(&str, &str)], named: &str, migrator: &str, directory: &str) {
        let root = project(files);
        let base = root.path().canonicalize().unwrap();
        let found = MigrationCrate::at(&root.path().join(named)).unwrap();
        assert_eq!(found.migrator, base.join(migrator));
        assert_eq!(found.directory, base.join(directory));
    }

    #[test]
    fn a_crate_a_module_directory_and_a_module_file_are_understood() {
        check(
            &[
                ("migration/src/lib.rs", MIGRATOR),
                ("migration/src/main.rs", "use MigratorTrait;"),
            ],
            "migration",
            "migration/src/lib.rs",
            "migration/src",
        );
        check(
            &[("src/main.rs", ""), ("src/db/mod.rs", MIGRATOR)],
            "src/db",
            "src/db/mod.rs",
            "src/db",
        );
        check(
            &[("src/db/mod.rs", MIGRATOR)],
            ".",
            "src/db/mod.rs",
            "src/db",
        );
        check(
            &[
                ("src/db.rs", MIGRATOR),
                ("src/db/m20220101_000001_a.rs", ""),
            ],
            "src/db",
            "src/db.rs",
            "src/db",
        );
    }

    #[test]
    fn no_migrator_and_several_are_errors_that_name_the_places() {
        let root = project(&[
            ("none/lib.rs", ""),
            ("two/a.rs", MIGRATOR),
            ("two/b.rs", MIGRATOR),
        ]);
        let message = |directory: &str| {
            let error = MigrationCrate::at(&root.path().join(directory)).unwrap_err();
            error
                .to_string()
                .replace(&root.path().display().to_string(), "HOST")
        };
        assert_eq!(message("none"), "`HOST/none` holds no `impl MigratorTrait`");
        assert_eq!(
            message("away"),
            "the migration directory `HOST/away` does not exist"
        );
        fs::write(
            root.path().join("none/lib.rs"),
            MIGRATOR.replace("vec!", "vec!["),
        )
        .unwrap();
        assert_eq!(
            message("none"),
            "HOST/none/lib.rs:1: the file is not valid rust"
        );
        assert_eq!(
            message("two"),
            "there is more than one Migrator: `HOST/two/a.rs`, `HOST/two/b.rs`"
        );
    }
}
