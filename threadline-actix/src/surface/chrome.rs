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
    /// How coverage stands, for who may know.
    coverage: Option<Pill>,
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
    fn all(links: &Links, current: Section, with_policies: bool) -> Vec<Self> {
        let trail = [("Timeline", Section::Timeline, links.timeline(""))];
        let policies = [
            ("Coverage", Section::Coverage, links.coverage("")),
            ("Redaction", Section::Redaction, links.redaction()),
            ("Retention", Section::Retention, links.retention("")),
        ];
        let policies = policies.into_iter().filter(|_| with_policies);
        trail
            .into_iter()
            .chain(policies)
            .map(|(label, section, link)| Self {
                label,
                link,
                current: section == current,
            })
            .collect()
    }
}

/// How many tables need capture.
#[derive(Clone, Debug, Serialize)]
struct Pill {
    gaps: usize,
    link: String,
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
            sections: Entry::all(visit.links(), head.section, visit.sees_policies()),
            coverage: visit.gaps().map(|gaps| Pill {
                gaps,
                link: visit.links().coverage(""),
            }),
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
