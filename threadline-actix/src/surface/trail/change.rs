//! One change with what it changed.

use minijinja::{Value, context};
use serde::Serialize;
use threadline::{AuditChange, ChangeDiff, FieldChange, Op};

use super::{
    instant::instant_view,
    value::{ValueRoom, sides_view},
    words::Deadline,
};
use crate::surface::links::Links;

/// A change with what it changed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownChange {
    /// The change as recorded.
    #[serde(flatten)]
    pub(crate) change: AuditChange,
    /// What it changed.
    pub(crate) diff: ChangeDiff,
}

impl From<AuditChange> for ShownChange {
    fn from(change: AuditChange) -> Self {
        let diff = ChangeDiff::of(&change);
        Self { change, diff }
    }
}

/// How much of a change is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// How many columns at once.
    pub(crate) fields: usize,
    /// How many more, when they are unfolded.
    pub(crate) folded_fields: usize,
    /// How much of a value.
    pub(crate) value: ValueRoom,
}

/// What templates show of a change.
pub(crate) fn change_view(
    change: &AuditChange,
    diff: &ChangeDiff,
    room: Room,
    deadline: Deadline,
    links: &Links,
) -> Value {
    let link = |key: &str| links.row(&change.table_schema, &change.table_name, key);
    // A TRUNCATE has no key.
    let key = (change.op != Op::Truncate).then(|| {
        let key = change.table_pk.as_str();
        context! { text => key_text(key), link => link(key) }
    });
    let linked = change.linked_pk.as_ref().map(|key| {
        context! { text => key_text(key.as_str()), link => link(key.as_str()) }
    });
    let (open, rest) = diff.fields.split_at(room.fields.min(diff.fields.len()));
    let (folded, rest) = rest.split_at(room.folded_fields.min(rest.len()));
    let fields = |fields: &[FieldChange]| -> Vec<_> {
        fields
            .iter()
            .map(|field| field_view(field, room.value, deadline))
            .collect()
    };
    context! {
        id => change.id,
        at => instant_view(change.captured_at),
        op => change.op.as_str(),
        schema => change.table_schema.as_str(),
        table => change.table_name.as_str(),
        partition => change.partition_name.as_deref(),
        key,
        linked,
        fields => fields(open),
        folded_fields => fields(folded),
        more_fields => rest.len(),
    }
}

/// What templates show of a column that is not the same on both sides.
pub(crate) fn field_view(field: &FieldChange, room: ValueRoom, deadline: Deadline) -> Value {
    let (before, after) = sides_view(&field.before, &field.after, room, deadline);
    context! { name => field.name.as_str(), before, after }
}

/// A key for people: the value of one column, or `a=1, b=2`.
pub(crate) fn key_text(key: &str) -> String {
    type Columns = std::collections::BTreeMap<String, threadline::JsonText>;
    let Ok(columns) = serde_json::from_str::<Columns>(key) else {
        return key.to_owned();
    };
    let text = |json: &threadline::JsonText| {
        serde_json::from_str::<String>(json.as_str()).unwrap_or_else(|_| json.as_str().to_owned())
    };
    if columns.len() == 1 {
        return columns.values().map(text).collect();
    }
    let columns: Vec<_> = columns
        .iter()
        .map(|(name, value)| format!("{name}={}", text(value)))
        .collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_value_and_a_composite_one_its_columns() {
        for (key, expected) in [
            (r#"{"id": 42}"#, "42"),
            (r#"{"slug": "a b"}"#, "a b"),
            (r#"{"order_id": 7, "line": "x"}"#, "line=x, order_id=7"),
        ] {
            assert_eq!(key_text(key), expected);
        }
    }
}
