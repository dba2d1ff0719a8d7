//! A database of its own for one test.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::runtime::{Builder, Runtime};

pub(crate) struct TestDb {
    runtime: Runtime,
    db: DatabaseConnection,
    pub(crate) url: String,
}

impl TestDb {
    /// An empty database of the test server.
    pub(crate) fn new(name: &str) -> Self {
        let server = launcher::test_server().unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let name = format!("cli_{name}_{}", std::process::id());
        runtime.block_on(async {
            let admin = Database::connect(server.url("postgres")).await.unwrap();
            let create = format!("CREATE DATABASE {name}");
            admin.execute_unprepared(&create).await.unwrap();
            admin.close().await.unwrap();
        });
        let url = server.url(&name);
        drop(runtime);
        Self::open(&url)
    }

    /// A database that is there.
    pub(crate) fn open(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let url = url.to_owned();
        let mut options = ConnectOptions::new(&url);
        options.max_connections(1).sqlx_logging(false);
        let db = runtime.block_on(Database::connect(options)).unwrap();
        Self { runtime, db, url }
    }

    pub(crate) fn run(&self, sql: &str) {
        self.runtime
            .block_on(self.db.execute_unprepared(sql))
            .unwrap();
    }

    /// The texts in the first column of a query.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.db.get_database_backend(), sql);
        let rows = self.runtime.block_on(self.db.query_all_raw(statement));
        rows.unwrap()
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }
}
