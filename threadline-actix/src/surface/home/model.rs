//! The model of the home page. Pure.

use minijinja::{Value, context};
use serde::Serialize;
use threadline::ActorRef;

use super::{show::NEWEST, standing::Standing};
use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
    saved_view::NamedFilters,
    trail::{Deadline, Group, days_view},
};

/// The home page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HomePage {
    /// Who the operator is, if the host says so.
    pub(crate) actor: Option<ActorRef>,
    /// The newest transactions.
    pub(crate) groups: Vec<Group>,
    /// The views that the operator saved; `null` where they can't be read, or nobody can have any.
    pub(crate) views: Option<Vec<NamedFilters>>,
    /// How the audit stands, for who may see policies.
    pub(crate) standing: Option<Standing>,
    /// Whether the operator may see which exports failed.
    #[serde(skip)]
    pub(crate) sees_exports: bool,
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "home";

    fn head(&self) -> Head {
        Head {
            title: "Audit trail".to_owned(),
            section: Section::None,
            command: Some(Command::new("transactions").option("--limit", NEWEST)),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let timeline = |query: &str| links.timeline(query);
        let shortcuts = [
            ("Deleted in the last 7 days", timeline("op=delete")),
            ("Without an actor", timeline("actor=none")),
            ("The last day", timeline("from=1d")),
        ];
        context! {
            find => links.to("/find", ""),
            timeline => timeline(""),
            shortcuts => shortcuts.map(|(label, link)| context! { label, link }).to_vec(),
            own => self.actor.as_ref().map(|actor| links.actor(actor.kind().as_str(), actor.id())),
            standing => self.standing.map(|standing| standing.view(self.sees_exports, links)),
            days => days_view(&self.groups, Deadline::of_page(), links),
        }
    }
}
