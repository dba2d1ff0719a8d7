//! What every page has around it.

use serde::Serialize;

use super::{
    asset,
    command::Command,
    links::Links,
    page::{Head, Section},
    visit::Visit,
};

/// What the layout shows around a page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chrome {
    title: String,
    sections: Vec<Entry>,
    theme: &'static str,
    /// Who the operator is.
    operator: Option<String>,
    scoped: bool,
    unprotected: bool,
    /// The id of the request, for talking to whoever reads the log.
    request_id: Option<String>,
    command: Option<Command>,
    /// The page as JSON.
    json: Option<String>,
    links: ChromeLinks,
}

/// An entry of the navigation.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    label: &'static str,
    link: String,
    current: bool,
}

impl Entry {
    fn all(links: &Links, current: Section) -> Vec<Self> {
        [("Timeline", Section::Timeline, links.timeline(""))]
            .into_iter()
            .map(|(label, section, link)| Self {
                label,
                link,
                current: section == current,
            })
            .collect()
    }
}

#[derive(Clone, Debug, Serialize)]
struct ChromeLinks {
    home: String,
    style: String,
    script: String,
    icon: String,
}

impl ChromeLinks {
    fn new(links: &Links) -> Self {
        let asset = |asset: &asset::Asset| links.asset(asset.file());
        Self {
            home: links.home(),
            style: asset(&asset::STYLE),
            script: asset(&asset::SCRIPT),
            icon: asset(&asset::ICON),
        }
    }
}

impl Chrome {
    pub(super) fn new(visit: &Visit, head: Head, json: Option<String>) -> Self {
        let context = visit.context();
        let context = context.as_ref();
        let settings = &visit.surface().settings;
        Self {
            title: head.title,
            sections: Entry::all(visit.links(), head.section),
            theme: settings.theme.as_str(),
            operator: context.and_then(|context| Some(context.actor_ref()?.to_string())),
            scoped: visit.is_scoped(),
            unprotected: settings.unprotected,
            request_id: context.and_then(|context| Some(context.request()?.to_owned())),
            command: head.command,
            json,
            links: ChromeLinks::new(visit.links()),
        }
    }
}
