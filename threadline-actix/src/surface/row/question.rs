//! What the query string of the page of a record asks for. Pure.

use chrono::{DateTime, Utc};

use crate::surface::{failure::Failure, moment::Moment, parameters::Parameters, place::Place};

/// The names of the parameters.
const PARAMETERS: [&str; 6] = ["at", "compare", "step", "window", "after", "before"];

/// What is asked of a record.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) now: DateTime<Utc>,
    /// The instant at which it is looked at.
    pub(super) at: Option<DateTime<Utc>>,
    /// The instant with which that is compared.
    pub(super) compare: Option<DateTime<Utc>>,
    /// A stop of the slider: the change with this number, counted from 1 at the change that the window begins with.
    pub(super) stop: Option<(DateTime<Utc>, usize)>,
    pub(super) place: Option<Place>,
}

impl Question {
    /// Takes the question from the parameters.
    ///
    /// # Errors
    /// Names the parameter that can't be used.
    pub(super) fn read(mut parameters: Parameters, now: DateTime<Utc>) -> Result<Self, Failure> {
        let mut at = |name| {
            let moment = Moment::read_if_not_now(&mut parameters, name)?;
            Ok::<_, Failure>(moment.map(|moment| moment.at(now)))
        };
        let (at, compare, window) = (at("at")?, at("compare")?, at("window")?);
        let step: Option<usize> = parameters.read("step")?;
        let place = Place::read(&mut parameters)?;
        parameters.finish(&PARAMETERS)?;
        let stop = match (window, step) {
            (Some(window), Some(step)) if step > 0 => Some((window, step)),
            (None, None) => None,
            (Some(_), _) => return Err(Failure::parameter("step", "it counts from 1 in a window")),
            (None, Some(_)) => return Err(Failure::parameter("step", "it needs a window")),
        };
        if stop.is_some() && at.is_some() {
            return Err(Failure::parameter("step", "it says “at” already"));
        }
        Ok(Self {
            now,
            at,
            compare,
            stop,
            place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_itself_is_named() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let read = |query: &str| Question::read(Parameters::parse(query).unwrap(), now);
        for (query, name) in [
            ("at=yesterday", "at"),
            ("compare=x", "compare"),
            ("step=1", "step"),
            ("window=2026-11-23", "step"),
            ("window=2026-11-23&step=0", "step"),
            ("window=2026-11-23&step=1&at=2026-11-23", "step"),
            ("when=1d", "when"),
        ] {
            match read(query) {
                Err(Failure::Invalid { parameter, .. }) => assert_eq!(parameter, name, "{query}"),
                other => panic!("{query}: {other:?}"),
            }
        }
        let question = read("at=2026-11-23T09:00&compare=2h").unwrap();
        let text = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339());
        let expected = |text: &str| Some(text.to_owned());
        assert_eq!(text(question.at), expected("2026-11-23T09:00:00+00:00"));
        assert_eq!(
            text(question.compare),
            expected("2026-11-23T10:00:00+00:00")
        );
        let question = read("at=now&compare=").unwrap();
        assert_eq!((question.at, question.compare), (None, None));
    }
}
