//! The blog as its users reach it: over HTTP.

use std::net::SocketAddr;

use awc::{
    Client as Http,
    error::{JsonPayloadError, SendRequestError},
    http::{Method, StatusCode},
};
use serde_json::Value;

/// Why the blog did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens, or not to the end.
    #[error("`{path}` can't be reached: {reason}")]
    Send {
        /// The path of the request.
        path: String,
        /// What happened; it is no error of its own.
        reason: SendRequestError,
    },
    /// The answer is no JSON.
    #[error("the answer of `{path}` can't be read")]
    Read {
        /// The path of the request.
        path: String,
        /// Where it stops being JSON.
        source: JsonPayloadError,
    },
    /// The answer is a refusal.
    #[error("`{path}` answered {status}: {body}")]
    Refused {
        /// The path of the request.
        path: String,
        /// The status of the answer.
        status: StatusCode,
        /// The answer.
        body: Value,
    },
}

/// Somebody with a bearer token.
#[derive(Clone)]
pub(crate) struct Client {
    http: Http,
    address: SocketAddr,
    token: &'static str,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: &'static str) -> Self {
        Self {
            http: Http::default(),
            address,
            token,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends a request, in the flow of a correlation id if there is one.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        correlation_id: Option<&str>,
        body: &Value,
    ) -> Result<Value, ClientError> {
        let mut request = self
            .http
            .request(method, self.url(path))
            .bearer_auth(self.token);
        if let Some(id) = correlation_id {
            request = request.insert_header(("x-correlation-id", id));
        }
        let sent = if body.is_null() {
            request.send()
        } else {
            request.send_json(body)
        };
        let path = path.to_owned();
        let mut response = match sent.await {
            Ok(response) => response,
            Err(reason) => return Err(ClientError::Send { path, reason }),
        };
        let body: Value = match response.json().await {
            Ok(body) => body,
            Err(source) => return Err(ClientError::Read { path, source }),
        };
        let status = response.status();
        if status.is_success() {
            Ok(body)
        } else {
            Err(ClientError::Refused { path, status, body })
        }
    }
}
