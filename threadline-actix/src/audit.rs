//! The context of a request in a handler: [`Audit`].

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use threadline::{ActorRef, AuditContext};

use crate::error::AuditError;

/// Extractor of the request's [`AuditContext`], made by [`RequestCapture`](crate::RequestCapture).
///
/// ```
/// use threadline_actix::{Audit, AuditError};
///
/// async fn whoami(audit: Audit) -> Result<String, AuditError> {
///     Ok(audit.require_actor()?.to_string())
/// }
/// ```
///
/// It dereferences to the context, so that a connection from anywhere can be used with it:
///
/// ```
/// # use sea_orm::{ConnectionTrait, DatabaseConnection};
/// use actix_web::web;
/// use threadline::AuditedTransactionExt;
/// use threadline_actix::{Audit, AuditError};
///
/// struct Shop {
///     db: DatabaseConnection,
/// }
///
/// async fn close(audit: Audit, shop: web::Data<Shop>) -> Result<&'static str, AuditError> {
///     shop.db
///         .audited_transaction(&audit, async |txn| {
///             txn.execute_unprepared("UPDATE shops SET open = false").await?;
///             Ok::<_, AuditError>(())
///         })
///         .await?;
///     Ok("closed")
/// }
/// ```
///
/// Without the middleware the request is answered with 500, and the log says what to add.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit(AuditContext);

impl Audit {
    /// The actor, where the handler can't do without.
    ///
    /// # Errors
    /// [`AuditError::MissingActor`], which answers 401, when nobody was identified.
    pub fn require_actor(&self) -> Result<&ActorRef, AuditError> {
        self.0.actor_ref().ok_or(AuditError::MissingActor)
    }

    /// The context itself, for work that outlives the request.
    pub fn into_context(self) -> AuditContext {
        self.0
    }

    pub(crate) fn of(request: &HttpRequest) -> Result<Self, AuditError> {
        let context = request.extensions().get::<AuditContext>().cloned();
        context.map(Self).ok_or(AuditError::MissingMiddleware)
    }
}

impl Deref for Audit {
    type Target = AuditContext;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for Audit {
    type Error = AuditError;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
