//! The headers of every answer.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// What a page may load and do: its own style, script and icon, its own forms, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const ALWAYS: [(&str, &str); 6] = [
    ("content-security-policy", POLICY),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What is shown is secret, and may be purged or redacted an instant later.
const NOT_KEPT: &str = "no-store";
/// The name of an asset changes with its content.
pub(super) const KEPT: &str = "private, max-age=31536000, immutable";

/// Sets the headers of an answer. One that may be kept says so itself.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let cache = HeaderName::from_static("cache-control");
    if !headers.contains_key(&cache) {
        headers.insert(cache, HeaderValue::from_static(NOT_KEPT));
    }
}
