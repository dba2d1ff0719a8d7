//! One recorded value, and how people see it.

use minijinja::{Value, context};
use threadline::FieldValue;

use super::words::{Deadline, Piece, compare, pieces_view};

/// How much of a value is shown, in characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueRoom {
    /// At once.
    pub(crate) open: usize,
    /// More, when it is unfolded.
    pub(crate) folded: usize,
}

/// What templates show of a value. The states differ in words, never by colour alone.
///
/// `state` is `text`, `json`, `empty`, `null`, `masked`, `not_recorded` or `absent`. A text is shown without quotes, any
/// other value as JSON: `text` at once, `folded` on demand, and `more` counts the characters after that. Where two sides
/// were compared word by word there are `pieces` instead.
pub(crate) fn value_view(value: &FieldValue, room: ValueRoom) -> Value {
    match shown(value) {
        Shown::Word(state) => context! { state },
        Shown::Text(state, text) => folded(state, &text, room),
    }
}

/// Both sides of a column that changed, their words compared.
pub(super) fn sides_view(
    before: &FieldValue,
    after: &FieldValue,
    room: ValueRoom,
    deadline: Deadline,
) -> (Value, Value) {
    if let (Shown::Text(old_state, old), Shown::Text(new_state, new)) =
        (shown(before), shown(after))
        && old_state == new_state
        && let Some((old, new)) = compare(&old, &new, deadline)
    {
        let view = |pieces: &[Piece]| {
            context! { state => old_state, pieces => pieces_view(pieces) }
        };
        return (view(&old), view(&new));
    }
    (value_view(before, room), value_view(after, room))
}

enum Shown {
    Word(&'static str),
    Text(&'static str, String),
}

fn shown(value: &FieldValue) -> Shown {
    let json = match value {
        FieldValue::Value(json) => json.as_str(),
        FieldValue::Null => return Shown::Word("null"),
        FieldValue::Masked => return Shown::Word("masked"),
        FieldValue::NotRecorded => return Shown::Word("not_recorded"),
        FieldValue::Absent => return Shown::Word("absent"),
    };
    match serde_json::from_str::<String>(json) {
        Ok(text) if text.is_empty() => Shown::Word("empty"),
        Ok(text) => Shown::Text("text", text),
        Err(_) => Shown::Text("json", json.to_owned()),
    }
}

fn folded(state: &str, text: &str, room: ValueRoom) -> Value {
    let (open, rest) = split(text, room.open);
    if rest.is_empty() {
        return context! { state, text };
    }
    let (folded, rest) = split(rest, room.folded);
    context! { state, text => open, folded, more => rest.chars().count() }
}

/// The first characters of a text, and the rest of it.
pub(crate) fn split(text: &str, characters: usize) -> (&str, &str) {
    let end = text.char_indices().nth(characters);
    text.split_at(end.map_or(text.len(), |(end, _)| end))
}

#[cfg(test)]
mod tests {
    use threadline::JsonText;

    use super::*;

    const ROOM: ValueRoom = ValueRoom { open: 3, folded: 2 };

    fn json(text: &str) -> FieldValue {
        let json: JsonText = serde_json::from_str(text).unwrap();
        FieldValue::Value(json)
    }

    fn view(value: &FieldValue) -> serde_json::Value {
        serde_json::to_value(value_view(value, ROOM)).unwrap()
    }

    #[test]
    fn a_text_a_number_and_nothing_are_told_apart() {
        for (value, state) in [
            (json(r#""42""#), "text"),
            (json("42"), "json"),
            (json(r#""""#), "empty"),
            (json(r#""null""#), "text"),
            (json("null"), "json"),
            (FieldValue::Null, "null"),
            (FieldValue::Masked, "masked"),
            (FieldValue::NotRecorded, "not_recorded"),
            (FieldValue::Absent, "absent"),
        ] {
            assert_eq!(view(&value)["state"], state);
        }
    }

    #[test]
    fn a_long_value_is_folded_and_then_cut_between_characters() {
        let part = |text: &str, name: &str| view(&json(text))[name].clone();
        assert_eq!(part(r#""ééé""#, "text"), "ééé");
        assert_eq!(part(r#""ééé""#, "folded"), serde_json::Value::Null);
        for (name, expected) in [
            ("text", "ééé".into()),
            ("folded", "üü".into()),
            ("more", 1.into()),
        ] {
            let expected: serde_json::Value = expected;
            assert_eq!(part(r#""éééüüx""#, name), expected);
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_shown_as_it_was_written() {
        let view = value_view(
            &json(r#""\ud800""#),
            ValueRoom {
                open: 10,
                folded: 0,
            },
        );
        let view = serde_json::to_value(view).unwrap();
        assert_eq!(
            (&view["state"], &view["text"]),
            (&"json".into(), &r#""\ud800""#.into())
        );
    }

    #[test]
    fn words_are_compared_between_values_of_one_kind() {
        let deadline = Deadline::of_page();
        let three = json(r#""one three""#);
        let (before, after) = sides_view(&json(r#""one two""#), &three, ROOM, deadline);
        let pieces = |view| serde_json::to_value(view).unwrap()["pieces"].clone();
        assert_eq!(
            pieces(before)[1],
            serde_json::json!({"kind": "changed", "text": "two"})
        );
        assert_eq!(
            pieces(after)[1],
            serde_json::json!({"kind": "changed", "text": "three"})
        );
        let (before, _) = sides_view(&FieldValue::Null, &three, ROOM, deadline);
        assert_eq!(serde_json::to_value(before).unwrap()["state"], "null");
    }
}
