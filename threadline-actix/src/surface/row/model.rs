//! The model of the page of a record. Pure.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use minijinja::{Value, context};
use serde::Serialize;
use threadline::{
    Count, FieldChange, Image, JsonText, Moment, Moments, Snapshot, codegen::TableName,
};

use super::state::{not_comparable, room, state_view};
use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
    trail::{Deadline, Group, days_view, field_view, instant_view, iso, key_text},
};

/// How many columns of a difference are shown.
const FIELDS: usize = 1_000;

/// A record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RowPage {
    /// The schema of its table.
    pub(crate) table_schema: String,
    /// Its table.
    pub(crate) table_name: String,
    /// Its key.
    pub(crate) key: JsonText,
    /// When the page was made.
    pub(crate) now: DateTime<Utc>,
    /// The instant that was asked for; `null` for now.
    #[serde(skip)]
    pub(crate) asked: Option<DateTime<Utc>>,
    /// The instant for the comparison that was asked for; `null` for now.
    #[serde(skip)]
    pub(crate) compared: Option<DateTime<Utc>>,
    /// The instant at which the record is looked at.
    pub(crate) at: DateTime<Utc>,
    /// What it looked like then.
    pub(crate) snapshot: Snapshot<Image>,
    /// The instant with which that is compared, if it is another one.
    pub(crate) other_at: Option<DateTime<Utc>>,
    /// What it looked like at the other instant.
    pub(crate) other: Option<Snapshot<Image>>,
    /// What is different between the two, from the earlier to the later; `null` where one of them is not known.
    pub(crate) differences: Option<Vec<FieldChange>>,
    /// When it changed around the instant.
    pub(crate) moments: Moments,
    /// How many changes its history has.
    pub(crate) count: Count,
    /// Whether this is the page of the newest changes.
    pub(crate) first: bool,
    /// A page of its history, newest first, by transactions.
    pub(crate) groups: Vec<Group>,
    /// The parameter `after` of the page with older changes.
    pub(crate) older: Option<String>,
    /// The parameter `before` of the page with newer changes.
    pub(crate) newer: Option<String>,
    /// Whether the operator sees a part of the trail only.
    #[serde(skip)]
    pub(crate) scoped: bool,
}

impl Page for RowPage {
    const TEMPLATE: &'static str = "row";

    fn head(&self) -> Head {
        let command = |words| {
            Command::new(words)
                .argument(self.table())
                .argument(self.key())
        };
        Head {
            title: format!("{} {}", self.table(), key_text(self.key.as_str())),
            section: Section::Timeline,
            command: Some(match self.asked {
                Some(at) => command("as-of").option("--at", iso(at)),
                None => command("history"),
            }),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let deadline = Deadline::of_page();
        let own = links.row(&self.table_schema, &self.table_name, self.key.as_str());
        // The comparison stays while one goes through time.
        let at = |at: DateTime<Utc>| {
            let compared = self.compared.map(|compared| ("compare", iso(compared)));
            let pairs: Vec<_> = [("at", iso(at))].into_iter().chain(compared).collect();
            with_query(&own, &pairs)
        };
        let page = |name: &'static str, token: &Option<String>| {
            let mut pairs = self.instants();
            pairs.push((name, token.clone()?));
            Some(format!("{}#history", with_query(&own, &pairs)))
        };
        let comparison = self.other_at.map(|other| {
            let (earlier, later) = (self.at.min(other), self.at.max(other));
            let fields = self.differences.as_deref();
            let room = room(fields.map_or(1, <[_]>::len) * 2);
            context! {
                earlier => instant_view(earlier),
                later => instant_view(later),
                later_is_now => later == self.now,
                known => fields.is_some(),
                redacted => self.other.as_ref()
                    .map_or(0, |other| not_comparable(&self.snapshot, other)),
                more_fields => fields.map_or(0, |fields| fields.len().saturating_sub(FIELDS)),
                fields => fields.into_iter().flatten().take(FIELDS)
                    .map(|field| field_view(field, room, deadline)).collect::<Vec<_>>(),
            }
        });
        context! {
            schema => self.table_schema.as_str(),
            table => self.table_name.as_str(),
            key => key_text(self.key.as_str()),
            table_link => with_query(&links.timeline(""), &[
                ("schema", self.table_schema.clone()),
                ("table", self.table_name.clone()),
                ("from", "all".to_owned()),
            ]),
            own => own.as_str(),
            is_now => self.asked.is_none(),
            scoped => self.scoped,
            state => state_view(&self.snapshot, self.at, links),
            field_at => self.asked.map(field_text),
            field_compare => self.compared.map(field_text),
            comparison,
            slider => self.slider(at),
            count => self.count.value,
            capped => self.count.capped,
            days => days_view(&self.groups, deadline, links),
            first => self.first,
            newest => format!("{}#history", with_query(&own, &self.instants())),
            newer => page("before", &self.newer),
            older => page("after", &self.older),
        }
    }
}

impl RowPage {
    /// The table as commands read it.
    fn table(&self) -> String {
        TableName::new(&self.table_schema, &self.table_name).map_or_else(
            |_| format!("{}.{}", self.table_schema, self.table_name),
            |table| table.to_string(),
        )
    }

    /// The key as commands read it.
    fn key(&self) -> String {
        type Columns = std::collections::BTreeMap<String, JsonText>;
        let columns: Columns = serde_json::from_str(self.key.as_str()).unwrap_or_default();
        match columns.len() {
            1 if !key_text(self.key.as_str()).trim_start().starts_with('{') => {
                key_text(self.key.as_str())
            }
            _ => self.key.as_str().to_owned(),
        }
    }

    /// The parameters of the instants that were asked for.
    fn instants(&self) -> Vec<(&'static str, String)> {
        let pair = |name, at: Option<DateTime<Utc>>| Some((name, iso(at?)));
        [pair("at", self.asked), pair("compare", self.compared)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The stops around the instant, oldest first.
    fn slider(&self, link: impl Fn(DateTime<Utc>) -> String) -> Value {
        let Moments { earlier, later, .. } = &self.moments;
        let stops: Vec<&Moment> = earlier.iter().rev().chain(later).collect();
        let Some(first) = stops.first() else {
            return Value::from(());
        };
        // Changes of one instant are one stop: at it, all of them have happened.
        let current = earlier.first().map(|moment| moment.captured_at);
        let stop = |moment: &Moment| link(moment.captured_at);
        let previous = current.and_then(|current| {
            let before = earlier.iter().find(|moment| moment.captured_at < current);
            before.map(stop)
        });
        let shown: Vec<_> = stops
            .iter()
            .map(|moment| {
                context! {
                    link => stop(moment),
                    op => moment.op.as_str(),
                    at => instant_view(moment.captured_at),
                    current => Some(moment.captured_at) == current,
                }
            })
            .collect();
        context! {
            window => iso(first.captured_at),
            compare => self.compared.map(iso),
            number => stops.len(),
            // Zero is before the first of them.
            current => earlier.len(),
            previous,
            next => later.first().map(stop),
            more_earlier => self.moments.more_earlier,
            more_later => self.moments.more_later,
            stops => shown,
        }
    }
}

/// An instant for a field of date and time, which takes no more than milliseconds: rounded up, so that what has happened
/// by the instant has happened by then.
fn field_text(at: DateTime<Utc>) -> String {
    let millisecond = TimeDelta::milliseconds(1);
    let rounded = at.duration_round_up(millisecond).unwrap_or(at);
    rounded.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

fn with_query(path: &str, pairs: &[(&'static str, String)]) -> String {
    match serde_urlencoded::to_string(pairs) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}
