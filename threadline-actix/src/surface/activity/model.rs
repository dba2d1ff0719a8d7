//! The model of a list of transactions. Pure.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use minijinja::{Value, context};
use serde::Serialize;

use super::subject::Subject;
use crate::surface::{
    links::Links,
    moment::Moment,
    page::{Head, Page, Section},
    trail::{Deadline, Group, days_view, instant_view, iso},
};

/// Transactions that have something in common.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActivityPage {
    /// What they have in common.
    pub(crate) subject: Subject,
    /// Relative times count back from here.
    pub(crate) now: DateTime<Utc>,
    /// The parameter `from`.
    pub(crate) from: Option<Moment>,
    /// The parameter `to`.
    pub(crate) to: Option<Moment>,
    /// No transaction that began before this instant is listed.
    pub(crate) since: Option<DateTime<Utc>>,
    /// No transaction that began after this instant is listed.
    pub(crate) until: Option<DateTime<Utc>>,
    /// Whether this is the page of the newest transactions.
    pub(crate) first: bool,
    /// The transactions, newest first, each with its first changes.
    pub(crate) groups: Vec<Group>,
    /// The parameter `after` of the page with older transactions, which also needs this page's `now`.
    pub(crate) older: Option<String>,
    /// The parameter `before` of the page with newer transactions, which also needs this page's `now`.
    pub(crate) newer: Option<String>,
}

impl Page for ActivityPage {
    const TEMPLATE: &'static str = "activity";

    fn head(&self) -> Head {
        let instant = |at: Option<DateTime<Utc>>| at.map(iso);
        let command = self.subject.command();
        Head {
            title: format!("{} · {}", self.subject.headline(), self.subject.kicker()),
            section: Section::Timeline,
            command: Some(
                command
                    .option_if("--from", instant(self.since))
                    .option_if("--to", instant(self.until)),
            ),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let own = self.subject.link(links);
        let page = |name: &'static str, token: &Option<String>| {
            let token = token.as_ref()?;
            let mut pairs = self.window();
            pairs.push(("now", iso(self.now)));
            pairs.push((name, token.clone()));
            Some(with_query(&own, &pairs))
        };
        let changes = [
            (self.subject.name(), self.subject.value()),
            ("from", "all".to_owned()),
        ];
        context! {
            kicker => self.subject.kicker(),
            headline => self.subject.headline(),
            is_actor => matches!(self.subject, Subject::Actor(_)),
            days => days_view(&self.groups, Deadline::of_page(), links),
            windows => self.windows(&own),
            narrowed => self.from.is_some() || self.to.is_some(),
            since => self.since.map(instant_view),
            until => self.until.map(instant_view),
            from => self.from.map(|from| from.to_string()),
            to => self.to.map(|to| to.to_string()),
            action => own.as_str(),
            first => self.first,
            newest => with_query(&own, &self.window()),
            newer => page("before", &self.newer),
            older => page("after", &self.older),
            timeline => with_query(&links.timeline(""), &changes),
        }
    }
}

impl ActivityPage {
    /// The parameters of the window of time.
    fn window(&self) -> Vec<(&'static str, String)> {
        let pair = |name, moment: Option<Moment>| Some((name, moment?.to_string()));
        [pair("from", self.from), pair("to", self.to)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The windows of time that are one click away. Days are days of UTC.
    fn windows(&self, own: &str) -> Vec<Value> {
        let today = self.now.date_naive();
        let windows = [
            ("all time", None),
            ("today", Some(day(today))),
            ("yesterday", today.checked_sub_days(Days::new(1)).map(day)),
            ("last 7 days", Some(("7d".to_owned(), None))),
            ("last 30 days", Some(("30d".to_owned(), None))),
        ];
        let current = self.window();
        windows
            .into_iter()
            .map(|(label, window)| {
                let mut pairs = Vec::new();
                if let Some((from, to)) = window {
                    pairs.push(("from", from));
                    pairs.extend(to.map(|to| ("to", to)));
                }
                context! { label, link => with_query(own, &pairs), current => pairs == current }
            })
            .collect()
    }
}

/// The first and the last instant of a day.
fn day(date: NaiveDate) -> (String, Option<String>) {
    let first = date.and_time(NaiveTime::MIN).and_utc();
    let last = first + TimeDelta::days(1) - TimeDelta::microseconds(1);
    let text = |at| Moment::At(at).to_string();
    (text(first), Some(text(last)))
}

fn with_query(path: &str, pairs: &[(&'static str, String)]) -> String {
    match serde_urlencoded::to_string(pairs) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use threadline::ActorRef;

    use super::*;

    fn page(from: Option<&str>, to: Option<&str>) -> ActivityPage {
        let moment = |text: Option<&str>| text.map(|text| text.parse::<Moment>().unwrap());
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let at = |moment: Option<Moment>| moment.map(|moment| moment.at(now));
        let (from, to) = (moment(from), moment(to));
        ActivityPage {
            subject: Subject::Actor(ActorRef::user("a/b c").unwrap()),
            now,
            from,
            to,
            since: at(from),
            until: at(to),
            first: true,
            groups: Vec::new(),
            older: Some("T".to_owned()),
            newer: None,
        }
    }

    fn view(page: &ActivityPage) -> serde_json::Value {
        serde_json::to_value(page.view(&Links::below("/audit"))).unwrap()
    }

    #[test]
    fn yesterday_is_one_click_away_and_known_as_such() {
        let all = view(&page(None, None));
        let windows = all["windows"].as_array().unwrap();
        assert_eq!(windows[0]["current"], true);
        assert_eq!(
            windows[2]["link"],
            "/audit/actors/user/a%2Fb%20c?from=2026-11-22T00%3A00%3A00Z&to=2026-11-22T23%3A59%3A59.999999Z"
        );
        let yesterday = view(&page(
            Some("2026-11-22T00:00:00Z"),
            Some("2026-11-22T23:59:59.999999Z"),
        ));
        let current: Vec<_> = yesterday["windows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|w| w["current"] == true)
            .collect();
        assert_eq!(current, [false, false, true, false, false]);
    }

    #[test]
    fn the_next_page_asks_the_same_from_the_same_now() {
        let shown = view(&page(Some("7d"), None));
        assert_eq!(
            shown["older"],
            "/audit/actors/user/a%2Fb%20c?from=7d&now=2026-11-23T09%3A00%3A00.000000Z&after=T"
        );
        assert_eq!(shown["newer"], serde_json::Value::Null);
        assert_eq!(
            shown["timeline"],
            "/audit/timeline?actor=user%3Aa%2Fb+c&from=all"
        );
    }

    #[test]
    fn the_command_asks_the_same() {
        let command = page(Some("2026-11-22"), None).head().command.unwrap();
        assert_eq!(
            command.to_string(),
            "cargo threadline transactions --actor 'user:a/b c' --from 2026-11-22T00:00:00.000000Z"
        );
    }
}
