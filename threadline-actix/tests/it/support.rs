use actix_web::{
    Error, HttpMessage as _,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use serde_json::Value;
use threadline::ActorRef;

/// What the host's authentication leaves in the request.
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser(pub(crate) String);

/// The host's authentication: believes the `authorization` header, whoever sends it.
pub(crate) async fn authentication(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let user = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if let Some(user) = user.map(str::to_owned) {
        request.extensions_mut().insert(CurrentUser(user));
    }
    next.call(request).await
}

pub(crate) fn actor_from_request(request: &ServiceRequest) -> Option<ActorRef> {
    let user = request.extensions().get::<CurrentUser>().cloned()?;
    ActorRef::user(user.0).ok()
}

/// The parts of a response that a client sees.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Value,
}

/// Reads a response, or the error that actix-web makes one of.
pub(crate) async fn answer<B: MessageBody + 'static>(
    response: Result<ServiceResponse<B>, Error>,
) -> Answer {
    let response = match response {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response().map_into_boxed_body(),
    };
    let status = response.status().as_u16();
    let request_id = response
        .headers()
        .get("x-request-id")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = actix_web::body::to_bytes(response.into_body())
        .await
        .ok()
        .unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        request_id,
        body,
    }
}
