//! What one change changed: [`ChangeDiff`]. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::value::RawValue;

use crate::{
    as_of::Image as SnapshotImage,
    entity::{
        JsonText,
        audit_change::{Model as AuditChange, Op},
    },
    policy::MASK_PLACEHOLDER,
};

/// What one change changed, column by column.
///
/// An insert lists every recorded column of the new row, an update the changed columns in the order
/// of the table, a delete every recorded column of the last row, a TRUNCATE nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChangeDiff {
    /// What happened to the row.
    pub op: Op,
    /// The columns.
    pub fields: Vec<FieldChange>,
}

/// One column before and after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// The column's name in the database.
    pub name: String,
    /// What it was.
    pub before: FieldValue,
    /// What it became.
    pub after: FieldValue,
}

/// What is known of a column at one side of a change.
///
/// Its JSON form is `{"state": "value", "value": …}`, or the bare state: `null`, `masked`,
/// `not_recorded`, `absent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// The value as JSON.
    Value(JsonText),
    /// SQL NULL. Of a JSON column of which an update replaced the value, it may have been a JSON null.
    Null,
    /// There was a value or a NULL; the capture policy hides it.
    Masked,
    /// The capture policy, or the moment of capture, left it out.
    NotRecorded,
    /// There was no row.
    Absent,
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match self {
            Self::Value(value) => {
                let mut out = serializer.serialize_struct("FieldValue", 2)?;
                out.serialize_field("state", "value")?;
                out.serialize_field("value", value)?;
                return out.end();
            }
            Self::Null => "null",
            Self::Masked => "masked",
            Self::NotRecorded => "not_recorded",
            Self::Absent => "absent",
        };
        let mut out = serializer.serialize_struct("FieldValue", 1)?;
        out.serialize_field("state", state)?;
        out.end()
    }
}

type Image<'a> = BTreeMap<String, &'a RawValue>;

fn image(text: Option<&JsonText>) -> Option<Image<'_>> {
    text.and_then(|text| serde_json::from_str(text.as_str()).ok())
}

fn value(image: Option<&Image<'_>>, exact: Option<&Image<'_>>, name: &str) -> FieldValue {
    let exact = exact
        .and_then(|exact| exact.get(name))
        .and_then(|text| serde_json::from_str::<String>(text.get()).ok())
        // Only a text that is JSON itself says more than the image here.
        .filter(|text| serde_json::from_str::<&RawValue>(text).is_ok());
    match image.and_then(|image| image.get(name)).map(|raw| raw.get()) {
        None => FieldValue::NotRecorded,
        Some(raw)
            if raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'))
                == Some(MASK_PLACEHOLDER) =>
        {
            FieldValue::Masked
        }
        Some(raw) => match exact {
            Some(text) => FieldValue::Value(JsonText::from_database(text)),
            None if raw == "null" => FieldValue::Null,
            None => FieldValue::Value(JsonText::from_database(raw.to_owned())),
        },
    }
}

impl ChangeDiff {
    /// Works out what the change changed.
    pub fn of(change: &AuditChange) -> Self {
        let after = image(change.data_after.as_ref());
        let exact = image(change.exact.as_ref());
        let from = image(change.changed_from.as_ref());
        let (after, exact, from) = (after.as_ref(), exact.as_ref(), from.as_ref());
        let all = || after.into_iter().flat_map(BTreeMap::keys);
        let fields = match change.op {
            Op::Insert => all()
                .map(|name| FieldChange {
                    name: name.clone(),
                    before: FieldValue::Absent,
                    after: value(after, exact, name),
                })
                .collect(),
            Op::Delete => all()
                .map(|name| FieldChange {
                    name: name.clone(),
                    before: value(after, exact, name),
                    after: FieldValue::Absent,
                })
                .collect(),
            Op::Update => change
                .changed_fields
                .iter()
                .flatten()
                .map(|name| {
                    let after = value(after, exact, name);
                    FieldChange {
                        name: name.clone(),
                        before: previous(value(from, None, name), &after),
                        after,
                    }
                })
                .collect(),
            Op::Truncate => Vec::new(),
        };
        Self {
            op: change.op,
            fields,
        }
    }
}

