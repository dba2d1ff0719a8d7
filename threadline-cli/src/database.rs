//! A database that a command can't do without.

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr};
use tokio::runtime::Runtime;

use crate::{
    args::{ConnectionArgs, ProjectArgs},
    command::gen_triggers::{CatalogueError, catalogue::Catalogue},
    error::{Error, Result},
    reading,
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

    /// Reads from the database, in one transaction.
    ///
    /// # Errors
    /// Those of the work, and of the database.
    pub(crate) fn read<T, E>(
        &self,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, E>,
    ) -> Result<T>
    where
        Error: From<E>,
    {
        self.runtime.block_on(async {
            let failed = |err: DbErr| Error::Trail(Box::new(err.into()));
            let txn = reading::begin(&self.db).await.map_err(failed)?;
            let done = work(&txn).await?;
            txn.rollback().await.map_err(failed)?;
            Ok(done)
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
