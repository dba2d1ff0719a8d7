//! The course of `bench stack`.

use std::net::{Ipv4Addr, SocketAddr};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    rt,
    web::{self, ServiceConfig},
};
use awc::Client;
use blog::{app::app, job::JobBell, migration};
use sea_orm::{
    DatabaseConnection,
    sqlx::{Executor as _, PgConnection},
};
use sea_orm_migration::MigratorTrait as _;

use super::{
    client::{self, Slice, Slugs},
    outcome::Outcome,
    plain,
};
use crate::{
    args::StackArgs,
    cluster::{Cluster, Durability},
    error::{Error, Result},
    measure::turns,
    report,
};

/// The log of the run fits, so that no checkpoint comes by itself.
const SETTINGS: [(&str, &str); 4] = [
    ("shared_buffers", "512MB"),
    ("max_wal_size", "4GB"),
    ("min_wal_size", "1GB"),
    ("checkpoint_timeout", "1h"),
];

/// How many threads serve requests, and how many connections they share.
const WORKERS: usize = 2;
const CONNECTIONS: u32 = 16;

const CLIENTS: [usize; 2] = [1, 16];
/// Requests before the first round: each connection of the pool prepares its statements and chooses its plans, for
/// which it takes more than five executions.
const WARM_UP: usize = 10 * CONNECTIONS as usize;

/// How much is done.
struct Effort {
    rounds: usize,
    /// Requests of a slice, over all clients.
    count: usize,
}

const FULL: Effort = Effort {
    rounds: 9,
    count: 640,
};
const QUICK: Effort = Effort {
    rounds: 1,
    count: 32,
};

/// Measures, and prints what was found.
pub(crate) fn run(args: &StackArgs) -> Result<()> {
    let effort = if args.run.quick { QUICK } else { FULL };
    let outcomes = rt::System::new().block_on(measure(&effort))?;
    Ok(report::scenarios(&outcomes, args.run.json)?)
}

/// A server and the pool behind it.
struct Site {
    address: SocketAddr,
    handle: ServerHandle,
    db: DatabaseConnection,
}

impl Site {
    fn new(db: DatabaseConnection, address: SocketAddr, server: Server) -> Self {
        let handle = server.handle();
        rt::spawn(server);
        Self {
            address,
            handle,
            db,
        }
    }

    async fn stop(self) -> Result<()> {
        self.handle.stop(true).await;
        Ok(self.db.close().await?)
    }
}

async fn measure(effort: &Effort) -> Result<Vec<Outcome>> {
    let cluster = Cluster::start(Durability::Full, &SETTINGS)?;
    report::progress(cluster.describe());
    report::progress(&format!(
        "one process: {WORKERS} workers with {CONNECTIONS} connections for each of the handlers, and the clients"
    ));
    let sites = [
        example(&cluster).await?,
        bare("autocommit", plain::autocommit, &cluster).await?,
        bare("transaction", plain::transaction, &cluster).await?,
    ];
    let mut observer = cluster.connect("postgres").await?;
    let (client, slugs) = (Client::default(), Slugs::default());
    let mut outcomes = Vec::new();
    for clients in CLIENTS {
        let [audited, autocommit, transaction] =
            rounds(clients, effort, &sites, (&client, &slugs), &mut observer).await?;
        outcomes.push(Outcome::new("post", clients, &audited, &autocommit));
        outcomes.push(Outcome::new(
            "post_in_transaction",
            clients,
            &audited,
            &transaction,
        ));
        report::progress(&format!("measured {clients} clients"));
    }
    for site in sites {
        site.stop().await?;
    }
    Ok(outcomes)
}

async fn rounds<const N: usize>(
    clients: usize,
    effort: &Effort,
    sites: &[Site; N],
    (client, slugs): (&Client, &Slugs),
    observer: &mut PgConnection,
) -> Result<[Vec<Slice>; N]> {
    let mut slices = [const { Vec::new() }; N];
    for site in sites {
        client::post(site.address, clients, WARM_UP / clients, slugs, client).await?;
    }
    for round in 0..effort.rounds {
        for n in turns(round, N) {
            observer.execute("CHECKPOINT").await?;
            let (address, count) = (sites[n].address, effort.count / clients);
            slices[n].push(client::post(address, clients, count, slugs, client).await?);
        }
    }
    Ok(slices)
}

/// The example as it is.
async fn example(cluster: &Cluster) -> Result<Site> {
    let db = database("blog", cluster).await?;
    migration::migrate(&db).await?;
    let pool = db.clone();
    let server = HttpServer::new(move || app(pool.clone(), JobBell::default()))
        .workers(WORKERS)
        .bind((Ipv4Addr::LOCALHOST, 0))
        .map_err(Error::Serve)?;
    Ok(Site::new(db, server.addrs()[0], server.run()))
}

/// A handler without Threadline on the example's own tables.
async fn bare(name: &str, routes: fn(&mut ServiceConfig), cluster: &Cluster) -> Result<Site> {
    /// The first migration makes the tables, the others audit them.
    const TABLES: u32 = 1;
    let db = database(name, cluster).await?;
    migration::Migrator::up(&db, Some(TABLES)).await?;
    let pool = db.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(pool.clone()))
            .configure(routes)
    })
    .workers(WORKERS)
    .bind((Ipv4Addr::LOCALHOST, 0))
    .map_err(Error::Serve)?;
    Ok(Site::new(db, server.addrs()[0], server.run()))
}

async fn database(name: &str, cluster: &Cluster) -> Result<DatabaseConnection> {
    cluster.create(name).await?;
    cluster.pool(name, CONNECTIONS).await
}
