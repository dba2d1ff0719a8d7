//! The JSON form of transactions and actions: the actor as one object.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::{JsonText, audit_action, audit_transaction};

#[derive(Serialize)]
struct Actor<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

#[derive(Serialize)]
struct Transaction<'a> {
    id: i64,
    xid: &'a str,
    occurred_at: DateTime<Utc>,
    actor: Option<Actor<'a>>,
    request_id: Option<&'a str>,
    correlation_id: Option<&'a str>,
    job_id: Option<&'a str>,
    remote_ip: Option<&'a str>,
    source: Option<&'a str>,
    traceparent: Option<&'a str>,
    meta: Option<&'a JsonText>,
    context_error: Option<&'a str>,
}

#[derive(Serialize)]
struct Action<'a> {
    id: i64,
    transaction_id: i64,
    name: &'a str,
    status: audit_action::ActionStatus,
    verb: Option<&'a str>,
    category: Option<&'a str>,
    reason: Option<&'a str>,
    comment: Option<&'a str>,
    actor: Actor<'a>,
    request_id: Option<&'a str>,
    correlation_id: Option<&'a str>,
    job_id: Option<&'a str>,
    details: Option<&'a JsonText>,
    recorded_at: DateTime<Utc>,
}

impl Serialize for audit_transaction::Model {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let id = self.actor_id.as_deref();
        Transaction {
            id: self.id,
            xid: &self.xid,
            occurred_at: self.occurred_at,
            actor: self
                .actor_type
                .as_deref()
                .map(|r#type| Actor { r#type, id }),
            request_id: self.request_id.as_deref(),
            correlation_id: self.correlation_id.as_deref(),
            job_id: self.job_id.as_deref(),
            remote_ip: self.remote_ip.as_deref(),
            source: self.source.as_deref(),
            traceparent: self.traceparent.as_deref(),
            meta: self.meta.as_ref(),
            context_error: self.context_error.as_deref(),
        }
        .serialize(serializer)
    }
}

impl Serialize for audit_action::Model {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Action {
            id: self.id,
            transaction_id: self.transaction_id,
            name: &self.name,
            status: self.status,
            verb: self.verb.as_deref(),
            category: self.category.as_deref(),
            reason: self.reason.as_deref(),
            comment: self.comment.as_deref(),
            actor: Actor {
                r#type: &self.actor_type,
                id: self.actor_id.as_deref(),
            },
            request_id: self.request_id.as_deref(),
            correlation_id: self.correlation_id.as_deref(),
            job_id: self.job_id.as_deref(),
            details: self.details.as_ref(),
            recorded_at: self.recorded_at,
        }
        .serialize(serializer)
    }
}
