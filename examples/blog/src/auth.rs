//! The blog's own authentication, and how Threadline learns from it who acts.

use std::future::{Ready, ready};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{self, AUTHORIZATION, HeaderName, HeaderValue},
    middleware::Next,
};
use threadline::ActorRef;
use threadline_actix::AuditError;

use crate::error::ApiError;

/// Bearer tokens and their users. A real application keeps hashes of them in its database.
const DEMO_TOKENS: [(&str, Member); 3] = [
    ("demo-token-alice", Member::new("alice", "harbour")),
    ("demo-token-carol", Member::new("carol", "harbour")),
    ("demo-token-bob", Member::new("bob", "meadow")),
];

/// A user, who belongs to an organisation. As an extractor it answers 401 to everybody else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) organisation: &'static str,
}

impl Member {
    const fn new(name: &'static str, organisation: &'static str) -> Self {
        Self { name, organisation }
    }
}

impl FromRequest for Member {
    type Error = AuditError;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visitor = request.extensions().get::<Visitor>().copied();
        ready(match visitor {
            Some(Visitor::Member(member)) => Ok(member),
            _ => Err(AuditError::MissingActor),
        })
    }
}

/// The credentials of the demo's operator, `operator:demo`, as HTTP Basic authentication sends them.
/// A real application lets its operators sign in the way it does already.
const OPERATOR: &[u8] = b"Basic b3BlcmF0b3I6ZGVtbw==";

/// Who sent the request, as [`authentication`] leaves it in the request.
#[derive(Clone, Copy, Debug)]
enum Visitor {
    Member(Member),
    Operator,
}

/// Knows the user by the bearer token, and on the pages of operators the operator. A request
/// without `authorization` goes on without a visitor; one with a token that nobody has is refused.
///
/// # Errors
/// 401 for an unknown token, else what the inner service answers.
pub(crate) async fn authentication(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let operators = request.path() == "/audit" || request.path().starts_with("/audit/");
    if let Some(header) = request.headers().get(AUTHORIZATION) {
        match visitor(header.as_bytes(), operators) {
            Some(visitor) => {
                request.extensions_mut().insert(visitor);
            }
            // `operators_only` says there how to sign in.
            None if operators => {}
            None => return Err(ApiError::Unauthenticated.into()),
        }
    }
    next.call(request).await
}

fn visitor(header: &[u8], operators: bool) -> Option<Visitor> {
    // A browser repeats these credentials by itself, whoever wrote the page that sends the
    // request: they must not reach a route that writes.
    if operators && header == OPERATOR {
        return Some(Visitor::Operator);
    }
    let token = header.strip_prefix(b"Bearer ")?;
    let (_, member) = DEMO_TOKENS
        .into_iter()
        .find(|(known, _)| known.as_bytes() == token)?;
    Some(Visitor::Member(member))
}

/// The actor function: reads what [`authentication`] found.
pub(crate) fn actor_from_request(request: &ServiceRequest) -> Option<ActorRef> {
    let visitor = request.extensions().get::<Visitor>().copied()?;
    match visitor {
        Visitor::Member(member) => ActorRef::user(member.name).ok(),
        Visitor::Operator => ActorRef::admin("operator").ok(),
    }
}

/// Lets operators in, and tells the browser of everybody else how to become one. What the pages
/// show stays out of caches, frames, scripts and the addresses that other sites see.
///
/// # Errors
/// What the inner service answers.
pub(crate) async fn operators_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let visitor = request.extensions().get::<Visitor>().copied();
    let refusal = match visitor {
        Some(Visitor::Operator) => None,
        Some(Visitor::Member(_)) => Some(ApiError::Forbidden),
        None => Some(ApiError::Unauthenticated),
    };
    let mut response = match refusal {
        Some(refusal) => request.error_response(refusal).map_into_right_body(),
        None => next.call(request).await?.map_into_left_body(),
    };
    let headers = response.headers_mut();
    for (name, value) in PAGE_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if visitor.is_none() {
        let how = HeaderValue::from_static(r#"Basic realm="audit", charset="UTF-8""#);
        headers.insert(header::WWW_AUTHENTICATE, how);
    }
    Ok(response)
}

const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];
