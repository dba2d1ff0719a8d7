//! Results as JSON text, the same from every command and every page.

use serde::{Serialize, Serializer};

use crate::{codegen::TableName, invisible::escape_invisible};

/// The version of the JSON of results that have none of their own. Fields are added within a
/// version, never changed or removed.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Versioned<T> {
    schema_version: u32,
    #[serde(flatten)]
    result: T,
}

/// Writes a result, which has to be an object, with `schema_version` before its fields.
///
/// # Errors
/// When it can't be written as a JSON object.
pub fn to_text(result: impl Serialize) -> serde_json::Result<String> {
    to_text_of_version(&Versioned {
        schema_version: SCHEMA_VERSION,
        result,
    })
}

/// As [`to_text`], of a result that has its own `schema_version`, for example an
/// [`Incident`](crate::Incident).
///
/// The text is indented and ends with a line feed. No character in it acts on a terminal: those
/// that would are escaped, which changes no value.
///
/// ```
/// let text = threadline::json::to_text_of_version(&"a\u{202e}b")?;
/// assert_eq!(text, "\"a\\u202eb\"\n");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// When it can't be written as JSON.
pub fn to_text_of_version(result: &impl Serialize) -> serde_json::Result<String> {
    Ok(harmless(&serde_json::to_string_pretty(result)?) + "\n")
}

/// A table in a result: the names of the fields are those of a change.
#[derive(Default, Serialize)]
struct TableFields<'a> {
    table_schema: Option<&'a str>,
    table_name: Option<&'a str>,
}

impl<'a> TableFields<'a> {
    fn of(table: &'a TableName) -> Self {
        Self {
            table_schema: Some(table.schema()),
            table_name: Some(table.table()),
        }
    }
}

/// Writes a table of a result, for serde: flat beside other fields, or under a name that says which table
/// it is.
///
/// # Errors
/// Those of the serializer.
#[doc(hidden)]
pub fn table<S: Serializer>(table: &TableName, serializer: S) -> Result<S::Ok, S::Error> {
    TableFields::of(table).serialize(serializer)
}

/// As [`table`], flat beside other fields: `null` where the result is about no table.
pub(crate) fn optional_table<S: Serializer>(
    table: &Option<TableName>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let fields = table.as_ref().map(TableFields::of);
    fields.unwrap_or_default().serialize(serializer)
}

/// JSON escapes what acts on a terminal only in part. Outside of strings stands whitespace alone.
fn harmless(json: &str) -> String {
    escape_invisible(json, |character| match character {
        '\n' | '\t' => character.to_string(),
        '\r' => ' '.to_string(),
        other => {
            let mut units = [0; 2];
            let units = other.encode_utf16(&mut units);
            units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn no_character_of_the_data_acts_on_the_terminal_and_the_data_is_the_same() {
        let value = json!({"a": "\u{1b}[31m \u{9b}31m \u{7f} \u{202e} é\r\n\t"});
        let text = to_text(&value).unwrap();
        assert!(
            text.chars()
                .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
            "{text:?}"
        );
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, json!({"schema_version": 1, "a": value["a"]}));
    }

    #[test]
    fn a_table_has_the_same_two_fields_in_every_result() {
        #[derive(Serialize)]
        struct Result {
            #[serde(flatten, serialize_with = "table")]
            about: TableName,
            #[serde(serialize_with = "table")]
            because_of: TableName,
        }
        #[derive(Serialize)]
        struct Perhaps {
            #[serde(flatten, serialize_with = "optional_table")]
            about: Option<TableName>,
        }
        let name: TableName = "blog.posts".parse().unwrap();
        let fields = json!({"table_schema": "blog", "table_name": "posts"});
        let result = Result {
            about: name.clone(),
            because_of: name.clone(),
        };
        let mut expected = fields.clone();
        expected["because_of"] = fields.clone();
        assert_eq!(serde_json::to_value(result).unwrap(), expected);
        let perhaps = |about| serde_json::to_value(Perhaps { about }).unwrap();
        assert_eq!(perhaps(Some(name)), fields);
        let nulls = json!({"table_schema": null, "table_name": null});
        assert_eq!(perhaps(None), nulls);
    }

    #[test]
    fn a_carriage_return_between_values_is_whitespace_still() {
        assert_eq!(harmless("{\r\n\"a\":\t1}"), "{ \n\"a\":\t1}");
    }
}
