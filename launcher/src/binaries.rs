use std::{
    cmp::Reverse,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{error::Error, version::Version};

/// The environment variable that names the directory of the server's programs.
pub const BIN_VARIABLE: &str = "THREADLINE_PG_BIN";

/// Directories whose children are installations, one per version: `<parent>/<child>/bin`.
const VERSIONED: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// The programs of an installed PostgreSQL server that is new enough.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
    version: Version,
}

impl Binaries {
    /// Finds an installed server.
    ///
    /// `THREADLINE_PG_BIN` decides alone when it is set. Otherwise the newest of Debian's, then of Red Hat's and
    /// Homebrew's directories is taken, then what `pg_config` names, then what is on `PATH`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] and [`Error::TooOld`] say what to install or to set; [`Error::NotBinaries`] if the
    /// variable names the wrong directory.
    pub fn find() -> Result<Self, Error> {
        if let Some(directory) = env::var_os(BIN_VARIABLE).filter(|value| !value.is_empty()) {
            return Self::at(directory);
        }
        Self::first_supported(installed())
    }

    /// Takes the server in `directory`.
    ///
    /// # Errors
    ///
    /// [`Error::NotBinaries`] if there is none, [`Error::TooOld`] if it is too old.
    pub fn at(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        if !holds_server(&directory) {
            return Err(Error::NotBinaries { directory });
        }
        let version = ask_version(&directory.join("postgres"))?;
        if version.is_supported() {
            Ok(Self { directory, version })
        } else {
            Err(Error::TooOld { version, directory })
        }
    }

    fn first_supported(candidates: impl IntoIterator<Item = PathBuf>) -> Result<Self, Error> {
        let mut refusal = Error::NotFound;
        for directory in candidates {
            match Self::at(directory) {
                Ok(found) => return Ok(found),
                Err(err @ Error::TooOld { .. }) if matches!(refusal, Error::NotFound) => {
                    refusal = err;
                }
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    /// The version of the server.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The directory that holds the programs.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn holds_server(directory: &Path) -> bool {
    ["postgres", "initdb"]
        .iter()
        .all(|name| directory.join(name).is_file())
}

fn ask_version(postgres: &Path) -> Result<Version, Error> {
    let output = Command::new(postgres)
        .arg("--version")
        .output()
        .map_err(Error::run(postgres))?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    Version::parse(&output).ok_or_else(|| Error::UnknownVersion {
        program: postgres.into(),
        output,
    })
}

fn installed() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = VERSIONED
        .iter()
        .flat_map(|(parent, prefix)| versions_in(Path::new(parent), prefix))
        .collect();
    found.extend(named_by_pg_config());
    if let Some(path) = env::var_os("PATH") {
        found.extend(env::split_paths(&path));
    }
    found.retain(|directory| holds_server(directory));
    found
}

/// The `bin` directories of the installations in `parent`, newest first.
fn versions_in(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix(prefix)?.trim_start_matches('@');
            let major = number.split('.').next()?.parse().unwrap_or(0);
            Some((major, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(major, _)| Reverse(*major));
    found.into_iter().map(|(_, directory)| directory).collect()
}

fn named_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(directory.trim()))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::{Binaries, versions_in};
    use crate::error::Error;

    /// Writes a `postgres` that states a version, and an `initdb`.
    fn pretend(directory: &Path, version: &str) {
        fs::create_dir_all(directory).unwrap();
        for name in ["postgres", "initdb"] {
            let program = directory.join(name);
            fs::write(
                &program,
                format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"),
            )
            .unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn prefers_the_newest_of_several_versions() {
        let home = tempfile::tempdir().unwrap();
        for version in ["9", "15", "18"] {
            pretend(&home.path().join(version).join("bin"), version);
        }
        let found = Binaries::first_supported(versions_in(home.path(), "")).unwrap();
        assert_eq!(found.version().to_string(), "18");
        assert_eq!(found.directory(), home.path().join("18/bin"));
    }

    #[test]
    fn names_the_old_version_and_the_fix() {
        let home = tempfile::tempdir().unwrap();
        pretend(home.path(), "14.22");
        let err = Binaries::first_supported([home.path().into()]).unwrap_err();
        let message = err.to_string();
        assert!(message.starts_with("PostgreSQL 14.22 in "), "{message}");
        assert!(
            message.contains("install PostgreSQL 15 or newer"),
            "{message}"
        );
    }

    #[test]
    fn names_the_fix_when_nothing_is_installed() {
        let message = Binaries::first_supported([]).unwrap_err().to_string();
        assert!(message.contains("install PostgreSQL 15"), "{message}");
        assert!(message.contains("THREADLINE_PG_BIN"), "{message}");
    }

    #[test]
    fn refuses_a_directory_without_server_programs() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(
            Binaries::at(home.path()),
            Err(Error::NotBinaries { .. })
        ));
    }

    #[test]
    fn looks_past_a_version_that_is_too_old() {
        let home = tempfile::tempdir().unwrap();
        pretend(&home.path().join("old"), "12.1");
        pretend(&home.path().join("new"), "16.2");
        let found =
            Binaries::first_supported([home.path().join("old"), home.path().join("new")]).unwrap();
        assert_eq!(found.version().major(), 16);
    }
}
