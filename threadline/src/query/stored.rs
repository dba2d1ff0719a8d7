//! The filters of a timeline as data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    filter::{ActorFilter, EntityTable, Filter, RecordKey},
    row_ref::quoted,
    timeline::{Timeline, timeline},
};
use crate::{
    actor::{ActorKind, ActorRef},
    entity::{JsonText, audit_change::Op},
    error::{Error, Result},
};

/// The filters of a [`Timeline`] as data: to be stored, sent, and made a timeline again. Never SQL.
///
/// As JSON it has a field for each filter that is set, and refuses fields it does not know: a filter
/// that got lost would find more than was asked for.
///
/// ```
/// use threadline::{Timeline, TimelineFilters, timeline};
///
/// let filters = timeline().schema("public").table("posts").filters();
/// let text = serde_json::to_string(&filters)?;
/// assert_eq!(text, r#"{"schema":"public","table":"posts"}"#);
/// let stored: TimelineFilters = serde_json::from_str(&text)?;
/// let query = Timeline::try_from(stored)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimelineFilters {
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<StoredTable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<ActorRef>,
    #[serde(skip_serializing_if = "is_false")]
    no_actor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_kind: Option<ActorKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<Op>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    scoped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<StoredRecord>,
}

/// A record by its table, as `schema.table`, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRecord {
    table: String,
    key: JsonText,
    #[serde(default, skip_serializing_if = "is_false")]
    as_recorded: bool,
}

/// The table of an entity; without a schema it is the one that the connection's `search_path` finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    table: String,
}

impl TimelineFilters {
    /// The bounds of time: [`Timeline::from`] and [`Timeline::to`].
    pub fn bounds(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.from, self.to)
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Timeline {
    /// The filters as data. The page, its size and its limit are no filters.
    pub fn filters(&self) -> TimelineFilters {
        // Every field by its name, so that a new one can't be forgotten here.
        let Filter {
            entity,
            schema,
            table,
            actor,
            request_id,
            correlation_id,
            op,
            changed_column,
            from,
            to,
            transaction,
            action,
            scope,
            record,
            // `fetch_keys` alone sets it, for what it reads.
            key_columns: _,
        } = self.filter.clone();
        TimelineFilters {
            entity: entity.map(|entity| StoredTable {
                schema: entity.schema,
                table: entity.table,
            }),
            schema,
            table,
            no_actor: matches!(actor, Some(ActorFilter::Nobody)),
            actor_kind: match actor {
                Some(ActorFilter::Kind(kind)) => Some(kind),
                _ => None,
            },
            actor: match actor {
                Some(ActorFilter::Is(actor)) => Some(actor),
                Some(ActorFilter::Kind(_) | ActorFilter::Nobody) | None => None,
            },
            request_id,
            correlation_id,
            op,
            changed_column,
            from,
            to,
            transaction,
            action,
            scoped: scope.is_some(),
            record: record.map(|record| StoredRecord {
                table: record.table.to_string(),
                key: record.key,
                as_recorded: record.as_recorded,
            }),
        }
    }
}

/// Fails when the timeline had a scope, and when a filter is empty or contradicts another.
impl TryFrom<TimelineFilters> for Timeline {
    type Error = Error;

    fn try_from(stored: TimelineFilters) -> Result<Self> {
        if stored.scoped {
            let reason = "the timeline had a scope, which is the host's and is not stored";
            return Err(Error::InvalidFilter {
                filter: "scope",
                reason: reason.to_owned(),
            });
        }
        let actor = match (stored.actor, stored.actor_kind, stored.no_actor) {
            (Some(actor), None, false) => Some(ActorFilter::Is(actor)),
            (None, Some(kind), false) => Some(ActorFilter::Kind(kind)),
            (None, None, true) => Some(ActorFilter::Nobody),
            (None, None, false) => None,
            _ => {
                let reason = "of an actor, a kind of actor and no actor there can be one";
                return Err(Error::InvalidFilter {
                    filter: "actor",
                    reason: reason.to_owned(),
                });
            }
        };
        let record = |record: StoredRecord| {
            let table = record.table.parse().map_err(|err| Error::InvalidFilter {
                filter: "record",
                reason: format!("its table: {err}"),
            })?;
            Ok::<_, Error>(RecordKey {
                table,
                key: record.key,
                as_recorded: record.as_recorded,
            })
        };
        let mut query = timeline();
        query.filter = Filter {
            entity: stored.entity.map(|entity| EntityTable {
                quoted: quoted(entity.schema.as_deref(), &entity.table),
                schema: entity.schema,
                table: entity.table,
            }),
            schema: stored.schema,
            table: stored.table,
            actor,
            request_id: stored.request_id,
            correlation_id: stored.correlation_id,
            op: stored.op,
            changed_column: stored.changed_column,
            from: stored.from,
            to: stored.to,
            transaction: stored.transaction,
            action: stored.action,
            scope: None,
            record: stored.record.map(record).transpose()?,
            key_columns: None,
        };
        query.filter.check()?;
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{query::ChangeScope, record};

    fn all() -> Timeline {
        timeline()
            .schema("public")
            .table("posts")
            .actor(ActorRef::user("42").unwrap())
            .request_id("r")
            .correlation_id("c")
            .op(Op::Update)
            .changed_column("title")
            .from(DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap())
            .to(DateTime::from_timestamp_micros(1_800_000_000_000_001).unwrap())
            .transaction(7)
            .action("post.updated")
    }

    #[test]
    fn every_filter_survives_its_stored_form() {
        let key = serde_json::from_str(r#"{"id": 1.50}"#).unwrap();
        let record = record("shop.\"Order Lines\"".parse().unwrap(), key);
        for query in [
            timeline(),
            timeline().no_actor(),
            timeline().actor_kind(ActorKind::Job),
            timeline().record(&record),
            timeline().record(&record.as_recorded()),
            all(),
        ] {
            let text = serde_json::to_string(&query.filters()).unwrap();
            let stored: TimelineFilters = serde_json::from_str(&text).unwrap();
            let read = Timeline::try_from(stored).unwrap();
            assert_eq!(
                read.filter.fingerprint(),
                query.filter.fingerprint(),
                "{text}"
            );
            let bounds = (query.filter.from, query.filter.to);
            assert_eq!(query.filters().bounds(), bounds, "{text}");
        }
    }

    #[test]
    fn an_unknown_or_impossible_filter_is_refused() {
        for text in [
            r#"{"tabel":"posts"}"#,
            r#"{"op":"select"}"#,
            r#"{"actor":{"type":"wizard","id":"1"}}"#,
        ] {
            assert!(
                serde_json::from_str::<TimelineFilters>(text).is_err(),
                "{text}"
            );
        }
        let scoped = timeline().in_scope(&ChangeScope::nothing()).filters();
        for text in [
            serde_json::to_string(&scoped).unwrap().as_str(),
            r#"{"table":""}"#,
            r#"{"actor":{"type":"user","id":"1"},"no_actor":true}"#,
            r#"{"actor_kind":"user","no_actor":true}"#,
            r#"{"entity":{"table":"posts"},"table":"posts"}"#,
            r#"{"record":{"table":"","key":{}}}"#,
            r#"{"record":{"table":"posts","key":{"id":1}},"table":"posts"}"#,
        ] {
            let stored: TimelineFilters = serde_json::from_str(text).unwrap();
            assert!(Timeline::try_from(stored).is_err(), "{text}");
        }
    }
}
