//! The model of a page of the timeline. Pure.

use chrono::{DateTime, Utc};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use threadline::Count;

use super::{
    filter::{Filter, Since, encode},
    moment::{Ago, Moment},
};
use crate::surface::{
    links::Links,
    page::{Head, Page, Section},
    trail::{Group, days_view, instant_view, iso},
};

/// A page of the timeline.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TimelinePage {
    /// The filter, by the parameters of the query string.
    pub(crate) filter: Filter,
    /// Relative times count back from here.
    pub(crate) now: DateTime<Utc>,
    /// No change before this instant is listed.
    pub(crate) from: Option<DateTime<Utc>>,
    /// No change after this instant is listed.
    pub(crate) to: Option<DateTime<Utc>>,
    /// How many changes the filter finds on all pages.
    pub(crate) count: Count,
    /// The changes of the page, newest first, by their transactions.
    pub(crate) groups: Vec<Group>,
    /// Whether this is the page of the newest changes.
    pub(crate) first: bool,
    /// The parameter `after` of the page with older changes, which also needs this page's `now`.
    pub(crate) older: Option<String>,
}

impl Page for TimelinePage {
    const TEMPLATE: &'static str = "timeline";

    fn head(&self) -> Head {
        Head {
            title: "Timeline".to_owned(),
            section: Section::Timeline,
            command: Some(self.filter.command()),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let older = self.older.as_ref().map(|token| {
            let mut pairs = self.filter.pairs();
            pairs.push(("now", iso(self.now)));
            pairs.push(("after", token.clone()));
            links.timeline(&encode(&pairs))
        });
        context! {
            days => days_view(&self.groups, links),
            older,
            first => self.first,
            newest => links.timeline(&self.filter.query()),
            count => self.count.value,
            capped => self.count.capped,
            from => self.from.map(instant_view),
            to => self.to.map(instant_view),
            windows => self.windows(links),
            narrows => self.filter.narrows(),
            unfiltered => links.timeline(""),
            action => links.timeline(""),
            values => Value::from(Serde(&self.filter)),
        }
    }
}

impl TimelinePage {
    /// How far back one can look with one click.
    fn windows(&self, links: &Links) -> Vec<Value> {
        let days = |number| Since::Then(Moment::Ago(Ago::days(number)));
        [
            ("1 day", days(1)),
            ("7 days", Since::Default),
            ("30 days", days(30)),
            ("90 days", days(90)),
            ("all time", Since::Ever),
        ]
        .into_iter()
        .map(|(label, from)| {
            let filter = Filter {
                from,
                to: None,
                ..self.filter.clone()
            };
            let current = from == self.filter.from && self.filter.to.is_none();
            context! { label, link => links.timeline(&filter.query()), current }
        })
        .collect()
    }
}
