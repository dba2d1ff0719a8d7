//! The middleware that works out the context of a request: [`RequestCapture`].

use std::{
    fmt,
    future::{Ready, ready},
    rc::Rc,
    sync::Arc,
};

use actix_web::{
    Error, HttpMessage as _,
    body::{EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    error::InternalError,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use futures_util::future::LocalBoxFuture;
use threadline::{AuditContext, context, telemetry};
use uuid::Uuid;

use crate::{
    actor_function::{ActorFunction, IntoActor},
    context_overrides::{ContextOverrides, OverrideFunction},
    error::AuditError,
    headers::{self, CORRELATION_ID_HEADER, REQUEST_ID_HEADER},
    remote_ip::RemoteIp,
};

static REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// Middleware that gives every request an [`AuditContext`].
///
/// The context holds
/// * the actor: what the actor function returns, and nothing else can set it;
/// * the request id: the `x-request-id` header, else an override, else a new UUID. It is sent back
///   in the `x-request-id` of the response, whatever the status, unless it is invalid itself;
/// * the correlation id: the `x-correlation-id` header, else an override;
/// * the peer's address (see [`RemoteIp`]), a well-formed `traceparent` header, and the `source`.
///
/// An id header that is not one value of 1 to 256 visible ASCII characters is answered with 400.
///
/// Handlers get the context with the [`Audit`](crate::Audit) and [`AuditedDb`](crate::AuditedDb)
/// extractors; any code that the handler calls gets it with [`threadline::context::current`]. The
/// stream of a response body is polled after the handler, where `current` gives nothing.
///
/// # Wrap order
///
/// The actor function sees what the application's authentication has put into the request, so
/// authentication has to run first. In actix-web the `wrap` that is written **last** runs first:
///
/// ```
/// # use actix_web::{App, dev::ServiceRequest};
/// # use threadline_actix::RequestCapture;
/// # fn actor_from_request(_: &ServiceRequest) -> Option<threadline::ActorRef> { None }
/// # let authentication = actix_web::middleware::NormalizePath::trim();
/// let app = App::new()
///     .wrap(RequestCapture::new(actor_from_request))
///     .wrap(authentication);
/// ```
///
/// The other way round every request looks anonymous, and writes that need an actor answer 401.
#[derive(Clone)]
#[must_use = "a middleware does nothing until it is given to `App::wrap`"]
pub struct RequestCapture {
    actor: ActorFunction,
    overrides: Option<OverrideFunction>,
    remote_ip: RemoteIp,
    source: Option<String>,
}

impl RequestCapture {
    /// Captures requests; `actor` names who makes one.
    ///
    /// It returns `Option<ActorRef>`, or a `Result` of it whose error refuses the request; see
    /// [`IntoActor`].
    pub fn new<F, R>(actor: F) -> Self
    where
        F: Fn(&ServiceRequest) -> R + Send + Sync + 'static,
        R: IntoActor,
    {
        Self {
            actor: Arc::new(move |request| actor(request).into_actor()),
            overrides: None,
            remote_ip: RemoteIp::default(),
            source: None,
        }
    }

    /// Fills ids that the request's headers leave out. Default: none.
    pub fn context_overrides<F>(mut self, overrides: F) -> Self
    where
        F: Fn(&ServiceRequest) -> ContextOverrides + Send + Sync + 'static,
    {
        self.overrides = Some(Arc::new(overrides));
        self
    }

    /// Chooses the address that is recorded. Default: [`RemoteIp::Peer`].
    pub fn remote_ip(mut self, remote_ip: RemoteIp) -> Self {
        self.remote_ip = remote_ip;
        self
    }

    /// Names what the requests come through, for example the service. Default: none.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The ids of a request, or why its headers are refused.
    fn ids(&self, request: &ServiceRequest) -> Result<Ids, AuditError> {
        let headers = request.headers();
        let sent = headers::id(headers, REQUEST_ID_HEADER)?;
        let correlation = headers::id(headers, CORRELATION_ID_HEADER);
        // A capture around this one has already told its request id to others.
        let known = || {
            request
                .extensions()
                .get::<AuditContext>()?
                .request()
                .map(str::to_owned)
        };
        let overrides = match &self.overrides {
            Some(overrides) => overrides(request),
            None => ContextOverrides::new(),
        };
        let request_id = sent
            .or_else(known)
            .or_else(|| usable(REQUEST_ID_HEADER, overrides.request_id))
            .unwrap_or_else(|| Uuid::now_v7().to_string());
        let correlation_id = correlation
            .map(|id| id.or_else(|| usable(CORRELATION_ID_HEADER, overrides.correlation_id)));
        Ok(Ids {
            request_id,
            correlation_id: correlation_id.map_err(AuditError::from),
        })
    }

    fn context(&self, request: &ServiceRequest, ids: Ids) -> Result<AuditContext, Error> {
        let correlation_id = ids.correlation_id?;
        let mut context = match (self.actor)(request)? {
            Some(actor) => AuditContext::for_actor(actor),
            None => AuditContext::without_actor(),
        };
        context = context.request_id(ids.request_id);
        if let Some(id) = correlation_id {
            context = context.correlation_id(id);
        }
        if let Some(ip) = self.remote_ip.of(request) {
            context = context.remote_ip(ip);
        }
        if let Some(traceparent) = headers::traceparent(request.headers()) {
            context = context.traceparent(traceparent);
        }
        if let Some(source) = &self.source {
            context = context.source(source.clone());
        }
        Ok(context)
    }
}

impl fmt::Debug for RequestCapture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestCapture")
            .field("remote_ip", &self.remote_ip)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// The request id is known even where the rest of the request is refused.
struct Ids {
    request_id: String,
    correlation_id: Result<Option<String>, AuditError>,
}

/// An override that keeps the rule for headers.
fn usable(header: &'static str, id: Option<String>) -> Option<String> {
    let id = id?;
    match headers::check_id(header, id.as_bytes()) {
        Ok(_) => Some(id),
        Err(error) => {
            telemetry::override_refused(header, error.kind());
            None
        }
    }
}

fn echo(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID.clone(), value);
    }
}

impl<S, B> Transform<S, ServiceRequest> for RequestCapture
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequestCaptureService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequestCaptureService {
            capture: self.clone(),
            service: Rc::new(service),
        }))
    }
}

/// The service that [`RequestCapture`] puts around the application's.
#[doc(hidden)]
#[derive(Debug)]
pub struct RequestCaptureService<S> {
    capture: RequestCapture,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for RequestCaptureService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let ids = match self.capture.ids(&request) {
            Ok(ids) => ids,
            Err(refusal) => {
                let response = request.error_response(refusal).map_into_right_body();
                return Box::pin(ready(Ok(response)));
            }
        };
        let request_id = ids.request_id.clone();
        let context = match self.capture.context(&request, ids) {
            Ok(context) => context,
            Err(refusal) => {
                let mut response = request.error_response(refusal).map_into_right_body();
                echo(response.headers_mut(), &request_id);
                return Box::pin(ready(Ok(response)));
            }
        };
        request.extensions_mut().insert(context.clone());
        let service = Rc::clone(&self.service);
        // `call` runs inside as well: an inner middleware may do its work there.
        Box::pin(context::scope(context, async move {
            match service.call(request).await {
                Ok(mut response) => {
                    echo(response.headers_mut(), &request_id);
                    Ok(response.map_into_left_body())
                }
                Err(error) => {
                    let mut response = error.as_response_error().error_response();
                    echo(response.headers_mut(), &request_id);
                    Err(InternalError::from_response(error, response).into())
                }
            }
        }))
    }
}
