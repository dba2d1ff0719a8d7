//! `--demo`: what a new user would try with curl, with the answers.

use std::net::SocketAddr;

use awc::http::Method;
use chrono::Utc;
use serde_json::{Value, json};

use crate::{
    client::{Client, ClientError},
    output,
};

const TOKEN: &str = "demo-token-alice";

pub(crate) async fn show(address: SocketAddr) -> Result<(), ClientError> {
    let visitor = Visitor(Client::new(address, TOKEN));
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

/// Shows every request and its answer.
struct Visitor(Client);

impl Visitor {
    async fn post(&self, title: &str, path: &str, body: Value) -> Result<Value, ClientError> {
        let command = format!(
            "curl -X POST {} -H 'authorization: Bearer {TOKEN}' -H 'x-correlation-id: demo' \
             -H 'content-type: application/json' -d '{body}'",
            self.0.url(path),
        );
        let answer = self.0.send(Method::POST, path, Some("demo"), &body).await?;
        output::step(title, &command, &answer);
        Ok(answer)
    }

    async fn get(&self, title: &str, path: &str) -> Result<Value, ClientError> {
        let command = format!(
            "curl '{}' -H 'authorization: Bearer {TOKEN}'",
            self.0.url(path)
        );
        let answer = self.0.send(Method::GET, path, None, &Value::Null).await?;
        output::step(title, &command, &answer);
        Ok(answer)
    }
}
