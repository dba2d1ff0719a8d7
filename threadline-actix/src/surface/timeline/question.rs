//! What a query string asks of the timeline. Pure.

use chrono::{DateTime, SubsecRound as _, Utc};
use threadline::{PageToken, Timeline};

use super::{
    filter::{Filter, PARAMETERS},
    search,
};
use crate::surface::{failure::Failure, moment::Instant, parameters::Parameters};

/// What the query string asks for.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) filter: Filter,
    /// Relative times count back from here; a page's links keep it, so that all pages ask the same.
    pub(crate) now: DateTime<Utc>,
    place: Option<Place>,
}

#[derive(Debug)]
enum Place {
    After(PageToken),
    Before(PageToken),
}

impl Question {
    /// Reads a query string: the search box or single parameters, and a place or none.
    ///
    /// # Errors
    /// Names the parameter that can't be used.
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let typed = parameters.text(search::NAME);
        let mut filter = Filter::read(&mut parameters)?;
        if let Some(text) = typed {
            if filter != Filter::default() {
                let reason = "the search box stands for all filters; leave the others out";
                return Err(Failure::parameter(search::NAME, reason));
            }
            filter = search::parse(&text)?;
        }
        let now = parameters.read("now")?.map(|Instant(now)| now);
        let after = parameters.read("after")?;
        let before = parameters.read("before")?;
        let mut known = vec![search::NAME];
        known.extend(PARAMETERS);
        known.extend(["after", "before"]);
        parameters.finish(&known)?;
        let place = match (after, before) {
            (None, None) => None,
            (Some(token), None) => Some(Place::After(token)),
            (None, Some(token)) => Some(Place::Before(token)),
            (Some(_), Some(_)) => {
                let reason = "a page is after a place or before one, not both";
                return Err(Failure::parameter("before", reason));
            }
        };
        Ok(Self {
            filter,
            now: now.unwrap_or_else(Utc::now).trunc_subsecs(6),
            place,
        })
    }

    /// Whether it asks for the newest changes.
    pub(crate) fn is_first(&self) -> bool {
        self.place.is_none()
    }

    /// Narrows a query, the place and the key of a record left out.
    pub(super) fn narrow(&self, query: Timeline) -> Timeline {
        self.filter.narrow(query, self.now)
    }

    /// Goes to the place.
    pub(crate) fn place(&self, query: Timeline) -> Timeline {
        match &self.place {
            None => query,
            Some(Place::After(token)) => query.after(token.clone()),
            Some(Place::Before(token)) => query.before(token.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Question, Failure> {
        Question::read(Parameters::parse(query)?)
    }

    #[test]
    fn the_search_box_and_the_parameters_ask_the_same() {
        let typed = read("q=table%3Aposts+op%3Adelete").unwrap();
        let chosen = read("table=posts&op=delete").unwrap();
        assert_eq!(typed.filter, chosen.filter);
        assert!(typed.is_first());
    }

    #[test]
    fn what_contradicts_is_named() {
        for (query, name) in [
            ("q=table%3Aposts&op=delete", "q"),
            ("q=nonsense", "q"),
            ("after=x", "after"),
            ("before=x", "before"),
            ("now=noon", "now"),
        ] {
            match read(query) {
                Err(Failure::Invalid { parameter, .. }) => assert_eq!(parameter, name),
                other => panic!("{query}: {other:?}"),
            }
        }
    }
}
