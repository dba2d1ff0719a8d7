use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::InvalidRetentionPolicy;
use crate::{actor::ActorRef, codegen::TableName};

/// Changes that stay whatever their age: a legal hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    held: Held,
    reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Held {
    Row {
        table: TableName,
        key: Map<String, Value>,
    },
    Actor(ActorRef),
    Correlation(String),
}

impl Hold {
    fn new(held: Held) -> Self {
        Self { held, reason: None }
    }

    /// Holds every change of one record. The key is an object with the value of each key column. A run
    /// refuses it while the trail has no change of such a record, because it would hold nothing.
    pub fn row(table: TableName, key: Map<String, Value>) -> Self {
        Self::new(Held::Row { table, key })
    }

    /// Holds everything that an actor did.
    pub fn actor(actor: ActorRef) -> Self {
        Self::new(Held::Actor(actor))
    }

    /// Holds everything that carries a correlation id.
    pub fn correlation_id(id: impl Into<String>) -> Self {
        Self::new(Held::Correlation(id.into()))
    }

    /// Says why. Default: nothing.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// What it is found by: `row`, `actor` or `correlation_id`.
    pub fn kind(&self) -> &'static str {
        match &self.held {
            Held::Row { .. } => "row",
            Held::Actor(_) => "actor",
            Held::Correlation(_) => "correlation_id",
        }
    }

    pub(super) fn check(&self) -> Result<(), InvalidRetentionPolicy> {
        match &self.held {
            Held::Row { table, key } => {
                let plain = |value: &Value| !matches!(value, Value::Object(_) | Value::Null);
                if key.is_empty() || !key.values().all(plain) {
                    return Err(InvalidRetentionPolicy::HoldKey(table.clone()));
                }
            }
            Held::Correlation(id) if id.is_empty() || id.len() > 256 => {
                return Err(InvalidRetentionPolicy::HoldCorrelation);
            }
            Held::Actor(_) | Held::Correlation(_) => {}
        }
        Ok(())
    }

    /// The table and key of a held row.
    pub(super) fn held_row(&self) -> Option<(&TableName, &Map<String, Value>)> {
        match &self.held {
            Held::Row { table, key } => Some((table, key)),
            Held::Actor(_) | Held::Correlation(_) => None,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut out = match &self.held {
            Held::Row { table, key } => {
                json!({"row": {"schema": table.schema(), "table": table.table(), "key": key}})
            }
            Held::Actor(actor) => json!({"actor": actor}),
            Held::Correlation(id) => json!({"correlation_id": id}),
        };
        if let Some(reason) = &self.reason {
            out["reason"] = reason.clone().into();
        }
        out
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.held {
            Held::Row { table, key } => write!(f, "row {} of {table}", json!(key))?,
            Held::Actor(actor) => write!(f, "actor {actor}")?,
            Held::Correlation(id) => write!(f, "correlation id {id}")?,
        }
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// A hold as a file spells it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHold {
    reason: Option<String>,
    table: Option<String>,
    key: Option<Map<String, Value>>,
    actor: Option<String>,
    correlation_id: Option<String>,
}

impl RawHold {
    /// The hold; `number` is its place in the list.
    pub(super) fn read(self, number: usize) -> Result<Hold, InvalidRetentionPolicy> {
        let held = match (self.table, self.key, self.actor, self.correlation_id) {
            (Some(table), Some(key), None, None) => Held::Row {
                table: table.parse()?,
                key,
            },
            (None, None, Some(actor), None) => Held::Actor(actor.parse()?),
            (None, None, None, Some(id)) => Held::Correlation(id),
            _ => return Err(InvalidRetentionPolicy::HoldShape(number)),
        };
        Ok(Hold {
            held,
            reason: self.reason,
        })
    }
}
