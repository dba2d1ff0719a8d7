//! Clients that post one request after the other.

use std::{
    cell::Cell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use actix_web::http::{StatusCode, header};
use awc::Client;
use futures_util::future::try_join_all;
use serde_json::json;

use crate::error::{Error, Result};

/// What a slice of requests took.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slice {
    /// Of each request, in microseconds.
    pub(crate) latencies: Vec<f64>,
    /// From the first request to the last response.
    pub(crate) wall: Duration,
}

/// Numbers for slugs, none twice.
#[derive(Debug, Default)]
pub(crate) struct Slugs(Cell<u64>);

impl Slugs {
    fn next(&self) -> u64 {
        let next = self.0.get() + 1;
        self.0.set(next);
        next
    }
}

/// Sends requests from so many clients at once, each so many.
pub(crate) async fn post(
    address: SocketAddr,
    clients: usize,
    count: usize,
    slugs: &Slugs,
    client: &Client,
) -> Result<Slice> {
    let url = format!("http://{address}/api/posts");
    let start = Instant::now();
    let each = (0..clients).map(|_| async {
        let mut latencies = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            one(&url, slugs.next(), client).await?;
            latencies.push(start.elapsed().as_secs_f64() * 1e6);
        }
        Ok::<_, Error>(latencies)
    });
    let latencies = try_join_all(each).await?.concat();
    Ok(Slice {
        latencies,
        wall: start.elapsed(),
    })
}

async fn one(url: &str, slug: u64, client: &Client) -> Result<()> {
    let body = json!({"post": {
        "title": format!("Post {slug}"), "slug": format!("post-{slug}"), "author_email": "alice@example.com",
    }});
    let request = client
        .post(url)
        .insert_header((header::AUTHORIZATION, "Bearer demo-token-alice"))
        .insert_header(("x-correlation-id", "bench"));
    let mut response = request
        .send_json(&body)
        .await
        .map_err(|err| Error::Request(err.into()))?;
    let text = response
        .body()
        .await
        .map_err(|err| Error::Request(err.into()))?;
    if response.status() == StatusCode::CREATED {
        Ok(())
    } else {
        Err(Error::Response {
            status: response.status().as_u16(),
            body: String::from_utf8_lossy(&text).into_owned(),
        })
    }
}
