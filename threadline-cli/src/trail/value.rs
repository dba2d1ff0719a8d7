use std::collections::BTreeMap;

use threadline::{FieldChange, FieldValue, Image, JsonText, Op};

use crate::output;

/// How many characters of a value are shown.
const LONGEST: usize = 200;

/// A value as people read it. Text stands in quotes, so that no text looks like `NULL` or `[masked]`.
fn value(value: &FieldValue) -> String {
    match value {
        FieldValue::Value(json) => cut(json.as_str()),
        FieldValue::Null => "NULL".to_owned(),
        FieldValue::Masked => "[masked]".to_owned(),
        FieldValue::NotRecorded => "[not recorded]".to_owned(),
        FieldValue::Absent => "-".to_owned(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… [cut; --json has it all]", &text[..end]),
        None => text.to_owned(),
    }
}

/// The columns of a change, indented; of an update with what they were before.
pub(super) fn fields(op: Op, fields: &[FieldChange]) -> String {
    let text = match op {
        Op::Update => output::columns(fields.iter().map(|field| {
            let (before, after) = (value(&field.before), value(&field.after));
            [field.name.clone(), before, "→".to_owned(), after]
        })),
        Op::Delete => output::columns(
            fields
                .iter()
                .map(|field| [field.name.clone(), value(&field.before)]),
        ),
        Op::Insert | Op::Truncate => output::columns(
            fields
                .iter()
                .map(|field| [field.name.clone(), value(&field.after)]),
        ),
    };
    indented(&text)
}

/// The columns of a recorded row, indented.
///
/// # Errors
/// When it is no JSON object.
pub(crate) fn image(image: &Image) -> serde_json::Result<String> {
    let columns: BTreeMap<String, JsonText> = serde_json::from_str(image.row.as_str())?;
    let rows = columns.into_iter().map(|(name, json)| {
        let state = match json.as_str() {
            _ if image.masked.contains(&name) => FieldValue::Masked,
            "null" => FieldValue::Null,
            _ => FieldValue::Value(json),
        };
        [name, value(&state)]
    });
    Ok(indented(&output::columns(rows)))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> FieldValue {
        FieldValue::Value(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn no_two_states_of_a_column_look_the_same() {
        let states = [
            text("\"\""),
            text("\"NULL\""),
            text("null"),
            text("\"[masked]\""),
            text("\"[not recorded]\""),
            text("\"-\""),
            FieldValue::Null,
            FieldValue::Masked,
            FieldValue::NotRecorded,
            FieldValue::Absent,
        ];
        let mut shown: Vec<_> = states.iter().map(value).collect();
        shown.sort();
        shown.dedup();
        assert_eq!(shown.len(), states.len());
    }

    #[test]
    fn a_long_value_is_cut_and_says_so() {
        let long = format!("\"{}\"", "é".repeat(300));
        let shown = value(&text(&long));
        assert_eq!(
            shown,
            format!("\"{}… [cut; --json has it all]", "é".repeat(LONGEST - 1))
        );
        let short = format!("\"{}\"", "é".repeat(LONGEST - 2));
        assert_eq!(value(&text(&short)), short);
    }
}
