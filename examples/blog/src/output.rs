//! The only place that prints.

#![expect(clippy::print_stderr, reason = "this is what the module is for")]

use std::{
    error::Error,
    fmt,
    io::{self, Write as _},
    net::SocketAddr,
};

use serde_json::Value;

pub(crate) fn database(description: &str) {
    print(format_args!("Database: {description}"));
}

pub(crate) fn serving(address: SocketAddr) {
    print(format_args!(
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
    ));
}

pub(crate) fn step(title: &str, command: &str, answer: &Value) {
    print(format_args!("\n# {title}\n$ {command}\n{answer:#}"));
}

/// A reader that is gone (`--demo | head`) is no reason to fail.
fn print(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{text}");
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
