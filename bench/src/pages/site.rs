//! A surface whose statements are known.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{App, HttpServer, dev::ServerHandle, rt, web};
use awc::Client;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, Statement, TransactionTrait as _, metric::Info,
};
use threadline_actix::{RequestCapture, surface::OperatorSurface};

use crate::error::{Error, Result};

/// More than a page has.
const LIMIT: usize = 64 << 20;

/// A surface on a trail, and somebody who reads it.
pub(super) struct Site {
    address: SocketAddr,
    handle: ServerHandle,
    client: Client,
    db: DatabaseConnection,
    recorder: Recorder,
}

/// What is run on a connection.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Statement>>>);

impl Recorder {
    fn note(&self, info: &Info<'_>) {
        let mut statements = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        statements.push(info.statement.clone());
    }

    fn take(&self) -> Vec<Statement> {
        let mut statements = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut statements)
    }
}

impl Site {
    /// Serves a surface to everybody, on a pool of one connection.
    pub(super) fn serve(mut db: DatabaseConnection) -> Result<Self> {
        let recorder = Recorder::default();
        let noted = recorder.clone();
        db.set_metric_callback(move |info| noted.note(info));
        let pool = db.clone();
        let server = HttpServer::new(move || {
            let surface = OperatorSurface::unprotected_for_development(pool.clone());
            App::new()
                .service(web::scope("/audit").service(surface))
                .wrap(RequestCapture::new(|_: &_| None))
        })
        .workers(1)
        .bind((Ipv4Addr::LOCALHOST, 0))
        .map_err(Error::Serve)?;
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Ok(Self {
            address,
            handle,
            client: Client::default(),
            db,
            recorder,
        })
    }

    pub(super) fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// Asks for a page; gives its size in bytes.
    pub(super) async fn page(&self, path: &str) -> Result<usize> {
        let url = format!("http://{}/audit{path}", self.address);
        let sent = self.client.get(&url).send().await;
        let mut response = sent.map_err(|error| Error::Request(Box::new(error)))?;
        let body = response.body().limit(LIMIT).await;
        let body = body.map_err(|error| Error::Request(Box::new(error)))?;
        if response.status().is_success() {
            return Ok(body.len());
        }
        Err(Error::Page {
            path: path.to_owned(),
            status: response.status().as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The statements that a page runs.
    pub(super) async fn statements(&self, path: &str) -> Result<Vec<Statement>> {
        self.recorder.take();
        self.page(path).await?;
        Ok(self.recorder.take())
    }

    /// Runs statements as a page does, and does nothing with what they find.
    pub(super) async fn bare(&self, statements: &[Statement]) -> Result<()> {
        let transaction = self.db.begin().await?;
        for statement in statements {
            // A statement with values is prepared, one without may be several.
            if statement.values.is_none() {
                transaction.execute_unprepared(&statement.sql).await?;
            } else {
                transaction.query_all_raw(statement.clone()).await?;
            }
        }
        transaction.rollback().await?;
        self.recorder.take();
        Ok(())
    }

    pub(super) async fn stop(self) -> DatabaseConnection {
        self.handle.stop(true).await;
        self.db
    }
}
