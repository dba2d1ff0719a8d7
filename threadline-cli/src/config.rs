//! `threadline.toml`: what the command line would otherwise have to say every time.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use threadline::{CapturePolicy, retention::RetentionPolicy};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "threadline.toml";

/// The content of `threadline.toml`; the default is that of a project without one.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The schema that holds the audit tables.
    pub(crate) audit_schema: Option<String>,
    /// The migration crate or module, relative to the file.
    pub(crate) migration_dir: Option<PathBuf>,
    /// Where entities are looked for, relative to the file.
    pub(crate) entity_paths: Vec<PathBuf>,
    /// Audited tables without an entity, and their policies.
    pub(crate) tables: BTreeMap<String, CapturePolicy>,
    /// Which tables should be captured.
    pub(crate) coverage: CoverageConfig,
    /// What health looks at.
    pub(crate) health: HealthConfig,
    /// How long changes are kept.
    pub(crate) retention: Option<RetentionPolicy>,
    /// The file itself; messages name it.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
}

/// `[coverage]`: which tables should be captured.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CoverageConfig {
    /// The tables that `verify-coverage` asks for, instead of every audited entity.
    pub(crate) expected: Vec<String>,
    /// The tables that need no capture.
    pub(crate) expected_gaps: Vec<String>,
}

/// `[health]`: what health looks at.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HealthConfig {
    /// The roles that the application connects as.
    pub(crate) application_roles: Vec<String>,
}

/// The file is there and cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// Not readable.
    #[error("failed to read `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        err: io::Error,
    },

    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("`{path}` is not a valid configuration")]
    Parse {
        path: PathBuf,
        #[source]
        err: Box<toml::de::Error>,
    },
}

impl Config {
    /// Reads the nearest `threadline.toml` in the directory or above it.
    ///
    /// # Errors
    /// [`ConfigError`] when there is one that cannot be used.
    pub(crate) fn find(directory: &Path) -> Result<Self, ConfigError> {
        for directory in directory.ancestors() {
            let path = directory.join(FILE_NAME);
            match fs::read_to_string(&path) {
                Ok(text) => return Self::parse(&text, path),
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                Err(err) => return Err(ConfigError::Read { path, err }),
            }
        }
        Ok(Self::default())
    }

    fn parse(text: &str, path: PathBuf) -> Result<Self, ConfigError> {
        let mut config: Self = match toml::from_str(text) {
            Ok(config) => config,
            Err(err) => {
                let err = Box::new(err);
                return Err(ConfigError::Parse { path, err });
            }
        };
        let base = path.parent().unwrap_or(Path::new(""));
        config.migration_dir = config.migration_dir.map(|dir| base.join(dir));
        for entity_path in &mut config.entity_paths {
            *entity_path = base.join(&entity_path);
        }
        config.path = Some(path);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, PathBuf::from("/host/threadline.toml"))
    }

    #[test]
    fn every_key_is_read_and_paths_are_relative_to_the_file() {
        let config = parse(
            "audit_schema = 'audit'\nmigration_dir = 'db/migration'\nentity_paths = \
             ['entity/src']\n[tables.'blog.posts']\nmask = ['email']\nstore_changed_from = false\n\
             [coverage]\nexpected = ['posts']\nexpected_gaps = ['drafts']\n[health]\n\
             application_roles = ['blog']\n",
        )
        .unwrap();
        assert_eq!(config.audit_schema.as_deref(), Some("audit"));
        assert_eq!(
            config.migration_dir.unwrap(),
            Path::new("/host/db/migration")
        );
        assert_eq!(config.entity_paths, [Path::new("/host/entity/src")]);
        let policy = &config.tables["blog.posts"];
        assert_eq!(policy.mask, ["email"]);
        assert!(!policy.store_changed_from);
        assert_eq!(config.coverage.expected, ["posts"]);
        assert_eq!(config.coverage.expected_gaps, ["drafts"]);
        assert_eq!(config.health.application_roles, ["blog"]);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_lists_the_allowed_ones() {
        let causes = ["shema = 'x'", "[tables.posts]\nmaks = ['email']"].map(|text| {
            let error = parse(text).unwrap_err();
            format!("{error}\n{}", error.source().unwrap())
        });
        insta::assert_snapshot!(causes.join("\n\n"));
    }

    #[test]
    fn the_nearest_file_upward_wins_and_none_is_fine() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(Config::find(&deep).unwrap(), Config::default());
        fs::write(root.path().join(FILE_NAME), "audit_schema = 'outer'").unwrap();
        fs::write(
            root.path().join("a").join(FILE_NAME),
            "audit_schema = 'inner'",
        )
        .unwrap();
        assert_eq!(
            Config::find(&deep).unwrap().audit_schema.as_deref(),
            Some("inner")
        );
    }
}
