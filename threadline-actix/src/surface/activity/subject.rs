//! Whose or which transactions are listed. Pure.

use serde::Serialize;
use threadline::{ActorRef, Transactions};

use crate::surface::{command::Command, links::Links};

/// What the transactions of a list have in common. In JSON an object of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subject {
    /// This actor did them.
    Actor(ActorRef),
    /// They carry this correlation id.
    Correlation(String),
    /// They happened in this request.
    Request(String),
}

impl Subject {
    /// Its name in the timeline's query string.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Actor(_) => "actor",
            Self::Correlation(_) => "correlation",
            Self::Request(_) => "request",
        }
    }

    pub(super) fn value(&self) -> String {
        match self {
            Self::Actor(actor) => actor.to_string(),
            Self::Correlation(id) | Self::Request(id) => id.clone(),
        }
    }

    /// What people call it: of an actor the id, and its kind where it has none.
    pub(super) fn headline(&self) -> &str {
        match self {
            Self::Actor(actor) => actor.id().unwrap_or(actor.kind().as_str()),
            Self::Correlation(id) | Self::Request(id) => id,
        }
    }

    /// The word above it.
    pub(super) fn kicker(&self) -> String {
        match self {
            Self::Actor(actor) => format!("Actor, {}", actor.kind().as_str().replace('_', " ")),
            Self::Correlation(_) => "Correlation".to_owned(),
            Self::Request(_) => "Request".to_owned(),
        }
    }

    pub(super) fn narrow(&self, query: Transactions) -> Transactions {
        match self {
            Self::Actor(actor) => query.actor(actor.clone()),
            Self::Correlation(id) => query.correlation_id(id),
            Self::Request(id) => query.request_id(id),
        }
    }

    /// The command that lists them.
    pub(super) fn command(&self) -> Command {
        Command::new("transactions").option(&format!("--{}", self.name()), self.value())
    }

    pub(super) fn link(&self, links: &Links) -> String {
        match self {
            Self::Actor(actor) => links.actor(actor.kind().as_str(), actor.id()),
            Self::Correlation(id) => links.correlation(id),
            Self::Request(id) => links.request(id),
        }
    }
}
