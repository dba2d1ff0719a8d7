//! A database that a command can't do without.

use sea_orm::DatabaseConnection;
use tokio::runtime::Runtime;

use crate::{
    args::{ConnectionArgs, ProjectArgs},
    command::gen_triggers::{CatalogueError, catalogue::Catalogue},
    error::{Error, Result},
    settings::Settings,
};

/// The database, and what threadline.toml says.
pub(crate) struct Database {
    pub(crate) settings: Settings,
    runtime: Runtime,
    db: DatabaseConnection,
}

/// Connects.
///
/// # Errors
/// When no database is named, or it can't be reached.
pub(crate) fn connect(url: Option<&str>) -> Result<(Runtime, DatabaseConnection)> {
    match Catalogue::open(url)? {
        Catalogue::Live { runtime, db } => Ok((runtime, db)),
        Catalogue::None => Err(Error::NoDatabase),
        Catalogue::Unreachable(err) => {
            Err(CatalogueError::Connect(sea_orm::sqlx::Error::Io(err)).into())
        }
    }
}

impl Database {
    /// Reads threadline.toml and connects.
    ///
    /// # Errors
    /// When the configuration is wrong, no database is named, or it can't be reached.
    pub(crate) fn open(args: &ConnectionArgs) -> Result<Self> {
        let settings = Settings::gather(&ProjectArgs {
            migration_dir: None,
            schema: args.schema.clone(),
            manifest_path: None,
        })?;
        if let Some(schema) = settings.schema() {
            threadline::use_schema(schema.as_str())?;
        }
        let (runtime, db) = connect(args.database_url.as_deref())?;
        Ok(Self {
            settings,
            runtime,
            db,
        })
    }

    /// Works with the database.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn run<T, E>(
        &self,
        work: impl AsyncFnOnce(&DatabaseConnection) -> Result<T, E>,
    ) -> Result<T>
    where
        Error: From<E>,
    {
        Ok(self.runtime.block_on(work(&self.db))?)
    }
}
