//! The blog's own authentication, and how Threadline learns from it who acts.

use actix_web::{
    Error, HttpMessage as _,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::AUTHORIZATION,
    middleware::Next,
};
use threadline::ActorRef;

use crate::error::ApiError;

/// Bearer tokens and their users. A real application keeps hashes of them in its database.
const DEMO_TOKENS: [(&str, &str); 2] = [("demo-token-alice", "alice"), ("demo-token-bob", "bob")];

/// The user who sent the request, as [`authentication`] leaves it in the request.
#[derive(Clone, Debug)]
struct CurrentUser(&'static str);

/// Knows the user by the bearer token. A request without `authorization` goes on without a user;
/// one with a token that nobody has is refused.
///
/// # Errors
/// 401 for an unknown token, else what the inner service answers.
pub(crate) async fn authentication(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .map(|value| value.as_bytes());
    if let Some(header) = header {
        let token = header
            .strip_prefix(b"Bearer ")
            .ok_or(ApiError::Unauthenticated)?;
        let (_, user) = DEMO_TOKENS
            .into_iter()
            .find(|(known, _)| known.as_bytes() == token)
            .ok_or(ApiError::Unauthenticated)?;
        request.extensions_mut().insert(CurrentUser(user));
    }
    next.call(request).await
}

/// The actor function: reads what [`authentication`] found.
pub(crate) fn actor_from_request(request: &ServiceRequest) -> Option<ActorRef> {
    let user = request.extensions().get::<CurrentUser>().cloned()?;
    ActorRef::user(user.0).ok()
}
