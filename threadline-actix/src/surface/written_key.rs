//! What somebody writes for the key of a record: in an address, in the search box, in a form. Pure.
//!
//! A key of one column is the value alone: `/rows/public.posts/42`. Any other key is the JSON that the trail has, encoded
//! as a segment of a path: `/rows/public.lines/%7B%22line%22%3A1%2C%22order_id%22%3A7%7D`. A value that begins with a
//! brace is written as JSON too, so that the two are never taken for one another. [`Links`](super::links::Links) writes
//! them.

use std::collections::BTreeMap;

use threadline::JsonText;

type Columns = BTreeMap<String, JsonText>;

/// What somebody wrote for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrittenKey {
    /// The columns and their values.
    Columns(JsonText),
    /// The value of the one column.
    Value(String),
}

impl WrittenKey {
    /// Reads it; `None` where it is the key of no record.
    pub(super) fn read(text: &str) -> Option<Self> {
        if !text.starts_with('{') {
            return Some(Self::Value(text.to_owned()));
        }
        let columns: Columns = serde_json::from_str(text).ok()?;
        (!columns.is_empty()).then(|| json(&columns).map(Self::Columns))?
    }

    /// How many columns the key has.
    pub(super) fn columns(&self) -> u32 {
        match self {
            Self::Value(_) => 1,
            Self::Columns(key) => names(key).len().try_into().unwrap_or(u32::MAX),
        }
    }

    /// What it may be in the trail, by other keys of the table: the trail has the types that the columns had then.
    pub(super) fn as_recorded(&self, others: &[JsonText]) -> Vec<JsonText> {
        let text = match self {
            Self::Columns(key) => return vec![key.clone()],
            Self::Value(text) => text,
        };
        let number = is_plain_number(text).then(|| serde_json::from_str(text).ok());
        let values: Vec<JsonText> = [number.flatten(), quoted(text)]
            .into_iter()
            .flatten()
            .collect();
        let mut keys = Vec::new();
        for name in others.iter().filter_map(single_name) {
            let of = |value: &JsonText| json(&BTreeMap::from([(name.clone(), value.clone())]));
            keys.extend(values.iter().filter_map(of));
        }
        keys.dedup();
        keys
    }

    /// What the columns of the table are asked to read, by other keys of the table, the newest first.
    pub(super) fn to_be_read(&self, others: &[JsonText]) -> Option<JsonText> {
        match self {
            Self::Columns(key) => Some(key.clone()),
            Self::Value(text) => {
                let name = others.iter().find_map(single_name)?;
                json(&BTreeMap::from([(name, quoted(text)?)]))
            }
        }
    }

    /// Whether another key of the table has the same columns.
    pub(super) fn is_like(&self, other: &JsonText) -> bool {
        match self {
            Self::Columns(key) => names(key) == names(other),
            Self::Value(_) => single_name(other).is_some(),
        }
    }
}

/// A number that is written as the trail writes it.
fn is_plain_number(text: &str) -> bool {
    let same = |number: String| number == text;
    text.parse::<i64>().is_ok_and(|n| same(n.to_string()))
        || text.parse::<u64>().is_ok_and(|n| same(n.to_string()))
}

fn names(key: &JsonText) -> Vec<String> {
    let columns: Columns = serde_json::from_str(key.as_str()).unwrap_or_default();
    columns.into_keys().collect()
}

fn single_name(key: &JsonText) -> Option<String> {
    let [name] = <[String; 1]>::try_from(names(key)).ok()?;
    Some(name)
}

fn quoted(text: &str) -> Option<JsonText> {
    serde_json::from_str(&serde_json::to_string(text).ok()?).ok()
}

fn json(columns: &Columns) -> Option<JsonText> {
    serde_json::from_str(&serde_json::to_string(columns).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> JsonText {
        serde_json::from_str(text).unwrap()
    }

    fn recorded(text: &str, others: &[&str]) -> Vec<String> {
        let others: Vec<_> = others.iter().map(|other| json(other)).collect();
        let key = WrittenKey::read(text).unwrap();
        let keys = key.as_recorded(&others);
        keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_plain_value_is_the_one_column_of_any_key_that_has_one() {
        for (text, others, expected) in [
            (
                "42",
                vec![r#"{"id": 1}"#],
                vec![r#"{"id":42}"#, r#"{"id":"42"}"#],
            ),
            ("042", vec![r#"{"id": 1}"#], vec![r#"{"id":"042"}"#]),
            (
                r#"a "b" \ é"#,
                vec![r#"{"slug": "x"}"#],
                vec![r#"{"slug":"a \"b\" \\ é"}"#],
            ),
            (
                "[1]",
                vec![r#"{"id": 1}"#, r#"{"id": 2}"#],
                vec![r#"{"id":"[1]"}"#],
            ),
            (
                "x",
                vec![r#"{"uid": 1}"#, r#"{"id": 2}"#],
                vec![r#"{"uid":"x"}"#, r#"{"id":"x"}"#],
            ),
            ("42", vec![r#"{"a": 1, "b": "x"}"#], vec![]),
            ("42", vec![], vec![]),
        ] {
            assert_eq!(recorded(text, &others), expected, "{text}");
        }
    }

    #[test]
    fn json_is_taken_as_it_is_with_every_digit() {
        assert_eq!(
            recorded(r#"{"b": 1.50, "a": "x"}"#, &[]),
            [r#"{"a":"x","b":1.50}"#]
        );
        for text in ["{", "{}", "{\"a\"}"] {
            assert_eq!(WrittenKey::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_columns_of_the_newest_key_read_a_value() {
        let key = WrittenKey::read("007").unwrap();
        let read = |others: &[JsonText]| key.to_be_read(others).map(|key| key.to_string());
        let (pair, new, old) = (
            json(r#"{"a": 1, "b": 2}"#),
            json(r#"{"id": 1}"#),
            json(r#"{"no": 1}"#),
        );
        assert_eq!(
            read(&[pair.clone(), new.clone(), old]).as_deref(),
            Some(r#"{"id":"007"}"#)
        );
        assert_eq!(read(std::slice::from_ref(&pair)), None);
        assert!(key.is_like(&new) && !key.is_like(&pair));
        let both = WrittenKey::read(r#"{"b": 7, "a": 8}"#).unwrap();
        assert!(both.is_like(&pair) && !both.is_like(&new));
        assert_eq!(both.columns(), 2);
    }
}
