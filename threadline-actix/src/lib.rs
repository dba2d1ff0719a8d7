//! Threadline for actix-web.
//!
//! [`RequestCapture`] works out who does what in which request, before the handler runs.
//! [`Audit`] and [`AuditedDb`] hand it to handlers; [`AuditError`] answers when something fails.
//!
//! ```no_run
//! use actix_web::{App, HttpMessage, HttpResponse, HttpServer, dev::ServiceRequest, web};
//! use sea_orm::{ConnectionTrait, DatabaseConnection};
//! use threadline::ActorRef;
//! use threadline_actix::{AuditError, AuditedDb, RequestCapture};
//!
//! /// What the application's own authentication puts into the request.
//! #[derive(Clone)]
//! struct CurrentUser {
//!     id: i64,
//! }
//!
//! fn actor_from_request(request: &ServiceRequest) -> Option<ActorRef> {
//!     let user = request.extensions().get::<CurrentUser>().cloned()?;
//!     ActorRef::user(user.id).ok()
//! }
//!
//! async fn rename(db: AuditedDb) -> Result<HttpResponse, AuditError> {
//!     let renamed = db
//!         .transaction(async |txn| -> Result<_, AuditError> {
//!             let sql = "UPDATE posts SET title = 'Renamed' WHERE id = 42";
//!             Ok(txn.execute_unprepared(sql).await?.rows_affected())
//!         })
//!         .await?;
//!     Ok(HttpResponse::Ok().json(renamed.audit_transaction_id))
//! }
//!
//! async fn serve(db: DatabaseConnection) -> std::io::Result<()> {
//!     HttpServer::new(move || {
//!         App::new()
//!             .app_data(web::Data::new(db.clone()))
//!             .route("/rename", web::post().to(rename))
//!             .wrap(RequestCapture::new(actor_from_request))
//!         // `.wrap(your_authentication)` goes here, after RequestCapture.
//!     })
//!     .bind(("127.0.0.1", 4000))?
//!     .run()
//!     .await
//! }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod request_capture;

mod actor_function;
mod context_overrides;
mod headers;
mod remote_ip;

mod audit;
mod audited_db;

mod error;

pub mod surface;

pub use crate::{
    actor_function::IntoActor,
    audit::Audit,
    audited_db::AuditedDb,
    context_overrides::ContextOverrides,
    error::AuditError,
    headers::{CORRELATION_ID_HEADER, InvalidIdHeader, REQUEST_ID_HEADER},
    remote_ip::RemoteIp,
    request_capture::{RequestCapture, RequestCaptureService},
};

/// The Rust of the README is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/getting-started.md")]
struct GettingStarted;

#[cfg(doctest)]
#[doc = include_str!("../../docs/operator-surface.md")]
struct OperatorSurfaceGuide;
