//! `--demo`: what a new user would try with curl, with the answers.

use std::net::SocketAddr;

use awc::{
    Client, ClientRequest,
    error::{JsonPayloadError, SendRequestError},
    http::StatusCode,
};
use chrono::Utc;
use serde_json::{Value, json};

use crate::output;

const TOKEN: &str = "demo-token-alice";

/// Why the demo stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("`{path}` can't be reached: {reason}")]
    Send {
        path: String,
        reason: SendRequestError,
    },
    #[error("the answer of `{path}` can't be read")]
    Read {
        path: String,
        source: JsonPayloadError,
    },
    #[error("`{path}` answered {status}: {body}")]
    Refused {
        path: String,
        status: StatusCode,
        body: Value,
    },
}

pub(crate) async fn show(address: SocketAddr) -> Result<(), Error> {
    let visitor = Visitor {
        client: Client::default(),
        address,
    };
    // The data may be those of an earlier demo.
    let slug = format!("hello-{}", Utc::now().timestamp_millis());
    let body = json!({
        "post": {"title": "Hello", "slug": slug, "author_email": "alice@example.com"},
    });
    let created = visitor
        .post("Alice writes a post", "/api/posts", body)
        .await?;
    let (post, transaction) = (&created["post"]["id"], &created["audit_transaction_id"]);
    let path = "/api/timeline?correlation_id=demo&page_size=1";
    let timeline = visitor
        .get("What was captured under `demo`, newest first", path)
        .await?;
    let path = format!("/api/audit_transactions/{transaction}/changes");
    visitor
        .get("The whole incident: who, what and why", &path)
        .await?;
    // By the clock of the database.
    let at = timeline["entries"][0]["captured_at"]
        .as_str()
        .unwrap_or_default();
    let path = format!("/api/posts/{post}/as_of?at={at}");
    visitor
        .get("The post as it was at an instant", &path)
        .await?;
    Ok(())
}

struct Visitor {
    client: Client,
    address: SocketAddr,
}

impl Visitor {
    async fn post(&self, title: &str, path: &str, body: Value) -> Result<Value, Error> {
        let request = self
            .client
            .post(self.url(path))
            .bearer_auth(TOKEN)
            .insert_header(("x-correlation-id", "demo"));
        let command = format!(
            "curl -X POST {} -H 'authorization: Bearer {TOKEN}' -H 'x-correlation-id: demo' \
             -H 'content-type: application/json' -d '{body}'",
            self.url(path),
        );
        let sent = request.send_json(&body);
        self.finish(title, path, &command, sent).await
    }

    async fn get(&self, title: &str, path: &str) -> Result<Value, Error> {
        let request: ClientRequest = self.client.get(self.url(path)).bearer_auth(TOKEN);
        let command = format!(
            "curl '{}' -H 'authorization: Bearer {TOKEN}'",
            self.url(path)
        );
        self.finish(title, path, &command, request.send()).await
    }

    async fn finish(
        &self,
        title: &str,
        path: &str,
        command: &str,
        sent: awc::SendClientRequest,
    ) -> Result<Value, Error> {
        let path = path.to_owned();
        let mut response = match sent.await {
            Ok(response) => response,
            Err(reason) => return Err(Error::Send { path, reason }),
        };
        let body: Value = match response.json().await {
            Ok(body) => body,
            Err(source) => return Err(Error::Read { path, source }),
        };
        let status = response.status();
        if !status.is_success() {
            return Err(Error::Refused { path, status, body });
        }
        output::step(title, command, &body);
        Ok(body)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
