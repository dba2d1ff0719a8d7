//! In which request, by whom: [`AuditContext`], and the task-local that carries it.

use std::{fmt, future::Future, net::IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::ActorRef;

/// The longest request id, correlation id, job id, source or traceparent, in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// The largest `meta`, in bytes of JSON text.
pub const MAX_META_BYTES: usize = 16 * 1024;

/// Who does the work in hand, in which request.
///
/// A background job carries it in its arguments as a [`JobContext`](crate::JobContext).
///
/// ```
/// use threadline::{ActorRef, AuditContext};
///
/// let context = AuditContext::for_actor(ActorRef::user(42)?)
///     .request_id("9f5c")
///     .correlation_id("checkout-7")
///     .meta("tenant", "acme");
/// let carried: AuditContext = serde_json::from_str(&serde_json::to_string(&context)?)?;
/// assert_eq!(carried, context);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct AuditContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<ActorRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
    #[serde(skip)]
    may_miss_actor: bool,
}

/// Why a context can't be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidContext {
    /// A text is longer than its limit.
    #[error("`{field}` has {len} bytes, at most {limit} are recorded")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A text is empty.
    #[error("`{0}` is empty; leave it out instead")]
    Empty(&'static str),
    /// A text holds a control character.
    #[error("`{0}` must not contain control characters")]
    ControlCharacter(&'static str),
}

impl AuditContext {
    /// The context of an actor; the other fields are added by the setters.
    pub fn for_actor(actor: ActorRef) -> Self {
        Self {
            actor: Some(actor),
            ..Self::default()
        }
    }

    /// A context that names nobody. Transactions refuse it unless they are told otherwise, see
    /// [`AuditedTransactionExt`](crate::AuditedTransactionExt).
    pub fn without_actor() -> Self {
        Self::default()
    }

    /// Lets writes go ahead although the context names nobody. Default: they are refused.
    ///
    /// For somebody who was not identified, [`ActorRef::anonymous`] says more.
    pub fn allow_missing_actor(mut self) -> Self {
        self.may_miss_actor = true;
        self
    }

    /// Sets the actor.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Sets the id of the request. Default: none.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Sets the id that joins work across services. Default: none.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Sets the id of the background job. Default: none.
    pub fn job_id(mut self, id: impl Into<String>) -> Self {
        self.job_id = Some(id.into());
        self
    }

    /// Sets the address the request came from. Default: none.
    pub fn remote_ip(mut self, ip: IpAddr) -> Self {
        self.remote_ip = Some(ip);
        self
    }

    /// Sets what the request came through, for example the name of the service. Default: none.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets the W3C `traceparent` of the work. Default: none.
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    /// Adds a free value. Default: none.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.meta.insert(key.into(), value.into());
        self
    }

    /// Who, if known.
    pub fn actor_ref(&self) -> Option<&ActorRef> {
        self.actor.as_ref()
    }

    pub(crate) fn without_job(mut self) -> Self {
        self.job_id = None;
        self
    }

    pub(crate) fn has_meta(&self, key: &str) -> bool {
        self.meta.contains_key(key)
    }

    pub(crate) fn may_miss_actor(&self) -> bool {
        self.may_miss_actor
    }

    /// The request id, if any.
    pub fn request(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The correlation id, if any.
    pub fn correlation(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// The job id, if any.
    pub fn job(&self) -> Option<&str> {
        self.job_id.as_deref()
    }

    /// The JSON text that the database reads.
    ///
    /// # Errors
    /// When a field is empty, too long or holds control characters: the database would record
    /// such a context as malformed.
    pub fn to_json(&self) -> Result<String, InvalidContext> {
        for (field, text) in [
            ("request_id", &self.request_id),
            ("correlation_id", &self.correlation_id),
            ("job_id", &self.job_id),
            ("source", &self.source),
            ("traceparent", &self.traceparent),
        ] {
            match text.as_deref() {
                None => {}
                Some("") => return Err(InvalidContext::Empty(field)),
                Some(text) if text.len() > MAX_ID_BYTES => {
                    let (len, limit) = (text.len(), MAX_ID_BYTES);
                    return Err(InvalidContext::TooLong { field, len, limit });
                }
                Some(text) if text.chars().any(char::is_control) => {
                    return Err(InvalidContext::ControlCharacter(field));
                }
                Some(_) => {}
            }
        }
        let meta = Value::from(self.meta.clone()).to_string();
        if meta.len() > MAX_META_BYTES {
            let (len, limit) = (meta.len(), MAX_META_BYTES);
            return Err(InvalidContext::TooLong {
                field: "meta",
                len,
                limit,
            });
        }
        if self
            .meta
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value))
        {
            return Err(InvalidContext::ControlCharacter("meta"));
        }
        Ok(serde_json::to_string(self).expect("a context has string keys only"))
    }
}

/// PostgreSQL's `jsonb` has no NUL character.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl fmt::Display for AuditContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.actor {
            Some(actor) => write!(f, "{actor}")?,
            None => f.write_str("nobody")?,
        }
        if let Some(id) = &self.request_id {
            write!(f, " in request {id}")?;
        }
        Ok(())
    }
}

tokio::task_local! {
    static CURRENT: AuditContext;
}

/// Runs a future with a context that [`current`] sees, at any depth of the same task.
pub async fn scope<F: Future>(context: AuditContext, future: F) -> F::Output {
    CURRENT.scope(context, future).await
}

/// The context of the work in hand, if the code runs inside [`scope`].
///
/// A task that is spawned does not inherit it: hand the context over and enter [`scope`] there.
pub fn current() -> Option<AuditContext> {
    CURRENT.try_with(Clone::clone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_would_call_malformed_is_refused_before() {
        let base = || AuditContext::for_actor(ActorRef::user(1).unwrap());
        assert!(base().request_id("é".repeat(128)).to_json().is_ok());
        assert_eq!(
            base().request_id("é".repeat(129)).to_json(),
            Err(InvalidContext::TooLong {
                field: "request_id",
                len: 258,
                limit: 256
            })
        );
        assert_eq!(
            base().job_id("").to_json(),
            Err(InvalidContext::Empty("job_id"))
        );
        assert_eq!(
            base().correlation_id("a\nb").to_json(),
            Err(InvalidContext::ControlCharacter("correlation_id"))
        );
        assert_eq!(
            base().meta("k", "a\0b").to_json(),
            Err(InvalidContext::ControlCharacter("meta"))
        );
    }

    #[tokio::test]
    async fn current_is_the_innermost_scope() {
        assert_eq!(current(), None);
        let (outer, inner) = (
            AuditContext::default().request_id("o"),
            AuditContext::default().request_id("i"),
        );
        scope(outer.clone(), async {
            scope(inner.clone(), async {
                assert_eq!(current(), Some(inner.clone()));
            })
            .await;
            assert_eq!(current(), Some(outer.clone()));
        })
        .await;
        assert_eq!(current(), None);
    }
}
