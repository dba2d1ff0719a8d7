use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::entity::JsonText;

/// What a record looked like at an instant.
///
/// Its JSON form is `{"state": "present", "row": …}`, `{"state": "deleted", "at": …, "last": …}`
/// or `{"state": "before_horizon"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot<M> {
    /// It was there, and looked like this.
    Present(M),
    /// It was gone.
    Deleted {
        /// Since when.
        at: DateTime<Utc>,
        /// How it looked at the end.
        last: M,
    },
    /// Nothing was captured of it so early: it may have been there or not. In a scope also when what
    /// was captured last is out of scope.
    BeforeHorizon,
}

impl<M: Serialize> Serialize for Snapshot<M> {
    // By hand: a tag beside the model's own columns would collide with a column named `state`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Present(row) => {
                let mut out = serializer.serialize_struct("Snapshot", 2)?;
                out.serialize_field("state", "present")?;
                out.serialize_field("row", row)?;
                out.end()
            }
            Self::Deleted { at, last } => {
                let mut out = serializer.serialize_struct("Snapshot", 3)?;
                out.serialize_field("state", "deleted")?;
                out.serialize_field("at", at)?;
                out.serialize_field("last", last)?;
                out.end()
            }
            Self::BeforeHorizon => {
                let mut out = serializer.serialize_struct("Snapshot", 1)?;
                out.serialize_field("state", "before_horizon")?;
                out.end()
            }
        }
    }
}

impl<M> Snapshot<M> {
    /// The record, if it was there.
    pub fn present(self) -> Option<M> {
        match self {
            Self::Present(model) => Some(model),
            Self::Deleted { .. } | Self::BeforeHorizon => None,
        }
    }

    pub(super) fn try_map<N, E>(
        self,
        map: impl FnOnce(M) -> Result<N, E>,
    ) -> Result<Snapshot<N>, E> {
        Ok(match self {
            Self::Present(model) => Snapshot::Present(map(model)?),
            Self::Deleted { at, last } => Snapshot::Deleted {
                at,
                last: map(last)?,
            },
            Self::BeforeHorizon => Snapshot::BeforeHorizon,
        })
    }
}

/// The recorded image of a record, for what the model can't hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Image {
    /// The row as recorded: an object by column names of that time. Excluded columns are not in
    /// it, masked ones hold a placeholder.
    pub row: JsonText,
    /// The texts of values that `jsonb` can't carry, by column: a JSON null beside SQL NULL, the
    /// spelling of `json`, a negative zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<JsonText>,
    /// The columns that are masked in it.
    pub masked: Vec<String>,
    /// The columns of the model that are not in it: excluded, or not there at that time. Empty where
    /// no model was asked for, see [`record`](crate::record()).
    pub not_recorded: Vec<String>,
    /// The transaction that left the record so.
    pub audit_transaction_id: i64,
    /// When that was captured.
    pub captured_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_json_of_a_snapshot_keeps_the_columns_of_the_row_apart_from_its_own() {
        // Columns that have the names of the snapshot's own fields.
        let row = json!({"state": "draft", "at": 7, "row": null, "last": "one"});
        let check = |snapshot: Snapshot<Value>, expected| {
            assert_eq!(serde_json::to_value(snapshot).unwrap(), expected);
        };
        check(
            Snapshot::Present(row.clone()),
            json!({"state": "present", "row": row}),
        );
        check(
            Snapshot::Deleted {
                at: DateTime::UNIX_EPOCH,
                last: row.clone(),
            },
            json!({"state": "deleted", "at": "1970-01-01T00:00:00Z", "last": row}),
        );
        check(Snapshot::BeforeHorizon, json!({"state": "before_horizon"}));
    }
}
