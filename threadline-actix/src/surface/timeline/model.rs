//! The model of a page of the timeline. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use serde::Serialize;
use threadline::Count;

use super::{
    choice::Since,
    filter::{Filter, PARAMETERS, encode},
    search,
};
use crate::surface::{
    links::Links,
    moment::{Ago, Moment},
    page::{Head, Page, Section},
    trail::{Deadline, Group, days_view, instant_view, iso},
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
    /// The parameter `before` of the page with newer changes, which also needs this page's `now`.
    pub(crate) newer: Option<String>,
    /// The parameter `after` of the page with older changes, which also needs this page's `now`.
    pub(crate) older: Option<String>,
    /// Whether the operator may ask for files.
    #[serde(skip)]
    pub(crate) exports: bool,
}

impl Page for TimelinePage {
    const TEMPLATE: &'static str = "timeline";

    fn filters(&self) -> Option<Vec<(&'static str, String)>> {
        Some(self.filter.pairs())
    }

    fn head(&self) -> Head {
        Head {
            title: "Timeline".to_owned(),
            section: Section::Timeline,
            command: Some(self.filter.command()),
        }
    }

    fn view(&self, links: &Links) -> Value {
        context! {
            days => days_view(&self.groups, Deadline::of_page(), links),
            older => self.at("after", self.older.as_ref(), links),
            newer => self.at("before", self.newer.as_ref(), links),
            first => self.first,
            newest => links.timeline(&self.filter.query()),
            count => self.count.value,
            capped => self.count.capped,
            from => self.from.map(instant_view),
            to => self.to.map(instant_view),
            windows => self.windows(links),
            chosen => self.chosen(links),
            empty => self.empty(),
            ever => links.timeline(&self.since(Since::Ever).query()),
            narrows => self.filter.narrows(),
            unfiltered => links.timeline(""),
            action => links.timeline(""),
            typed => search::format(&self.filter),
            values => self.values(),
            exports => self.exports.then(|| self.files(links)),
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
            let current = from == self.filter.from && self.filter.to.is_none();
            let link = links.timeline(&self.since(from).query());
            context! { label, link, current }
        })
        .collect()
    }

    /// The same filter with another window.
    fn since(&self, from: Since) -> Filter {
        Filter {
            from,
            to: None,
            ..self.filter.clone()
        }
    }

    /// Another page of the same question.
    fn at(&self, place: &'static str, token: Option<&String>, links: &Links) -> Option<String> {
        let mut pairs = self.filter.pairs();
        pairs.push(("now", iso(self.now)));
        pairs.push((place, token?.clone()));
        Some(links.timeline(&encode(&pairs)))
    }

    /// The filters in force, each with the link that takes it away.
    fn chosen(&self, links: &Links) -> Vec<Value> {
        let pairs = self.filter.pairs().into_iter();
        pairs
            .map(|(name, value)| {
                let without = links.timeline(&self.filter.without(name).query());
                context! { name, value, without }
            })
            .collect()
    }

    /// What the fields of the form hold: what is not at its default.
    fn values(&self) -> Value {
        let chosen: BTreeMap<_, _> = self.filter.pairs().into_iter().collect();
        let value = |name| chosen.get(name).map_or("", String::as_str);
        Value::from_pairs(PARAMETERS.map(|name| (name, value(name))))
    }

    /// Why there is nothing on the page.
    fn empty(&self) -> &'static str {
        match (&self.older, self.filter.narrows(), self.from.or(self.to)) {
            (Some(_), ..) => "not_yet",
            (None, true, _) => "filter",
            (None, false, Some(_)) => "window",
            (None, false, None) => "trail",
        }
    }

    /// Where the same changes are as files. They begin where this page's question was asked.
    fn files(&self, links: &Links) -> Vec<Value> {
        ["csv", "json", "ndjson"]
            .into_iter()
            .map(|format| context! { format, link => links.export(format, &self.filter.query()) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::parameters::Parameters;

    fn page(query: &str) -> TimelinePage {
        let filter = Filter::read(&mut Parameters::parse(query).unwrap()).unwrap();
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let (from, to) = filter.bounds(now);
        TimelinePage {
            filter,
            now,
            from,
            to,
            count: Count {
                value: 0,
                capped: false,
            },
            groups: Vec::new(),
            first: true,
            newer: None,
            older: None,
            exports: false,
        }
    }

    #[test]
    fn an_empty_page_says_why() {
        for (query, expected) in [
            ("table=posts", "filter"),
            ("", "window"),
            ("from=all", "trail"),
            ("from=all&to=2026-01-01", "window"),
        ] {
            assert_eq!(page(query).empty(), expected, "{query}");
        }
        let mut cut = page("op=delete");
        cut.older = Some("token".to_owned());
        assert_eq!(cut.empty(), "not_yet");
    }

    #[test]
    fn the_form_holds_what_was_chosen_and_no_default() {
        let values = |query: &str| serde_json::to_value(page(query).values()).unwrap();
        let none = values("");
        assert_eq!((&none["from"], &none["op"]), (&"".into(), &"".into()));
        let some = values("table=%22a.b%22&from=30d&op=delete");
        for (name, expected) in [
            ("table", "\"a.b\""),
            ("from", "30d"),
            ("op", "delete"),
            ("to", ""),
        ] {
            assert_eq!(some[name], expected, "{name}");
        }
    }

    #[test]
    fn another_page_asks_the_same_question_of_the_same_instant() {
        let page = page("table=posts&from=2h");
        let link = page.at("after", Some(&"token".to_owned()), &Links::below("/audit"));
        assert_eq!(
            link.as_deref(),
            Some(
                "/audit/timeline?table=posts&from=2h&now=2026-11-23T09%3A00%3A00.000000Z&after=token"
            )
        );
    }
}