/// The previous value of a changed column. From null to NULL it was the null of JSON, or nothing
/// would have changed.
fn previous(before: FieldValue, after: &FieldValue) -> FieldValue {
    match (before, after) {
        (FieldValue::Null, FieldValue::Null) => {
            FieldValue::Value(JsonText::from_database("null".to_owned()))
        }
        (before, _) => before,
    }
}

/// The row of an image, and the exact texts beside it.
type Parts<'a> = (Image<'a>, Option<Image<'a>>);

fn parts(of: &SnapshotImage) -> Parts<'_> {
    let row = image(Some(&of.row)).unwrap_or_default();
    (row, image(of.exact.as_ref()))
}

/// What is different between two images of a record, column by column, in the order of their names.
///
/// `None` is a record that was not there. Columns that are masked in both are left out: whether
/// they changed is not known.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{image_diff, record};
///
/// let post = record("posts".parse()?, serde_json::from_str(r#"{"id": 42}"#)?);
/// let monday = post.fetch_image("2026-11-23T09:00:00Z".parse()?, db).await?.present();
/// let today = post.fetch_image(chrono::Utc::now(), db).await?.present();
/// for field in image_diff(monday.as_ref(), today.as_ref()) {
///     println!("{} was {:?}, is {:?}", field.name, field.before, field.after);
/// }
/// # Ok(()) }
/// ```
pub fn image_diff(
    before: Option<&SnapshotImage>,
    after: Option<&SnapshotImage>,
) -> Vec<FieldChange> {
    let (before, after) = (before.map(parts), after.map(parts));
    let side = |parts: &Option<Parts<'_>>, name: &str| match parts {
        None => FieldValue::Absent,
        Some((row, exact)) => value(Some(row), exact.as_ref(), name),
    };
    let names: BTreeSet<_> = [&before, &after]
        .into_iter()
        .flatten()
        .flat_map(|(row, _)| row.keys())
        .collect();
    names
        .into_iter()
        .map(|name| FieldChange {
            name: name.clone(),
            before: side(&before, name),
            after: side(&after, name),
        })
        .filter(|field| field.before != field.after)
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    fn change(op: Op, after: Option<&str>, fields: &[&str], from: Option<&str>) -> AuditChange {
        let text = |text: &str| JsonText::from_database(text.to_owned());
        AuditChange {
            captured_at: DateTime::UNIX_EPOCH,
            id: 1,
            transaction_id: 1,
            row_key: 0,
            table_schema: "public".into(),
            table_name: "posts".into(),
            partition_name: None,
            op,
            table_pk: text(r#"{"id": 1}"#),
            data_after: after.map(text),
            changed_fields: Some(fields.iter().map(|&name| name.to_owned()).collect()),
            changed_from: from.map(text),
            linked_pk: None,
            exact: None,
        }
    }

    #[track_caller]
    fn check(change: &AuditChange, expected: serde_json::Value) {
        assert_eq!(
            serde_json::to_value(ChangeDiff::of(change)).unwrap()["fields"],
            expected
        );
    }

    #[test]
    fn an_insert_lists_every_column_and_tells_null_from_masked() {
        check(
            &change(
                Op::Insert,
                Some(r#"{"id": 1, "note": null, "email": "[REDACTED]"}"#),
                &[],
                None,
            ),
            json!([
                {"name": "email", "before": {"state": "absent"}, "after": {"state": "masked"}},
                {"name": "id", "before": {"state": "absent"}, "after": {"state": "value", "value": 1}},
                {"name": "note", "before": {"state": "absent"}, "after": {"state": "null"}},
            ]),
        );
    }

    #[test]
    fn an_update_lists_what_changed_with_what_is_known_of_before() {
        let after = r#"{"id": 1, "title": "b", "email": "[REDACTED]", "seen": 2}"#;
        check(
            &change(
                Op::Update,
                Some(after),
                &["title", "email", "seen"],
                Some(r#"{"title": null, "email": "[REDACTED]"}"#),
            ),
            json!([
                {"name": "title", "before": {"state": "null"}, "after": {"state": "value", "value": "b"}},
                {"name": "email", "before": {"state": "masked"}, "after": {"state": "masked"}},
                {"name": "seen", "before": {"state": "not_recorded"}, "after": {"state": "value", "value": 2}},
            ]),
        );
    }

    #[test]
    fn an_update_without_previous_values_says_that_they_are_not_recorded() {
        check(
            &change(Op::Update, Some(r#"{"title": "b"}"#), &["title"], None),
            json!([{"name": "title", "before": {"state": "not_recorded"}, "after": {"state": "value", "value": "b"}}]),
        );
    }

    #[test]
    fn a_delete_lists_the_last_row_and_a_truncate_nothing() {
        check(
            &change(Op::Delete, Some(r#"{"id": 1}"#), &[], None),
            json!([{"name": "id", "before": {"state": "value", "value": 1}, "after": {"state": "absent"}}]),
        );
        check(&change(Op::Truncate, None, &[], None), json!([]));
    }

    #[test]
    fn numbers_keep_every_digit() {
        let change = change(
            Op::Insert,
            Some(r#"{"n": 1.2345678901234567890100}"#),
            &[],
            None,
        );
        let text = serde_json::to_string(&ChangeDiff::of(&change)).unwrap();
        assert!(text.contains("1.2345678901234567890100"), "{text}");
    }

    #[test]
    fn a_json_null_is_not_sql_null() {
        let mut change = change(Op::Insert, Some(r#"{"a": null, "b": null}"#), &[], None);
        change.exact = Some(JsonText::from_database(r#"{"a": "null"}"#.into()));
        check(
            &change,
            json!([
                {"name": "a", "before": {"state": "absent"}, "after": {"state": "value", "value": null}},
                {"name": "b", "before": {"state": "absent"}, "after": {"state": "null"}},
            ]),
        );
    }

    #[test]
    fn from_null_to_null_it_was_the_null_of_json_that_changed() {
        let mut change = change(
            Op::Update,
            Some(r#"{"a": null, "b": null}"#),
            &["a", "b"],
            Some(r#"{"a": null, "b": null}"#),
        );
        change.exact = Some(JsonText::from_database(r#"{"b": "null"}"#.into()));
        check(
            &change,
            json!([
                {"name": "a", "before": {"state": "value", "value": null}, "after": {"state": "null"}},
                {"name": "b", "before": {"state": "null"}, "after": {"state": "value", "value": null}},
            ]),
        );
    }

    fn snapshot(row: &str) -> SnapshotImage {
        SnapshotImage {
            row: JsonText::from_database(row.into()),
            exact: None,
            masked: Vec::new(),
            not_recorded: Vec::new(),
            audit_transaction_id: 1,
            captured_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn between_two_images_is_what_differs_and_what_only_one_knows() {
        let monday =
            snapshot(r#"{"id": 1, "n": 1.50, "note": null, "email": "[REDACTED]", "old": 1}"#);
        let today =
            snapshot(r#"{"id": 1, "n": 1.5, "note": "x", "email": "[REDACTED]", "new": null}"#);
        let json = |before: Option<&SnapshotImage>, after: Option<&SnapshotImage>| {
            serde_json::to_value(image_diff(before, after)).unwrap()
        };
        assert_eq!(
            json(Some(&monday), Some(&today)),
            json!([
                {"name": "n", "before": {"state": "value", "value": 1.5}, "after": {"state": "value", "value": 1.5}},
                {"name": "new", "before": {"state": "not_recorded"}, "after": {"state": "null"}},
                {"name": "note", "before": {"state": "null"}, "after": {"state": "value", "value": "x"}},
                {"name": "old", "before": {"state": "value", "value": 1}, "after": {"state": "not_recorded"}},
            ])
        );
        let mut json_null = today.clone();
        json_null.exact = Some(JsonText::from_database(r#"{"new": "null"}"#.into()));
        assert_eq!(
            json(Some(&json_null), Some(&today)),
            json!([{"name": "new", "before": {"state": "value", "value": null}, "after": {"state": "null"}}])
        );
        assert_eq!(json(Some(&today), Some(&today)), json!([]));
        assert_eq!(json(None, None), json!([]));
        assert_eq!(
            json(None, Some(&snapshot(r#"{"id": 1}"#))),
            json!([{"name": "id", "before": {"state": "absent"}, "after": {"state": "value", "value": 1}}])
        );
    }
}
