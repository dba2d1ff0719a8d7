//! The key of a record in an address. Pure.
//!
//! A key of one column is the value alone: `/rows/public.posts/42`. Any other key is the JSON that the trail has, encoded
//! as a segment of a path: `/rows/public.lines/%7B%22line%22%3A1%2C%22order_id%22%3A7%7D`. A value that begins with a
//! brace is written as JSON too, so that the two are never taken for one another. [`Links`](crate::surface::links::Links)
//! writes them.

use std::collections::BTreeMap;

use threadline::JsonText;

type Columns = BTreeMap<String, JsonText>;

/// The key that a part of a path means, by any key of the same table. `None` where it fits no record of the table.
pub(super) fn read(text: &str, other: &JsonText) -> Option<JsonText> {
    let other: Columns = serde_json::from_str(other.as_str()).ok()?;
    let columns: Columns = if text.starts_with('{') {
        let given: Columns = serde_json::from_str(text).ok()?;
        given.keys().eq(other.keys()).then_some(given)?
    } else {
        let name = other.into_keys().collect::<Vec<_>>();
        let [name] = <[String; 1]>::try_from(name).ok()?;
        // The database reads the text as a value of the column's type.
        let value = serde_json::to_string(text).ok()?;
        BTreeMap::from([(name, serde_json::from_str(&value).ok()?)])
    };
    let text = serde_json::to_string(&columns).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> JsonText {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_plain_value_is_the_one_column_and_json_has_to_name_them_all() {
        let (single, pair) = (json(r#"{"id": 1}"#), json(r#"{"a": 1, "b": "x"}"#));
        for (text, other, expected) in [
            ("42", &single, Some(r#"{"id":"42"}"#)),
            (r#"a "b" \ é"#, &single, Some(r#"{"id":"a \"b\" \\ é"}"#)),
            ("[1]", &single, Some(r#"{"id":"[1]"}"#)),
            (r#"{"id": 1.50}"#, &single, Some(r#"{"id":1.50}"#)),
            (r#"{"b": 2, "a": 1}"#, &pair, Some(r#"{"a":1,"b":2}"#)),
            ("42", &pair, None),
            (r#"{"a": 1}"#, &pair, None),
            (r#"{"a": 1, "b": 2, "c": 3}"#, &pair, None),
            (r#"{"uid": 1}"#, &single, None),
            ("{", &single, None),
            ("{}", &json("{}"), Some("{}")),
        ] {
            let read = read(text, other);
            let read = read.as_ref().map(JsonText::as_str);
            assert_eq!(read, expected, "{text}");
        }
    }
}
