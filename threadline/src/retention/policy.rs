use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::hold::{Hold, RawHold};
use crate::{
    actor::InvalidActorRef,
    codegen::{InvalidTableName, TableName},
};

/// The longest time that a policy keeps, in days: a hundred years.
pub const MAX_KEEP_DAYS: u32 = 36_500;

/// How long changes are kept, and which stay whatever their age. Once made it is valid.
///
/// In `threadline.toml`:
///
/// ```toml
/// [retention]
/// keep_days = 400
///
/// [retention.classes.short]
/// keep_days = 30
/// tables = ["sessions", "blog.drafts"]
///
/// [[retention.holds]]
/// reason = "case 12"
/// actor = "user:42"
/// ```
///
/// In code:
///
/// ```
/// use threadline::{ActorRef, retention::{Hold, RetentionPolicy}};
///
/// let policy = RetentionPolicy::keep_days(400)?
///     .class("short", 30, ["sessions".parse()?, "blog.drafts".parse()?])?
///     .hold(Hold::actor(ActorRef::user(42)?).reason("case 12"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawPolicy")]
pub struct RetentionPolicy {
    keep_days: u32,
    keep_last: bool,
    classes: BTreeMap<String, RetentionClass>,
    holds: Vec<Hold>,
}

/// Tables that are kept for another time than the rest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RetentionClass {
    /// How long their changes are kept, in days.
    pub keep_days: u32,
    /// The tables.
    pub tables: Vec<TableName>,
}

/// Why a retention policy can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRetentionPolicy {
    /// A time to keep is out of range.
    #[error("{of} keeps {days} days; `keep_days` is a whole number from 1 to {MAX_KEEP_DAYS}")]
    Days {
        /// What it belongs to.
        of: String,
        /// The number that was given.
        days: i64,
    },
    /// A class has no name.
    #[error("a class of the retention policy has no name; call it for example `short`")]
    UnnamedClass,
    /// A class has no tables.
    #[error(
        "class `{0}` of the retention policy has no tables; list them in `tables`, or remove the class"
    )]
    EmptyClass(String),
    /// Two classes claim a table.
    #[error(
        "table `{table}` is listed in class `{first}` and in class `{second}` of the retention policy; leave it in one"
    )]
    TableTwice {
        /// The table.
        table: TableName,
        /// The class that has it.
        first: String,
        /// The class that wants it too.
        second: String,
    },
    /// A text names no table.
    #[error("the retention policy misspells a table: {0}")]
    Table(#[from] InvalidTableName),
    /// A hold holds nothing, or more than one thing.
    #[error(
        "hold {0} of the retention policy must have exactly one of: `table` with `key`, `actor`, `correlation_id`"
    )]
    HoldShape(usize),
    /// The key of a held row is no object, or empty.
    #[error(
        "`key` of the held row of `{0}` must name its key columns and their values, for example {{ id = 42 }}; write dates and times as text"
    )]
    HoldKey(TableName),
    /// The actor of a hold is none.
    #[error("a hold of the retention policy names no actor: {0}")]
    HoldActor(#[from] InvalidActorRef),
    /// The correlation id of a hold is empty or too long.
    #[error("`correlation_id` of a hold must have 1 to 256 bytes")]
    HoldCorrelation,
}

impl RetentionPolicy {
    /// Keeps every change for so many days, and the last change of every live row for ever.
    ///
    /// # Errors
    /// When `days` is not from 1 to [`MAX_KEEP_DAYS`].
    pub fn keep_days(days: u32) -> Result<Self, InvalidRetentionPolicy> {
        Ok(Self {
            keep_days: check_days("the retention policy", days.into())?,
            keep_last: true,
            classes: BTreeMap::new(),
            holds: Vec::new(),
        })
    }

    /// Sets whether the last change of a row that is still there stays, whatever its age.
    /// Without it `as_of` knows nothing of rows that have not changed for long. Default: true.
    #[must_use]
    pub fn keep_last(mut self, keep_last: bool) -> Self {
        self.keep_last = keep_last;
        self
    }

    /// Adds tables that are kept for another time.
    ///
    /// # Errors
    /// When the class has no name, no tables, one that another class has, or its days are out of
    /// range.
    pub fn class(
        mut self,
        name: impl Into<String>,
        days: u32,
        tables: impl IntoIterator<Item = TableName>,
    ) -> Result<Self, InvalidRetentionPolicy> {
        self.add_class(name.into(), days.into(), tables.into_iter().collect())?;
        Ok(self)
    }

