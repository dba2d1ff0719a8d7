use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};

use super::Embedded;

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1);
    Database::connect(options).await
}

async fn count(db: &DatabaseConnection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

/// Speaks the protocol by hand, as no proper client would.
struct Rude(TcpStream);

impl Rude {
    fn connect(engine: &Embedded) -> Self {
        Self(TcpStream::connect(("127.0.0.1", engine.port())).unwrap())
    }

    fn introduce(&mut self) {
        let rest = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
        self.0
            .write_all(&[0, 0, 0, u8::try_from(rest.len() + 4).unwrap()])
            .unwrap();
        self.0.write_all(rest).unwrap();
        self.until_ready();
    }

    fn query(&mut self, sql: &str) {
        self.begin_query(sql, sql.len());
        self.until_ready();
    }

    /// Announces a statement, and sends a part of it.
    fn begin_query(&mut self, sql: &str, part: usize) {
        let length = u32::try_from(sql.len() + 5).unwrap().to_be_bytes();
        self.0
            .write_all(&[b"Q", &length[..], &sql.as_bytes()[..part]].concat())
            .unwrap();
        if part == sql.len() {
            self.0.write_all(&[0]).unwrap();
        }
    }

    fn until_ready(&mut self) {
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let mut body = vec![0; length - 4];
            self.0.read_exact(&mut body).unwrap();
            if head[0] == b'Z' {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_serves_one_connection_after_the_other() {
    let engine = Embedded::start(None).unwrap();
    let first = connect(&engine.url()).await.unwrap();
    first
        .execute_unprepared("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1)")
        .await
        .unwrap();

    let refusal = connect(&engine.url()).await.unwrap_err().to_string();
    assert!(refusal.contains("serves one connection"), "{refusal}");
    assert_eq!(count(&first, "notes").await, 1);

    first.close().await.unwrap();
    let second = connect(&engine.url()).await.unwrap();
    assert_eq!(count(&second, "notes").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_break_off_do_no_harm() {
    let engine = Embedded::start(None).unwrap();
    // Says nothing; stays for the whole test.
    let silent = Rude::connect(&engine);
    // Is no client of PostgreSQL at all.
    let mut browser = Rude::connect(&engine);
    browser.0.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    drop(browser);
    // Leaves in a transaction, and within a statement.
    let mut careless = Rude::connect(&engine);
    careless.introduce();
    careless.query("CREATE TABLE notes (id int)");
    careless.query("BEGIN; INSERT INTO notes VALUES (1)");
    careless.begin_query("COMMIT", 3);
    drop(careless);
    // Does not wait for the answer.
    let mut hasty = Rude::connect(&engine);
    hasty.introduce();
    hasty.begin_query("SELECT repeat('x', 1000000)", 27);
    drop(hasty);

    let db = connect(&engine.url()).await.unwrap();
    assert_eq!(count(&db, "notes").await, 0);
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_database_is_refused_in_the_words_of_the_server() {
    let engine = Embedded::start(None).unwrap();
    let url = engine.url().replace("/postgres?", "/blog?");
    let refusal = connect(&url).await.unwrap_err().to_string();
    assert!(
        refusal.contains("database \"blog\" does not exist"),
        "{refusal}"
    );
    assert!(connect(&engine.url()).await.is_ok());
}

#[test]
fn closing_the_database_hangs_up_and_keeps_the_directory() {
    let home = tempfile::tempdir().unwrap();
    let engine = Embedded::start(Some(home.path())).unwrap();
    let mut client = Rude::connect(&engine);
    client.introduce();
    client.query("CREATE TABLE notes (id int)");
    let port = engine.port();
    drop(engine);
    let end = client.0.read(&mut [0]);
    assert!(
        matches!(&end, Ok(0)) || end.is_err_and(|err| err.kind() == ErrorKind::ConnectionReset)
    );
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());

    let engine = Embedded::start(Some(home.path())).unwrap();
    let mut client = Rude::connect(&engine);
    client.introduce();
    client.query("DROP TABLE notes");
}
