//! A database that a command can't do without.

use sea_orm::{DatabaseConnection, DatabaseTransaction};

use crate::{
    args::{ConnectionArgs, ProjectArgs},
    connection::Connection,
    error::{Error, Result},
    reading,
    settings::Settings,
};

/// The database, and what threadline.toml says.
pub(crate) struct Database {
    pub(crate) settings: Settings,
    connection: Connection,
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
        Self::connect(settings, args)
    }

    /// Connects.
    ///
    /// # Errors
    /// When no database is named, or it can't be reached.
    pub(crate) fn connect(settings: Settings, args: &ConnectionArgs) -> Result<Self> {
        if let Some(schema) = settings.schema() {
            threadline::use_schema(schema.as_str())?;
        }
        let url = args.database_url.as_deref().filter(|url| !url.is_empty());
        let connection = Connection::open(url.ok_or(Error::NoDatabase)?)?;
        Ok(Self {
            settings,
            connection,
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
        self.run::<T, Error>(async |db| {
            let txn = reading::begin(db).await?;
            let done = work(&txn).await?;
            txn.rollback().await?;
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
        let Connection { runtime, db } = &self.connection;
        Ok(runtime.block_on(work(db))?)
    }
}