    /// Adds a hold.
    ///
    /// # Errors
    /// When the hold could never hold anything.
    pub fn hold(mut self, hold: Hold) -> Result<Self, InvalidRetentionPolicy> {
        hold.check()?;
        self.holds.push(hold);
        Ok(self)
    }

    /// How long a table is kept, in days.
    pub fn days_of(&self, table: &TableName) -> u32 {
        self.classes
            .values()
            .find(|class| class.tables.contains(table))
            .map_or(self.keep_days, |class| class.keep_days)
    }

    /// How long tables without a class are kept, in days.
    pub fn default_days(&self) -> u32 {
        self.keep_days
    }

    /// Whether the last change of a live row stays.
    pub fn keeps_last(&self) -> bool {
        self.keep_last
    }

    /// The classes by their names.
    pub fn classes(&self) -> &BTreeMap<String, RetentionClass> {
        &self.classes
    }

    /// The holds.
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    fn add_class(
        &mut self,
        name: String,
        days: i64,
        tables: Vec<TableName>,
    ) -> Result<(), InvalidRetentionPolicy> {
        if name.trim().is_empty() {
            return Err(InvalidRetentionPolicy::UnnamedClass);
        }
        if tables.is_empty() {
            return Err(InvalidRetentionPolicy::EmptyClass(name));
        }
        let keep_days = check_days(&format!("class `{name}`"), days)?;
        for (i, table) in tables.iter().enumerate() {
            let other = self
                .classes
                .iter()
                .find(|(_, class)| class.tables.contains(table))
                .map(|(first, _)| first.clone())
                .or_else(|| tables[..i].contains(table).then(|| name.clone()));
            if let Some(first) = other {
                return Err(InvalidRetentionPolicy::TableTwice {
                    table: table.clone(),
                    first,
                    second: name,
                });
            }
        }
        self.classes
            .insert(name, RetentionClass { keep_days, tables });
        Ok(())
    }

    /// As the database reads it and as the record of a run keeps it.
    pub(super) fn to_json(&self) -> Value {
        let classes: Vec<_> = self
            .classes
            .iter()
            .map(|(name, class)| {
                json!({"name": name, "keep_days": class.keep_days, "tables": class.tables})
            })
            .collect();
        let holds: Vec<_> = self.holds.iter().map(Hold::to_json).collect();
        json!({"keep_days": self.keep_days, "keep_last": self.keep_last, "classes": classes, "holds": holds})
    }
}

fn check_days(of: &str, days: i64) -> Result<u32, InvalidRetentionPolicy> {
    match u32::try_from(days) {
        Ok(days @ 1..=MAX_KEEP_DAYS) => Ok(days),
        _ => Err(InvalidRetentionPolicy::Days {
            of: of.to_owned(),
            days,
        }),
    }
}

/// The policy as a file spells it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    keep_days: i64,
    #[serde(default = "yes")]
    keep_last: bool,
    #[serde(default)]
    classes: BTreeMap<String, RawClass>,
    #[serde(default)]
    holds: Vec<RawHold>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    keep_days: i64,
    tables: Vec<String>,
}

const fn yes() -> bool {
    true
}

impl TryFrom<RawPolicy> for RetentionPolicy {
    type Error = InvalidRetentionPolicy;

