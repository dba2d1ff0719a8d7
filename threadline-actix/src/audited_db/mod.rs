//! The database in a handler, with the request's context on every write: [`AuditedDb`].

mod connection;

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use threadline::{AuditContext, AuditedTransaction, AuditedTransactionExt as _, Committed, Error};

use crate::{audit::Audit, error::AuditError};

/// Extractor of the application's `web::Data<DatabaseConnection>` together with the request's
/// context.
///
/// * [`AuditedDb::transaction`] and [`AuditedDb::begin`] run several statements as one audited
///   transaction.
/// * Given to SeaORM as a connection, every statement is an audited transaction of its own.
/// * [`AuditedDb::reads`] is the plain connection: reads need no context.
///
/// ```
/// # mod post {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "posts")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub title: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// use actix_web::{HttpResponse, web};
/// use sea_orm::{ActiveModelTrait, EntityTrait, Set};
/// use threadline::record_action;
/// use threadline_actix::{AuditError, AuditedDb};
///
/// async fn create(db: AuditedDb, title: web::Json<String>) -> Result<HttpResponse, AuditError> {
///     let new = post::ActiveModel { title: Set(title.into_inner()), ..Default::default() };
///     let created = db
///         .transaction(async |txn| -> Result<_, AuditError> {
///             let post = new.insert(txn).await?;
///             record_action("post.created").insert(txn).await?;
///             Ok(post.id)
///         })
///         .await?;
///     Ok(HttpResponse::Created().json(created.value))
/// }
///
/// async fn count(db: AuditedDb) -> Result<HttpResponse, AuditError> {
///     Ok(HttpResponse::Ok().json(post::Entity::find().all(db.reads()).await?.len()))
/// }
/// ```
///
/// A write without an actor fails with [`threadline::Error::MissingActor`], which
/// [`AuditError`] answers with 401.
#[derive(Clone, Debug)]
pub struct AuditedDb {
    db: web::Data<DatabaseConnection>,
    audit: Audit,
}

impl AuditedDb {
    /// Runs `work` as one audited transaction: committed when it returns `Ok`, rolled back when it
    /// returns `Err`, panics or is dropped.
    ///
    /// # Errors
    /// What `work` returns, or a [`threadline::Error`] as the same type.
    pub async fn transaction<F, T, E>(&self, work: F) -> Result<Committed<T>, E>
    where
        F: for<'c> AsyncFnOnce(&'c AuditedTransaction<DatabaseTransaction>) -> Result<T, E>,
        E: From<Error>,
    {
        self.db.audited_transaction(&self.audit, work).await
    }

    /// Begins an audited transaction, to be committed by the caller.
    ///
    /// # Errors
    /// When the request has no actor, or the database refuses.
    pub async fn begin(&self) -> Result<AuditedTransaction<DatabaseTransaction>, Error> {
        self.db.begin_audited(&self.audit).await
    }

    /// The plain connection. What is written through it is captured without the request's context.
    pub fn reads(&self) -> &DatabaseConnection {
        &self.db
    }

    /// The request's context.
    pub fn context(&self) -> &AuditContext {
        &self.audit
    }
}

impl FromRequest for AuditedDb {
    type Error = AuditError;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let db = request.app_data::<web::Data<DatabaseConnection>>().cloned();
        ready(Audit::of(request).and_then(|audit| {
            let db = db.ok_or(AuditError::MissingDatabase)?;
            Ok(Self { db, audit })
        }))
    }
}
