//! One recorded value, and how people see it.

use minijinja::{Value, context};
use threadline::FieldValue;

/// What templates show of a value. The states differ in words, never by colour alone.
///
/// `state` is `text`, `json`, `empty`, `null`, `masked`, `not_recorded` or `absent`. A text is shown without quotes, any
/// other value as JSON. `more` counts the characters beyond those in `text`.
pub(super) fn value_view(value: &FieldValue, room: usize) -> Value {
    let json = match value {
        FieldValue::Value(json) => json.as_str(),
        FieldValue::Null => return context! { state => "null" },
        FieldValue::Masked => return context! { state => "masked" },
        FieldValue::NotRecorded => return context! { state => "not_recorded" },
        FieldValue::Absent => return context! { state => "absent" },
    };
    match serde_json::from_str::<String>(json) {
        Ok(text) if text.is_empty() => context! { state => "empty" },
        Ok(text) => cut("text", &text, room),
        Err(_) => cut("json", json, room),
    }
}

fn cut(state: &str, text: &str, room: usize) -> Value {
    let end = text.char_indices().nth(room).map(|(end, _)| end);
    match end {
        None => context! { state, text, more => 0 },
        Some(end) => {
            context! { state, text => &text[..end], more => text[end..].chars().count() }
        }
    }
}

#[cfg(test)]
mod tests {
    use threadline::JsonText;

    use super::*;

    fn view(json: &str, room: usize) -> serde_json::Value {
        let json: JsonText = serde_json::from_str(json).unwrap();
        serde_json::to_value(value_view(&FieldValue::Value(json), room)).unwrap()
    }

    #[test]
    fn a_text_a_number_and_nothing_are_told_apart() {
        let json = |value| serde_json::to_value(value_view(&value, 10)).unwrap();
        assert_eq!(view(r#""42""#, 10)["state"], "text");
        assert_eq!(view("42", 10)["state"], "json");
        assert_eq!(view(r#""""#, 10)["state"], "empty");
        assert_eq!(view(r#""null""#, 10)["state"], "text");
        assert_eq!(view("null", 10)["state"], "json");
        assert_eq!(json(FieldValue::Null)["state"], "null");
        assert_eq!(json(FieldValue::Masked)["state"], "masked");
        assert_eq!(json(FieldValue::NotRecorded)["state"], "not_recorded");
        assert_eq!(json(FieldValue::Absent)["state"], "absent");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let cut = view(r#""éééé""#, 3);
        assert_eq!((&cut["text"], &cut["more"]), (&"ééé".into(), &1.into()));
        let whole = view(r#""éééé""#, 4);
        assert_eq!(
            (&whole["text"], &whole["more"]),
            (&"éééé".into(), &0.into())
        );
    }

    #[test]
    fn half_a_surrogate_pair_is_shown_as_it_was_written() {
        let view = view(r#""\ud800""#, 10);
        assert_eq!(
            (&view["state"], &view["text"]),
            (&"json".into(), &r#""\ud800""#.into())
        );
    }
}
