//! What the host may add to a context: [`ContextOverrides`].

use std::sync::Arc;

use actix_web::dev::ServiceRequest;

pub(crate) type OverrideFunction = Arc<dyn Fn(&ServiceRequest) -> ContextOverrides + Send + Sync>;

/// Ids that the host knows from elsewhere, for requests that bring none in a header.
///
/// There is no way to name an actor here: that is for the actor function alone. A value fills
/// what is *missing*; an `x-request-id` or `x-correlation-id` header wins over it. The rule for
/// headers holds here too (1 to 256 visible ASCII characters): a value that breaks it is left out
/// and logged as a warning.
///
/// ```
/// use threadline_actix::ContextOverrides;
///
/// let overrides = ContextOverrides::new().correlation_id("import-2026-11");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ContextOverrides {
    pub(crate) request_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
}

impl ContextOverrides {
    /// Adds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The request id of a request without an `x-request-id` header. Default: a new UUID.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The correlation id of a request without an `x-correlation-id` header. Default: none.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }
}
