//! Which words of a text changed. Pure, but for the time that it takes.

use std::time::{Duration, Instant};

use minijinja::{Value, context};
use similar::{Algorithm, ChangeTag, TextDiff};

/// The longest text whose words are compared, in bytes.
const LONGEST: usize = 20_000;
/// Two texts that have less in common are two texts.
const LEAST_ALIKE: f32 = 0.3;
/// How much of what did not change stays around what did, in characters.
const AROUND: usize = 120;

/// How long a comparison may take.
const OF_VALUE: Duration = Duration::from_millis(20);
/// How long the comparisons of a page may take, all together.
const OF_PAGE: Duration = Duration::from_millis(100);

/// Until when the values of a page are compared word by word; after that they are shown whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// That of a page which begins to be shown now.
    pub(crate) fn of_page() -> Self {
        Self(Instant::now() + OF_PAGE)
    }
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// It is on both sides.
    Same(String),
    /// It is on this side only.
    Changed(String),
    /// So many characters that are on both sides are left out.
    Left(usize),
}

/// The two texts in pieces; `None` where comparing them word by word says nothing, or there is no time for it.
pub(super) fn compare(
    before: &str,
    after: &str,
    Deadline(end): Deadline,
) -> Option<(Vec<Piece>, Vec<Piece>)> {
    let now = Instant::now();
    if before.len().max(after.len()) > LONGEST || now >= end {
        return None;
    }
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .deadline(end.min(now + OF_VALUE))
        .diff_words(before, after);
    if diff.ratio() < LEAST_ALIKE {
        return None;
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                add(&mut old, change.value(), false);
                add(&mut new, change.value(), false);
            }
            ChangeTag::Delete => add(&mut old, change.value(), true),
            ChangeTag::Insert => add(&mut new, change.value(), true),
        }
    }
    Some((shortened(old), shortened(new)))
}

/// Adds words to the last piece if they are of its kind.
fn add(pieces: &mut Vec<Piece>, words: &str, changed: bool) {
    match (pieces.last_mut(), changed) {
        (Some(Piece::Same(text)), false) | (Some(Piece::Changed(text)), true) => {
            text.push_str(words);
        }
        (_, false) => pieces.push(Piece::Same(words.to_owned())),
        (_, true) => pieces.push(Piece::Changed(words.to_owned())),
    }
}

/// Leaves out the middle of long pieces that are on both sides, and the outer ends of the first and the last.
fn shortened(pieces: Vec<Piece>) -> Vec<Piece> {
    let last = pieces.len().saturating_sub(1);
    let mut short = Vec::with_capacity(pieces.len());
    for (place, piece) in pieces.into_iter().enumerate() {
        let Piece::Same(text) = &piece else {
            short.push(piece);
            continue;
        };
        let length = text.chars().count();
        let head = if place == 0 { 0 } else { AROUND };
        let tail = if place == last { 0 } else { AROUND };
        if length <= head + tail + AROUND {
            short.push(piece);
            continue;
        }
        let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
        if head > 0 {
            short.push(Piece::Same(text[..at(head)].to_owned()));
        }
        short.push(Piece::Left(length - head - tail));
        if tail > 0 {
            short.push(Piece::Same(text[at(length - tail)..].to_owned()));
        }
    }
    short
}

/// What templates show of pieces.
pub(super) fn pieces_view(pieces: &[Piece]) -> Vec<Value> {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Same(text) => context! { kind => "same", text },
            Piece::Changed(text) => context! { kind => "changed", text },
            Piece::Left(count) => context! { kind => "left", count },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Same(text) => text.clone(),
                Piece::Changed(text) => format!("[{text}]"),
                Piece::Left(count) => format!("<{count}>"),
            })
            .collect()
    }

    #[track_caller]
    fn check(before: &str, after: &str, expected: Option<(&str, &str)>) {
        let compared =
            compare(before, after, Deadline::of_page()).map(|(old, new)| (text(&old), text(&new)));
        let expected = expected.map(|(old, new)| (old.to_owned(), new.to_owned()));
        assert_eq!(compared, expected);
    }

    #[test]
    fn the_words_that_changed_are_marked_on_their_side() {
        check(
            "the quick brown fox",
            "the slow brown fox",
            Some(("the [quick] brown fox", "the [slow] brown fox")),
        );
        check("a b c", "a b c d", Some(("a b c", "a b c[ d]")));
    }

    #[test]
    fn after_the_deadline_values_are_not_compared() {
        let over = Deadline(Instant::now());
        assert_eq!(compare("a b c", "a b c d", over), None);
    }

    #[test]
    fn texts_with_little_in_common_are_not_compared() {
        check("draft", "published", None);
        check("", "new", None);
        check(&"x ".repeat(LONGEST), "x", None);
    }

    #[test]
    fn what_did_not_change_far_away_is_left_out() {
        let long = "word ".repeat(200);
        let (before, after) = (format!("{long}one {long}"), format!("{long}two {long}"));
        let (old, new) = compare(&before, &after, Deadline::of_page()).unwrap();
        assert_eq!(old.len(), 5, "{old:?}");
        assert!(
            matches!(old[0], Piece::Left(count) if count == 1000 - AROUND),
            "{old:?}"
        );
        assert!(new.contains(&Piece::Changed("two".to_owned())), "{new:?}");
    }
}
