//! What the query string of the page of a record asks for. Pure.

use chrono::{DateTime, SubsecRound as _, Utc};
use threadline::PageToken;

use crate::surface::{failure::Failure, moment::Moment, parameters::Parameters};

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
    pub(super) after: Option<PageToken>,
    pub(super) before: Option<PageToken>,
}

impl Question {
    /// Takes the question from the parameters.
    ///
    /// # Errors
    /// Names the parameter that can't be used.
    pub(super) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let now = Utc::now().trunc_subsecs(6);
        let mut at = |name| {
            let moment: Option<Moment> = parameters.read(name)?;
            Ok::<_, Failure>(moment.map(|moment| moment.at(now)))
        };
        let (at, compare, window) = (at("at")?, at("compare")?, at("window")?);
        let step: Option<usize> = parameters.read("step")?;
        let (after, before) = (parameters.read("after")?, parameters.read("before")?);
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
        if after.is_some() && before.is_some() {
            return Err(Failure::parameter(
                "before",
                "a page is after a token or before one",
            ));
        }
        Ok(Self {
            now,
            at,
            compare,
            stop,
            after,
            before,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_itself_is_named() {
        let read = |query: &str| Question::read(Parameters::parse(query).unwrap());
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
        let question = read("at=2026-11-23T09:00&compare=").unwrap();
        assert_eq!(
            question.at.unwrap().to_rfc3339(),
            "2026-11-23T09:00:00+00:00"
        );
        assert_eq!(question.compare, None);
    }
}
