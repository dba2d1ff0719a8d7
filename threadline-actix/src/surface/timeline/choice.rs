//! Whose changes, and how far back: the parameters `actor` and `from`. Pure.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use threadline::{ActorKind, ActorRef, InvalidActorRef};

use super::filter::DEFAULT_WINDOW;
use crate::surface::moment::{InvalidMoment, Moment};

/// Whose changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ActorChoice {
    /// This actor's.
    Is(ActorRef),
    /// Those of every actor of this kind.
    Kind(ActorKind),
    /// Those without an actor.
    Nobody,
}

/// How far back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Since {
    /// [`DEFAULT_WINDOW`], because nobody said.
    #[default]
    Default,
    /// Back to then.
    Then(Moment),
    /// Back to the beginning.
    Ever,
}

const EVER: &str = "all";
const NOBODY: &str = "none";

impl FromStr for ActorChoice {
    type Err = InvalidActorRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = text.parse::<ActorKind>().ok();
        match (text, kind) {
            (NOBODY, _) => Ok(Self::Nobody),
            (_, Some(kind)) if kind != ActorKind::Anonymous => Ok(Self::Kind(kind)),
            _ => text.parse().map(Self::Is),
        }
    }
}

impl fmt::Display for ActorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(actor) => actor.fmt(f),
            Self::Kind(kind) => kind.fmt(f),
            Self::Nobody => f.write_str(NOBODY),
        }
    }
}

impl Serialize for ActorChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Since {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            EVER => Ok(Self::Ever),
            text => text.parse().map(Self::Then),
        }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => DEFAULT_WINDOW.fmt(f),
            Self::Then(moment) => moment.fmt(f),
            Self::Ever => f.write_str(EVER),
        }
    }
}

impl Serialize for Since {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
