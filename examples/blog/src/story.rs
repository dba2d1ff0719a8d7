//! `--story`: what two small newsrooms write, told through the API, so that operators have something to look at.

use std::{net::SocketAddr, time::Duration};

use awc::http::Method;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};

/// Why the story was not told to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoryError {
    /// The blog refused a part of it, as it does when it has been told before.
    #[error("the blog refused a part of it; it can be told to a new blog only")]
    Client(#[from] ClientError),
    /// The part that goes past the blog failed.
    #[error("the database refused a part of it")]
    Database(#[from] DbErr),
    /// The job that publishes does not run.
    #[error("the job that publishes did not run")]
    Job,
}

/// Tells the story to a blog that listens at `address`, on the database `db`.
///
/// # Errors
/// When the blog or its database refuses a part; what was told before stays.
pub async fn tell(address: SocketAddr, db: &DatabaseConnection) -> Result<(), StoryError> {
    let alice = Teller::new(address, "demo-token-alice");
    let carol = Teller::new(address, "demo-token-carol");
    let bob = Teller::new(address, "demo-token-bob");

    // The spring issue of the harbour's newsroom.
    let flow = "spring-issue";
    let pier = alice
        .post(flow, "The new pier opens on Sunday", "new-pier")
        .await?;
    alice.tag(flow, pier, "news").await?;
    alice.tag(flow, pier, "harbour").await?;
    let tides = alice.post(flow, "Tide tables for June", "tides").await?;
    alice
        .post(flow, "An interview with the harbour master", "interview")
        .await?;
    let comment = "Is there parking? The old pier had none, and the street was full by nine.";
    carol.comment(flow, pier, comment).await?;
    let renamed = json!({"title": "Tide tables, June to August", "slug": "tides-summer"});
    carol.change(flow, tides, renamed).await?;
    alice
        .send(Method::POST, "/api/posts/publish_later", flow, &Value::Null)
        .await?;
    alice.wait_for_publication(pier).await?;

    // Another organisation, which the harbour's support must never see.
    let lambs = bob.post("lambing", "Lambing has begun", "lambing").await?;
    bob.tag("lambing", lambs, "news").await?;
    bob.comment("lambing", lambs, "Two sets of twins before breakfast.")
        .await?;

    // Somebody uses Carol's account, and Alice tidies up.
    let flow = "spam-cleanup";
    let watches = carol
        .post(
            "",
            "CHEAP WATCHES!!! <script>alert(1)</script>",
            "cheap-watches",
        )
        .await?;
    carol.tag("", watches, "news").await?;
    carol
        .comment(
            "",
            watches,
            "Great offer, bought three. 👉 http://watches.example",
        )
        .await?;
    let path = format!("/api/posts/{watches}?reason=spam");
    alice
        .send(Method::DELETE, &path, flow, &Value::Null)
        .await?;
    let address = json!({"author_email": "newsroom@harbour.example"});
    alice.change(flow, pier, address).await?;

    // What does not go through the application is captured too; it has no actor.
    db.execute_unprepared(
        "UPDATE posts SET title = replace(title, 'Sunday', 'Saturday') WHERE slug = 'new-pier'",
    )
    .await?;
    Ok(())
}

/// Somebody who writes.
struct Teller(Client);

impl Teller {
    fn new(address: SocketAddr, token: &'static str) -> Self {
        Self(Client::new(address, token))
    }

    /// An empty `flow` is none.
    async fn send(
        &self,
        method: Method,
        path: &str,
        flow: &str,
        body: &Value,
    ) -> Result<Value, ClientError> {
        let flow = (!flow.is_empty()).then_some(flow);
        self.0.send(method, path, flow, body).await
    }

    async fn post(&self, flow: &str, title: &str, slug: &str) -> Result<i64, ClientError> {
        let body =
            json!({"post": {"title": title, "slug": slug, "author_email": "desk@example.com"}});
        let answer = self.send(Method::POST, "/api/posts", flow, &body).await?;
        Ok(answer["post"]["id"].as_i64().unwrap_or_default())
    }

    async fn change(&self, flow: &str, post: i64, fields: Value) -> Result<Value, ClientError> {
        let path = format!("/api/posts/{post}");
        self.send(Method::PATCH, &path, flow, &json!({"post": fields}))
            .await
    }

    async fn comment(&self, flow: &str, post: i64, body: &str) -> Result<Value, ClientError> {
        let path = format!("/api/posts/{post}/comments");
        self.send(
            Method::POST,
            &path,
            flow,
            &json!({"comment": {"body": body}}),
        )
        .await
    }

    async fn tag(&self, flow: &str, post: i64, tag: &str) -> Result<Value, ClientError> {
        let path = format!("/api/posts/{post}/tags/{tag}");
        self.send(Method::PUT, &path, flow, &Value::Null).await
    }

    /// The job runs beside the requests.
    async fn wait_for_publication(&self, post: i64) -> Result<(), StoryError> {
        let path = format!("/api/posts/{post}");
        for _ in 0..200 {
            let found = self.send(Method::GET, &path, "", &Value::Null).await?;
            if found["published_at"].is_string() {
                return Ok(());
            }
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
        Err(StoryError::Job)
    }
}
