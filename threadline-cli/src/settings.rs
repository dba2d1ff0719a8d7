//! What a command works with: flag before environment before `threadline.toml` before default.

use std::{
    io,
    path::{Path, PathBuf},
};

use threadline::SchemaName;

use crate::{
    args::ProjectArgs,
    config::Config,
    error::{Error, Result},
    project::{MigrationCrate, Workspace},
};

/// The settings of one run.
#[derive(Debug)]
pub(crate) struct Settings {
    directory: PathBuf,
    manifest_path: Option<PathBuf>,
    migration_dir: Option<PathBuf>,
    schema: Option<SchemaName>,
    pub(crate) config: Config,
}

impl Settings {
    /// Gathers them; clap has already put flag before environment.
    ///
    /// # Errors
    /// When `threadline.toml` or the name of the schema is wrong.
    pub(crate) fn gather(args: &ProjectArgs) -> Result<Self> {
        let directory = std::env::current_dir().map_err(|err| Error::Directory { err })?;
        let config = Config::find(&directory)?;
        let schema = args
            .schema
            .audit_schema
            .as_deref()
            .or(config.audit_schema.as_deref());
        Ok(Self {
            schema: schema.map(SchemaName::new).transpose()?,
            migration_dir: args.migration_dir.clone().or(config.migration_dir.clone()),
            manifest_path: args.manifest_path.clone(),
            directory,
            config,
        })
    }

    /// The schema that was asked for, if one was.
    pub(crate) fn schema(&self) -> Option<&SchemaName> {
        self.schema.as_ref()
    }

    /// Whether there should be a project: one was named, or a Cargo.toml is here or above.
    pub(crate) fn is_in_project(&self) -> bool {
        let mut above = self.directory.ancestors();
        self.manifest_path.is_some() || above.any(|path| path.join("Cargo.toml").exists())
    }

    /// The host's migrations.
    ///
    /// # Errors
    /// When they are not found.
    pub(crate) fn migrations(&self) -> Result<MigrationCrate> {
        match &self.migration_dir {
            Some(directory) => Ok(MigrationCrate::at(&self.directory.join(directory))?),
            None => Ok(MigrationCrate::find(&self.workspace()?)?),
        }
    }

    /// The host's workspace.
    ///
    /// # Errors
    /// When cargo cannot say.
    pub(crate) fn workspace(&self) -> Result<Workspace> {
        Ok(Workspace::read(
            &self.directory,
            self.manifest_path.as_deref(),
        )?)
    }

    /// A path as short as possible: people read it from where they stand.
    pub(crate) fn shorten(&self, path: &Path) -> PathBuf {
        let canonical = || -> io::Result<PathBuf> {
            let base = self.directory.canonicalize()?;
            Ok(path
                .strip_prefix(base)
                .map_err(io::Error::other)?
                .to_owned())
        };
        canonical().unwrap_or_else(|_| path.to_owned())
    }
}
