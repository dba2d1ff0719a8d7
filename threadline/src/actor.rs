//! Who did it: [`ActorRef`], a kind and an id.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest id of an actor, in bytes. The database records a longer one as malformed context.
pub const MAX_ACTOR_ID_BYTES: usize = 256;

/// The closed set of kinds of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person who uses the product.
    User,
    /// A person who operates the product.
    Admin,
    /// A program with its own credentials.
    ServiceAccount,
    /// Background work.
    Job,
    /// The application itself: migrations, schedulers, maintenance.
    System,
    /// Somebody the application could not or did not identify. The only kind without an id.
    Anonymous,
}

impl ActorKind {
    /// Every kind, in the order in which the documentation lists them.
    pub const ALL: [Self; 6] = [
        Self::User,
        Self::Admin,
        Self::ServiceAccount,
        Self::Job,
        Self::System,
        Self::Anonymous,
    ];

    /// The name used in the database, in JSON and in URLs, for example `service_account`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::ServiceAccount => "service_account",
            Self::Job => "job",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }
}

impl fmt::Display for ActorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ActorKind {
    type Err = InvalidActorRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| InvalidActorRef::UnknownKind(text.to_owned()))
    }
}

/// Why a text is no actor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidActorRef {
    /// The kind is none of the six.
    #[error(
        "unknown actor kind `{0}`; expected user, admin, service_account, job, system or anonymous"
    )]
    UnknownKind(String),
    /// A kind other than `anonymous` came without an id.
    #[error("an actor of kind `{0}` needs a non-empty id")]
    MissingId(ActorKind),
    /// `anonymous` came with an id.
    #[error("an anonymous actor has no id")]
    UnexpectedId,
    /// The id is longer than [`MAX_ACTOR_ID_BYTES`].
    #[error("an actor id has at most {MAX_ACTOR_ID_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// The id holds a control character.
    #[error("an actor id must not contain control characters")]
    ControlCharacter,
}

/// Who did it. Its JSON form is `{"type": "user", "id": "42"}`, its text form `user:42`.
///
/// ```
/// use threadline::ActorRef;
///
/// let actor = ActorRef::user(42)?;
/// assert_eq!(actor.to_string(), "user:42");
/// assert_eq!("user:42".parse::<ActorRef>()?, actor);
/// assert_eq!(ActorRef::anonymous().id(), None);
/// # Ok::<(), threadline::InvalidActorRef>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct ActorRef {
    kind: ActorKind,
    id: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl ActorRef {
    /// An actor of any kind; `id` is `None` exactly for [`ActorKind::Anonymous`].
    ///
    /// # Errors
    /// When the id is missing, unexpected, too long or holds control characters.
    pub fn new(kind: ActorKind, id: Option<&str>) -> Result<Self, InvalidActorRef> {
        match (kind, id) {
            (ActorKind::Anonymous, None) => Ok(Self { kind, id: None }),
            (ActorKind::Anonymous, Some(_)) => Err(InvalidActorRef::UnexpectedId),
            (_, None) => Err(InvalidActorRef::MissingId(kind)),
            (_, Some(id)) if id.trim().is_empty() => Err(InvalidActorRef::MissingId(kind)),
            (_, Some(id)) if id.len() > MAX_ACTOR_ID_BYTES => {
                Err(InvalidActorRef::TooLong(id.len()))
            }
            (_, Some(id)) if id.chars().any(char::is_control) => {
                Err(InvalidActorRef::ControlCharacter)
            }
            (_, Some(id)) => Ok(Self {
                kind,
                id: Some(id.into()),
            }),
        }
    }

    /// A person who uses the product.
    ///
    /// # Errors
    /// See [`ActorRef::new`].
    pub fn user(id: impl ToString) -> Result<Self, InvalidActorRef> {
        Self::new(ActorKind::User, Some(&id.to_string()))
    }

    /// A person who operates the product.
    ///
    /// # Errors
    /// See [`ActorRef::new`].
    pub fn admin(id: impl ToString) -> Result<Self, InvalidActorRef> {
        Self::new(ActorKind::Admin, Some(&id.to_string()))
    }

    /// A program with its own credentials.
    ///
    /// # Errors
    /// See [`ActorRef::new`].
    pub fn service_account(id: impl ToString) -> Result<Self, InvalidActorRef> {
        Self::new(ActorKind::ServiceAccount, Some(&id.to_string()))
    }

    /// Background work.
    ///
    /// # Errors
    /// See [`ActorRef::new`].
    pub fn job(id: impl ToString) -> Result<Self, InvalidActorRef> {
        Self::new(ActorKind::Job, Some(&id.to_string()))
    }

    /// The application itself.
    ///
    /// # Errors
    /// See [`ActorRef::new`].
    pub fn system(id: impl ToString) -> Result<Self, InvalidActorRef> {
        Self::new(ActorKind::System, Some(&id.to_string()))
    }

    /// Somebody who was not identified.
    pub const fn anonymous() -> Self {
        Self {
            kind: ActorKind::Anonymous,
            id: None,
        }
    }

    /// The kind of actor.
    pub const fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The id; `None` exactly for an anonymous actor.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl fmt::Display for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{}:{id}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl FromStr for ActorRef {
    type Err = InvalidActorRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((kind, id)) => Self::new(kind.parse()?, Some(id)),
            None => Self::new(text.parse()?, None),
        }
    }
}

impl TryFrom<Raw> for ActorRef {
    type Error = InvalidActorRef;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        Self::new(raw.r#type.parse()?, raw.id.as_deref())
    }
}

impl From<ActorRef> for Raw {
    fn from(actor: ActorRef) -> Self {
        Self {
            r#type: actor.kind.as_str().to_owned(),
            id: actor.id.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_text_forms_round_trip() {
        for actor in [
            ActorRef::user(42).unwrap(),
            ActorRef::service_account("ci:deploy").unwrap(),
            ActorRef::anonymous(),
        ] {
            let json = serde_json::to_value(&actor).unwrap();
            assert_eq!(serde_json::from_value::<ActorRef>(json).unwrap(), actor);
            assert_eq!(actor.to_string().parse::<ActorRef>().unwrap(), actor);
        }
        assert_eq!(
            serde_json::to_value(ActorRef::anonymous()).unwrap(),
            json!({"type": "anonymous"})
        );
    }

    #[test]
    fn what_is_no_actor_is_refused() {
        use InvalidActorRef as E;
        assert_eq!(ActorRef::user(""), Err(E::MissingId(ActorKind::User)));
        assert_eq!(ActorRef::user("  "), Err(E::MissingId(ActorKind::User)));
        assert_eq!(ActorRef::user("x".repeat(257)), Err(E::TooLong(257)));
        assert_eq!(ActorRef::job("a\0b"), Err(E::ControlCharacter));
        assert_eq!(
            "alien:1".parse::<ActorRef>(),
            Err(E::UnknownKind("alien".into()))
        );
        assert_eq!("anonymous:1".parse::<ActorRef>(), Err(E::UnexpectedId));
        assert!(serde_json::from_value::<ActorRef>(json!({"type": "user"})).is_err());
        assert!(serde_json::from_value::<ActorRef>(json!({"type": "user", "id": 5})).is_err());
    }
}
