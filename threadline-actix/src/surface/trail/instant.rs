use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::{Value, context};

/// An instant for programs, with every digit that the trail keeps.
pub(crate) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An instant for people, who read it in UTC.
pub(crate) fn instant_view(at: DateTime<Utc>) -> Value {
    context! {
        iso => iso(at),
        date => at.format("%Y-%m-%d").to_string(),
        time => at.format("%H:%M:%S").to_string(),
        fraction => at.format(".%6f").to_string(),
    }
}
