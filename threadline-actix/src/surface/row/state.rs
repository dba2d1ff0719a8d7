//! What a record looked like, for people. Pure.

use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use threadline::{Image, Snapshot, image_diff};

use crate::surface::{
    links::Links,
    trail::{ValueRoom, instant_view, value_view},
};

/// How many columns are shown.
const FIELDS: usize = 1_000;
/// How many characters the values of an image share.
const CHARACTERS: usize = 200_000;
/// How much of a value is shown at once.
const OPEN: usize = 600;

/// What templates show of a record at an instant. `state` is `present`, `deleted` or `unknown`.
pub(super) fn state_view(snapshot: &Snapshot<Image>, at: DateTime<Utc>, links: &Links) -> Value {
    let (state, image, since) = match snapshot {
        Snapshot::Present(image) => ("present", Some(image), None),
        Snapshot::Deleted { at, last } => ("deleted", Some(last), Some(*at)),
        Snapshot::BeforeHorizon => ("unknown", None, None),
    };
    let fields = image_diff(None, image);
    let room = room(fields.len());
    let shown: Vec<_> = fields
        .iter()
        .take(FIELDS)
        .map(|field| {
            context! { name => field.name.as_str(), value => value_view(&field.after, room) }
        })
        .collect();
    context! {
        state,
        at => instant_view(at),
        since => since.map(instant_view),
        left_at => image.map(|image| instant_view(image.captured_at)),
        transaction => image.map(|image| context! {
            id => image.audit_transaction_id,
            link => links.transaction(image.audit_transaction_id),
        }),
        more_fields => fields.len() - shown.len(),
        fields => shown,
    }
}

/// The image if the record was there, nothing if it was not. `None` where that is not known.
pub(super) fn there<I>(snapshot: &Snapshot<I>) -> Option<Option<&I>> {
    match snapshot {
        Snapshot::Present(image) => Some(Some(image)),
        Snapshot::Deleted { .. } => Some(None),
        Snapshot::BeforeHorizon => None,
    }
}

/// How many columns are redacted in both images, so that nobody can tell whether they are the same.
pub(super) fn not_comparable(one: &Snapshot<Image>, other: &Snapshot<Image>) -> usize {
    match (there(one), there(other)) {
        (Some(Some(one)), Some(Some(other))) => {
            let masked = one.masked.iter();
            masked.filter(|name| other.masked.contains(name)).count()
        }
        _ => 0,
    }
}

/// How much of each value is shown where so many share the room.
pub(super) fn room(fields: usize) -> ValueRoom {
    let share = CHARACTERS / fields.clamp(1, FIELDS);
    ValueRoom {
        open: OPEN.min(share),
        folded: 20_000.min(share),
    }
}
