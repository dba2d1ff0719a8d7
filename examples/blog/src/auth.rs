//! The blog's own authentication, and how Threadline learns from it who acts.

use std::future::{Ready, ready};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{self, AUTHORIZATION, HeaderValue},
    middleware::Next,
};
use threadline::{ActorRef, ChangeScope};
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

    /// The part of the trail that is the organisation's.
    pub(crate) fn scope(&self) -> ChangeScope {
        ChangeScope::column_is("organisation", self.organisation)
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

/// The operators, by `name:password` as HTTP Basic authentication sends them: `operator:demo` and `support:demo`. A real
/// application lets its operators sign in the way it does already.
const OPERATORS: [(&[u8], Operator); 2] = [
    (
        b"Basic b3BlcmF0b3I6ZGVtbw==",
        Operator {
            name: "operator",
            organisation: None,
        },
    ),
    (
        b"Basic c3VwcG9ydDpkZW1v",
        Operator {
            name: "support",
            organisation: Some("harbour"),
        },
    ),
];

/// The roots of the pages for operators, and what a browser calls their passwords.
const FOR_OPERATORS: [(&str, &str); 2] = [("/audit", "audit"), ("/support/audit", "support")];

/// Somebody who reads the trail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    /// The only one whose changes they may see.
    pub(crate) organisation: Option<&'static str>,
}

impl Operator {
    /// The operator who sent a request.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        match request.extensions().get()? {
            Visitor::Operator(operator) => Some(*operator),
            Visitor::Member(_) => None,
        }
    }
}

/// Who sent the request, as [`authentication`] leaves it in the request.
#[derive(Clone, Copy, Debug)]
enum Visitor {
    Member(Member),
    Operator(Operator),
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
    let operators = realm(request.path()).is_some();
    if let Some(header) = request.headers().get(AUTHORIZATION) {
        match visitor(header.as_bytes(), operators) {
            Some(visitor) => {
                request.extensions_mut().insert(visitor);
            }
            // `sign_in` says there how to do it.
            None if operators => {}
            None => return Err(ApiError::Unauthenticated.into()),
        }
    }
    next.call(request).await
}

/// Where a path of the pages for operators belongs.
fn realm(path: &str) -> Option<&'static str> {
    let (_, realm) = FOR_OPERATORS.into_iter().find(|(root, _)| {
        let rest = path.strip_prefix(root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })?;
    Some(realm)
}

fn visitor(header: &[u8], operators: bool) -> Option<Visitor> {
    // A browser repeats these credentials by itself, whoever wrote the page that sends the
    // request: they must not reach a route that writes.
    if operators && let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| *known == header) {
        return Some(Visitor::Operator(*operator));
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
        Visitor::Operator(operator) => ActorRef::admin(operator.name).ok(),
    }
}

/// Tells a browser without a visitor how to become an operator. Whether a visitor may read is for the surface to say.
///
/// # Errors
/// What the inner service answers.
pub(crate) async fn sign_in(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.extensions().get::<Visitor>().is_some() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let realm = realm(request.path()).unwrap_or_default();
    let how = format!(r#"Basic realm="{realm}", charset="UTF-8""#);
    let mut refusal = HttpResponse::from_error(ApiError::Unauthenticated);
    refusal.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::try_from(how).expect("a realm is a plain word"),
    );
    Ok(request.into_response(refusal).map_into_right_body())
}
