//! Results as JSON text, the same from every command and every page.

use serde::Serialize;

use crate::invisible::escape_invisible;

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
    fn a_carriage_return_between_values_is_whitespace_still() {
        assert_eq!(harmless("{\r\n\"a\":\t1}"), "{ \n\"a\":\t1}");
    }
}
