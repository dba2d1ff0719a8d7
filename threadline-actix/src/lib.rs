//! Threadline for actix-web.
//!
//! [`RequestCapture`] works out who does what in which request, before the handler runs.
//! [`Audit`] and `AuditedDb` hand it to handlers; [`AuditError`] answers when something fails.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod request_capture;

mod actor_function;
mod context_overrides;
mod headers;
mod remote_ip;

mod audit;

mod error;

pub use crate::{
    actor_function::IntoActor,
    audit::Audit,
    context_overrides::ContextOverrides,
    error::AuditError,
    headers::{CORRELATION_ID_HEADER, InvalidIdHeader, REQUEST_ID_HEADER},
    remote_ip::RemoteIp,
    request_capture::{RequestCapture, RequestCaptureService},
};
