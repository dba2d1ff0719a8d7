//! Opens a database and shows that it can do what Threadline needs.

mod database;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as SeaOrm, DbBackend, DbErr, Statement,
    TransactionTrait,
};

use crate::database::{Database, DatabaseOptions};

/// A small blog that shows Threadline at work
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    database: DatabaseOptions,
}

const SCHEMA: &str = r"
    CREATE TABLE notes (id int PRIMARY KEY, title text NOT NULL);
    CREATE TABLE changes (at timestamptz NOT NULL, actor text, image jsonb) PARTITION BY RANGE (at);
    CREATE TABLE changes_default PARTITION OF changes DEFAULT;
    CREATE FUNCTION capture() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes VALUES
            (clock_timestamp(), nullif(current_setting('blog.actor', true), ''), to_jsonb(NEW));
        RETURN NULL;
    END $$;
    CREATE TRIGGER capture AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION capture();
";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            let mut text = format!("blog: {err}");
            let mut cause = err.source();
            while let Some(err) = cause {
                text.push_str(&format!(": {err}"));
                cause = err.source();
            }
            // Nothing is left to do if even standard error is closed.
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let database =
        tokio::task::spawn_blocking(move || Database::open(&arguments.database)).await??;
    writeln!(io::stdout(), "using {}", database.describe())?;
    let captured = try_out(&database).await?;
    writeln!(io::stdout(), "captured {captured}")?;
    Ok(())
}

async fn try_out(database: &Database) -> Result<String, DbErr> {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(database.max_connections());
    let db = SeaOrm::connect(options).await?;
    db.execute_unprepared("DROP TABLE IF EXISTS notes, changes; DROP FUNCTION IF EXISTS capture")
        .await?;
    db.execute_unprepared(SCHEMA).await?;
    let txn = db.begin().await?;
    txn.query_one_raw(sql("SELECT set_config('blog.actor', 'user:42', true)"))
        .await?;
    txn.execute_raw(sql("INSERT INTO notes VALUES (1, 'Hello')"))
        .await?;
    txn.commit().await?;
    let row = db
        .query_one_raw(sql(
            "SELECT actor || ' ' || (image::text) AS line FROM changes",
        ))
        .await?
        .ok_or(DbErr::RecordNotFound("no change was captured".to_owned()))?;
    let line = row.try_get("", "line")?;
    db.close().await?;
    Ok(line)
}

fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}
