//! What a query string asks of the timeline. Pure.

use chrono::{DateTime, Utc};
use threadline::Timeline;

use super::{
    filter::{Filter, PARAMETERS},
    search,
};
use crate::surface::{
    failure::Failure, moment::Instant, parameters::Parameters, place::Place, reads::Reads,
};

/// What the query string asks for.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) filter: Filter,
    /// What the links of a page keep, so that all pages ask the same.
    now: Option<DateTime<Utc>>,
    place: Option<Place>,
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
        let place = Place::read(&mut parameters)?;
        let mut known = vec![search::NAME];
        known.extend(PARAMETERS);
        known.extend(Place::PARAMETERS);
        parameters.finish(&known)?;
        Ok(Self { filter, now, place })
    }

    /// Whether it asks for the newest changes.
    pub(crate) fn is_first(&self) -> bool {
        self.place.is_none()
    }

    /// Relative times count back from here.
    pub(crate) fn now(&self, reads: &Reads) -> DateTime<Utc> {
        self.now.unwrap_or(reads.now())
    }

    /// The query over what the operator may see, the place and the key of a record left out.
    pub(super) fn narrow(&self, reads: &Reads) -> Timeline {
        self.filter.narrow(reads.timeline(), self.now(reads))
    }

    /// Goes to the place.
    pub(crate) fn place(&self, query: Timeline) -> Timeline {
        match &self.place {
            None => query,
            Some(Place::After(token)) => query.after(token.clone()),
            Some(Place::Before(token)) => query.before(token.clone()),
        }
    }

    /// Says of which parameter a failure to go to the place is.
    pub(crate) fn misplaced(&self, failure: Failure) -> Failure {
        Place::blamed(self.place.as_ref(), failure)
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
