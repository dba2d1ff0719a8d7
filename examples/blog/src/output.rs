//! The only place that prints.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the module is for"
)]

use std::{error::Error, net::SocketAddr};

use serde_json::Value;

pub(crate) fn database(description: &str) {
    println!("Database: {description}");
}

pub(crate) fn serving(address: SocketAddr) {
    println!(
        "Listening on http://{address}

Write a post:
  curl -sS -X POST http://{address}/api/posts \\
    -H 'authorization: Bearer demo-token-alice' \\
    -H 'content-type: application/json' \\
    -H 'x-correlation-id: demo' \\
    -d '{{\"post\":{{\"title\":\"Hello\",\"slug\":\"hello\"}}}}'

See what was captured:
  curl -sS -H 'authorization: Bearer demo-token-alice' \\
    'http://{address}/api/timeline?correlation_id=demo'

Or look at it in a browser, as user operator with password demo:
  http://{address}/audit

Stop with Ctrl-C."
    );
}

pub(crate) fn step(title: &str, command: &str, answer: &Value) {
    println!("\n# {title}\n$ {command}\n{answer:#}");
}

/// An error and its causes, a line each.
pub(crate) fn failure(error: &dyn Error) {
    eprintln!("error: {error}");
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            eprintln!("  caused by: {text}");
        }
        told = text;
        cause = error.source();
    }
}
