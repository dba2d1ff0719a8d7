//! Whose changes, and of which tables, as the options say it. Pure.

use std::str::FromStr;

use threadline::{
    ActorKind, ActorRef, InvalidActorRef,
    codegen::{InvalidTableName, TableName},
};

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

impl FromStr for ActorChoice {
    type Err = InvalidActorRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("none", _) => Ok(Self::Nobody),
            // There is one anonymous actor.
            (_, Ok(kind)) if kind != ActorKind::Anonymous => Ok(Self::Kind(kind)),
            _ => text.parse().map(Self::Is),
        }
    }
}

/// Tables by their name: of one schema if it is said, else of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableChoice {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

impl FromStr for TableChoice {
    type Err = InvalidTableName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name: TableName = text.parse()?;
        // Behind a name without a schema there is room for one more part.
        let is_bare = format!("{text}.x").parse::<TableName>().is_ok();
        Ok(Self {
            schema: (!is_bare).then(|| name.schema().to_owned()),
            table: name.table().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_one_or_every_one_of_a_kind_or_nobody() {
        let user = ActorRef::user(42).unwrap();
        for (text, expected) in [
            ("user:42", ActorChoice::Is(user)),
            ("user", ActorChoice::Kind(ActorKind::User)),
            (
                "service_account",
                ActorChoice::Kind(ActorKind::ServiceAccount),
            ),
            ("anonymous", ActorChoice::Is(ActorRef::anonymous())),
            ("none", ActorChoice::Nobody),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "robot", "robot:1", "user:", "none:1"] {
            assert!(text.parse::<ActorChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_table_is_of_one_schema_or_of_any() {
        for (text, schema, table) in [
            ("posts", None, "posts"),
            ("public.posts", Some("public"), "posts"),
            ("\"we.ird\"", None, "we.ird"),
            ("\"a.b\".\"c\"\"d\"", Some("a.b"), "c\"d"),
        ] {
            let expected = TableChoice {
                schema: schema.map(str::to_owned),
                table: table.to_owned(),
            };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "a.b.c", ".a", "\"a"] {
            assert!(text.parse::<TableChoice>().is_err(), "{text}");
        }
    }
}
