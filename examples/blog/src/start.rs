//! From the command line to a running server: [`start`].

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use actix_web::{HttpServer, rt, web};
use sea_orm::{ConnectOptions, Database as SeaOrm, DatabaseConnection, DbErr};

use crate::{
    app::app,
    client::ClientError,
    database::{self, Database},
    demo,
    job::{self, JobBell},
    migration,
    options::Options,
    output,
    story::{self, StoryError},
};

/// Why the blog does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the database can't be opened")]
    Database(#[from] database::Error),
    #[error("the database does not answer")]
    Connect(#[source] DbErr),
    #[error("the tables can't be prepared")]
    Migrate(#[source] DbErr),
    #[error("port {port} can't be used; choose another with --port")]
    Bind { port: u16, source: io::Error },
    #[error("the server failed")]
    Serve(#[source] io::Error),
    #[error("the demo failed")]
    Demo(#[source] ClientError),
    #[error("the story could not be told")]
    Story(#[source] StoryError),
}

/// Opens the database, prepares it, and serves until Ctrl-C, or shows the demo and returns.
pub async fn start(options: Options) -> ExitCode {
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Error> {
    let choice = options.database.clone();
    let database = web::block(move || Database::open(&choice))
        .await
        .map_err(|error| Error::Serve(io::Error::other(error)))??;
    output::database(database.describe());
    let db = connect(&database).await.map_err(Error::Connect)?;
    migration::migrate(&db).await.map_err(Error::Migrate)?;
    let served = serve(options, db.clone()).await;
    // The server of the database stops with `database`: nothing may hold a connection by then.
    db.close().await.map_err(Error::Connect)?;
    served
}

async fn connect(database: &Database) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(database.url());
    options
        .max_connections(database.max_connections())
        .sqlx_logging(false);
    SeaOrm::connect(options).await
}

async fn serve(options: &Options, db: DatabaseConnection) -> Result<(), Error> {
    let port = if options.demo { 0 } else { options.port };
    let bell = JobBell::default();
    let (jobs_db, jobs_bell) = (db.clone(), bell.clone());
    let app_db = db.clone();
    let server = HttpServer::new(move || app(app_db.clone(), bell.clone()))
        .workers(2)
        .bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|source| Error::Bind { port, source })?;
    let worker = rt::spawn(job::work(jobs_db, jobs_bell));
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let served = rt::spawn(server);
    let shown = show(options, address, &db).await;
    if options.demo || shown.is_err() {
        handle.stop(true).await;
    }
    let ended = flatten(served.await).map_err(Error::Serve);
    worker.abort();
    shown.and(ended)
}

/// What is written and printed once the server listens.
async fn show(
    options: &Options,
    address: SocketAddr,
    db: &DatabaseConnection,
) -> Result<(), Error> {
    if options.demo {
        return demo::show(address).await.map_err(Error::Demo);
    }
    if options.story {
        story::tell(address, db).await.map_err(Error::Story)?;
    }
    output::serving(address);
    Ok(())
}

fn flatten(joined: Result<io::Result<()>, rt::task::JoinError>) -> io::Result<()> {
    joined.unwrap_or_else(|error| Err(io::Error::other(error)))
}