    fn try_from(raw: RawPolicy) -> Result<Self, Self::Error> {
        let mut policy = Self {
            keep_days: check_days("the retention policy", raw.keep_days)?,
            keep_last: raw.keep_last,
            classes: BTreeMap::new(),
            holds: Vec::new(),
        };
        for (name, class) in raw.classes {
            let tables = class.tables.iter().map(|table| table.parse());
            policy.add_class(name, class.keep_days, tables.collect::<Result<_, _>>()?)?;
        }
        for (i, raw) in raw.holds.into_iter().enumerate() {
            policy = policy.hold(raw.read(i + 1)?)?;
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::ActorRef;

    fn read(text: &str) -> Result<RetentionPolicy, String> {
        serde_json::from_str(text).map_err(|err| err.to_string())
    }

    #[test]
    fn a_file_says_the_same_as_the_setters() {
        let read = read(
            r#"{"keep_days": 400, "keep_last": false, "classes": {"short": {"keep_days": 30, "tables": ["sessions", "blog.drafts"]}},
                "holds": [{"actor": "user:42", "reason": "case 12"}, {"table": "posts", "key": {"id": 7}}, {"correlation_id": "c"}]}"#,
        );
        let key = json!({"id": 7}).as_object().unwrap().clone();
        let tables = ["sessions", "blog.drafts"].map(|name| name.parse().unwrap());
        let made = RetentionPolicy::keep_days(400)
            .and_then(|policy| policy.keep_last(false).class("short", 30, tables))
            .and_then(|policy| policy.hold(Hold::actor(ActorRef::user(42)?).reason("case 12")))
            .and_then(|policy| policy.hold(Hold::row("posts".parse()?, key)))
            .and_then(|policy| policy.hold(Hold::correlation_id("c")))
            .unwrap();
        assert_eq!(read, Ok(made.clone()));
        assert_eq!(made.days_of(&"sessions".parse().unwrap()), 30);
        assert_eq!(made.days_of(&"blog.sessions".parse().unwrap()), 400);
        let holds: Vec<_> = made.holds().iter().map(ToString::to_string).collect();
        assert_eq!(
            holds,
            [
                "actor user:42 (case 12)",
                r#"row {"id":7} of posts"#,
                "correlation id c"
            ]
        );
    }

    #[test]
    fn the_last_version_is_kept_unless_the_policy_says_otherwise() {
        assert!(read(r#"{"keep_days": 1}"#).unwrap().keeps_last());
    }

    #[test]
    fn what_can_not_be_meant_is_refused_with_what_to_write() {
        let class = |class: &str| format!(r#"{{"keep_days": 9, "classes": {{{class}}}}}"#);
        let hold = |hold: &str| format!(r#"{{"keep_days": 9, "holds": [{hold}]}}"#);
        for (text, says) in [
            ("{}".to_owned(), "missing field `keep_days`"),
            (
                r#"{"keep_days": 0}"#.to_owned(),
                "keeps 0 days; `keep_days` is a whole number from 1 to 36500",
            ),
            (r#"{"keep_days": -3}"#.to_owned(), "keeps -3 days"),
            (r#"{"keep_days": 36501}"#.to_owned(), "keeps 36501 days"),
            (
                r#"{"keep_days": 9, "keep_forever": true}"#.to_owned(),
                "unknown field `keep_forever`, expected one of `keep_days`, `keep_last`",
            ),
            (
                class(r#""a": {"keep_days": 0, "tables": ["t"]}"#),
                "class `a` keeps 0 days",
            ),
            (
                class(r#""a": {"keep_days": 1, "tables": []}"#),
                "class `a` of the retention policy has no tables",
            ),
            (
                class(r#"" ": {"keep_days": 1, "tables": ["t"]}"#),
                "has no name",
            ),
            (
                class(
                    r#""a": {"keep_days": 1, "tables": ["t"]}, "b": {"keep_days": 2, "tables": ["public.t"]}"#,
                ),
                "table `t` is listed in class `a` and in class `b`",
            ),
            (
                class(r#""a": {"keep_days": 1, "tables": ["t", "t"]}"#),
                "in class `a` and in class `a`",
            ),
            (
                class(r#""a": {"keep_days": 1, "tables": ["a.b.c"]}"#),
                "misspells a table: `a.b.c`",
            ),
            (
                hold(r#"{"actor": "user:1"}, {"reason": "x"}"#),
                "hold 2 of the retention policy must have exactly one of",
            ),
            (
                hold(r#"{"actor": "user:1", "correlation_id": "c"}"#),
                "hold 1",
            ),
            (hold(r#"{"table": "posts"}"#), "hold 1"),
            (
                hold(r#"{"table": "posts", "key": {}}"#),
                "`key` of the held row of `posts`",
            ),
            (
                hold(r#"{"table": "posts", "key": {"id": null}}"#),
                "`key` of the held row",
            ),
            (hold(r#"{"actor": "robot:1"}"#), "names no actor"),
            (hold(r#"{"correlation_id": ""}"#), "1 to 256 bytes"),
        ] {
            let said = read(&text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
