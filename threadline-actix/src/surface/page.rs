//! What a page is: [`Page`].

use minijinja::Value;
use serde::Serialize;
use threadline::json::to_text;

use super::{command::Command, links::Links};

/// The model of a page: what its JSON twin holds. Pure.
pub(crate) trait Page: Serialize {
    /// The name of its template below `templates/audit`, without `.html.jinja`.
    const TEMPLATE: &'static str;

    /// The filters that can be saved from here, as parameters of the timeline.
    fn filters(&self) -> Option<Vec<(&'static str, String)>> {
        None
    }

    /// What surrounds it.
    fn head(&self) -> Head;

    /// What its template shows: the model with addresses, and cut where people would not read on.
    fn view(&self, links: &Links) -> Value;

    /// The JSON twin, whole.
    ///
    /// # Errors
    /// When a value of the trail nests too deep.
    fn json(&self) -> serde_json::Result<String> {
        to_text(self)
    }
}

/// What surrounds a page.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Its title, for example `Transaction 7`.
    pub(crate) title: String,
    /// Where it belongs in the navigation.
    pub(crate) section: Section,
    /// The command that answers the same in a terminal.
    pub(crate) command: Option<Command>,
}

/// The entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// None of them.
    None,
    /// The timeline, and what it leads to.
    Timeline,
    /// Which tables are captured.
    Coverage,
    /// What is redacted.
    Redaction,
    /// How long changes are kept.
    Retention,
}
