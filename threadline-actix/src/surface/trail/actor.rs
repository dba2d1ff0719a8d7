use minijinja::{Value, context};
use serde::Serialize;

use crate::surface::links::Links;

/// An actor as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ActorName {
    /// The kind.
    pub(crate) r#type: String,
    /// The id, if the kind has one.
    pub(crate) id: Option<String>,
}

impl ActorName {
    /// From the columns of a transaction or an action; `None` where nobody was named.
    pub(crate) fn of(kind: Option<&str>, id: Option<&str>) -> Option<Self> {
        Some(Self {
            r#type: kind?.to_owned(),
            id: id.map(str::to_owned),
        })
    }

    /// What templates show.
    pub(crate) fn view(&self, links: &Links) -> Value {
        context! {
            kind => self.r#type.as_str(),
            id => self.id.as_deref(),
            link => links.actor(&self.r#type, self.id.as_deref()),
        }
    }
}
