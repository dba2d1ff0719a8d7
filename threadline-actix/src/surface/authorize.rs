//! The host's authorization, whatever its types: errors are denials, scopes become conditions.

use std::{fmt, rc::Rc};

use actix_web::HttpRequest;
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use threadline::{ChangeScope, telemetry};

use super::{access::Access, failure::Failure};
use crate::audit::Audit;

/// A host's function.
pub(super) type Authorize<S> = Rc<dyn Fn(HttpRequest) -> LocalBoxFuture<'static, Access<S>>>;
/// What a scope of the host means.
pub(super) type ScopeQuery<S> = Rc<dyn Fn(&S) -> ChangeScope>;

const ADD_SCOPE_QUERY: &str = "`authorize` returned a scope: tell `OperatorSurface` by `.scope_query(…)` which changes lie in it";

/// Whether somebody who may be here may see the pages of policies.
pub(super) type AuthorizePolicies = Rc<dyn Fn(HttpRequest) -> LocalBoxFuture<'static, bool>>;

/// An error of the function denies.
pub(super) fn authorize_policies<E, F>(function: F) -> AuthorizePolicies
where
    F: AsyncFn(&HttpRequest) -> Result<bool, E> + 'static,
    E: 'static,
{
    let function = Rc::new(function);
    Rc::new(move |request| {
        let function = Rc::clone(&function);
        async move {
            function(&request).await.unwrap_or_else(|_| {
                let audit = Audit::of(&request).ok();
                telemetry::authorize_failed(audit.as_deref());
                false
            })
        }
        .boxed_local()
    })
}

/// An error of the function denies.
pub(super) fn authorize<S, E, F>(function: F) -> Authorize<S>
where
    F: AsyncFn(&HttpRequest) -> Result<Access<S>, E> + 'static,
    S: 'static,
    E: 'static,
{
    let function = Rc::new(function);
    Rc::new(move |request| {
        let function = Rc::clone(&function);
        async move {
            function(&request).await.unwrap_or_else(|_| {
                let audit = Audit::of(&request).ok();
                telemetry::authorize_failed(audit.as_deref());
                Access::Denied
            })
        }
        .boxed_local()
    })
}

/// Somebody may be here.
#[derive(Clone, Debug)]
pub(super) struct Authorized {
    /// What to narrow every read by.
    pub(super) scope: Option<ChangeScope>,
    /// Whether the pages of coverage, redaction and retention are open.
    pub(super) policies: bool,
}

/// Why somebody is kept out.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The host denies it.
    Denied,
    /// The host is not set up for its own answer.
    Broken(Failure),
}

/// Lets requests in or keeps them out.
pub(super) struct Gate(
    Box<dyn Fn(HttpRequest) -> LocalBoxFuture<'static, Result<Authorized, Refusal>>>,
);

impl Gate {
    pub(super) fn new<S: 'static>(
        authorize: Authorize<S>,
        scope_query: Option<ScopeQuery<S>>,
        policies: Option<AuthorizePolicies>,
    ) -> Rc<Self> {
        Rc::new(Self(Box::new(move |request| {
            let access = authorize(request.clone());
            let scope_query = scope_query.clone();
            let policies = policies.clone();
            async move {
                let scope = match (access.await, scope_query) {
                    (Access::Everything, _) => None,
                    (Access::Denied, _) => return Err(Refusal::Denied),
                    (Access::Scope(scope), Some(query)) => Some(query(&scope)),
                    (Access::Scope(_), None) => {
                        return Err(Refusal::Broken(Failure::Internal {
                            kind: "missing_scope_query",
                            sqlstate: None,
                            fix: Some(ADD_SCOPE_QUERY),
                        }));
                    }
                };
                let policies = match policies {
                    Some(policies) => policies(request).await,
                    None => scope.is_none(),
                };
                Ok(Authorized { scope, policies })
            }
            .boxed_local()
        })))
    }

    pub(super) async fn pass(&self, request: &HttpRequest) -> Result<Authorized, Refusal> {
        (self.0)(request.clone()).await
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}
