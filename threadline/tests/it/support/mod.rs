//! One database per test, from a template that has the audit schema.

mod trail;

use std::hash::{DefaultHasher, Hash, Hasher};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult,
    Statement, TryGetable,
};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, TableName},
    policy::CaptureLevel,
};
use uuid::Uuid;

pub mod events;
pub mod sql;

/// A database of its own for one test.
pub struct TestDb {
    pub db: DatabaseConnection,
    pub url: String,
}

impl TestDb {
    /// A database with the audit schema and nothing else.
    pub async fn new() -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let admin = connect(&server_url("postgres"), 1).await;
        let template = template(&admin).await;
        run(
            &admin,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        admin.close().await.unwrap();
        let url = server_url(&name);
        Self {
            db: connect(&url, 5).await,
            url,
        }
    }

    /// A database with the audit schema and the tables of the SQL text, all of them captured.
    pub async fn with_tables(sql: &str, tables: &[&str]) -> Self {
        let test = Self::new().await;
        test.run(sql).await;
        for table in tables {
            test.capture(table, CapturePolicy::default()).await;
        }
        test
    }

    /// A database with the audit schema and the tables of the SQL text, all of them captured by statement.
    pub async fn by_statement(sql: &str, tables: &[&str]) -> Self {
        let test = Self::new().await;
        test.run(sql).await;
        for table in tables {
            test.capture(table, statements()).await;
        }
        test
    }

    /// Another pool on the same database.
    pub async fn pool(&self, connections: u32) -> DatabaseConnection {
        connect(&self.url, connections).await
    }

    /// Another pool on the same database, as another role.
    pub async fn pool_as(&self, role: &str, connections: u32) -> DatabaseConnection {
        connect(
            &self.url.replacen("postgres@", &format!("{role}@"), 1),
            connections,
        )
        .await
    }

    /// Runs any number of statements.
    pub async fn run(&self, sql: &str) {
        run(&self.db, sql).await;
    }

    /// Makes or replaces the capture of a table.
    pub async fn capture(&self, table: &str, policy: CapturePolicy) {
        let schema = SchemaName::default();
        let name: TableName = table.parse().unwrap();
        let spec = codegen::introspect(&schema, &name, policy, &self.db)
            .await
            .unwrap();
        self.run(&codegen::capture(&schema, &spec, None).unwrap().up)
            .await;
    }

    /// One value.
    pub async fn one<T: TryGetable>(&self, sql: &str) -> T {
        let row = rows(&self.db, sql)
            .await
            .pop()
            .expect("the query gives a row");
        row.try_get_by_index(0).unwrap()
    }

    /// The first column of every row.
    pub async fn all<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let rows = rows(&self.db, sql).await;
        rows.iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }

    /// The changes so far, one line each, in order: `op key fields`.
    pub async fn changes(&self) -> Vec<String> {
        self.all(
            "SELECT concat_ws(' ', table_name, op, table_pk::text, array_to_string(changed_fields, ','))
               FROM threadline.audit_changes ORDER BY captured_at, id",
        )
        .await
    }

    /// How many rows `audit_transactions` has.
    pub async fn transactions(&self) -> i64 {
        self.one("SELECT count(*) FROM threadline.audit_transactions")
            .await
    }
}

/// The policy of a table that is captured by statement.
pub fn statements() -> CapturePolicy {
    CapturePolicy {
        capture: CaptureLevel::Statement,
        ..CapturePolicy::default()
    }
}

pub async fn run(db: &impl ConnectionTrait, sql: &str) {
    if let Err(err) = db.execute_unprepared(sql).await {
        panic!("{err}\n{sql}");
    }
}

pub async fn rows(db: &impl ConnectionTrait, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    match db.query_all_raw(statement).await {
        Ok(rows) => rows,
        Err(err) => panic!("{err}\n{sql}"),
    }
}

pub fn server_url(database: &str) -> String {
    launcher::test_server()
        .unwrap_or_else(|err| panic!("{err}"))
        .url(database)
}

pub async fn connect(url: &str, connections: u32) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(0)
        .sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

/// The template is made once per server and version of the SQL, whichever test comes first.
async fn template(admin: &DatabaseConnection) -> String {
    let sql = codegen::base_schema(&SchemaName::default()).up;
    let mut hasher = DefaultHasher::new();
    sql.hash(&mut hasher);
    let name = format!("template_{:016x}", hasher.finish());
    run(admin, "SELECT pg_advisory_lock(7391)").await;
    let exists = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    if rows(admin, &exists).await.is_empty() {
        let new = format!("{name}_new");
        run(admin, &format!("DROP DATABASE IF EXISTS {new}")).await;
        run(admin, &format!("CREATE DATABASE {new}")).await;
        let db = connect(&server_url(&new), 1).await;
        threadline::install(&db).await.unwrap();
        db.close().await.unwrap();
        run(admin, &format!("ALTER DATABASE {new} RENAME TO {name}")).await;
    }
    run(admin, "SELECT pg_advisory_unlock(7391)").await;
    name
}
