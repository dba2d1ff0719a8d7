use std::fmt;

use serde::Serialize;

use crate::codegen::TableName;

/// One way in which the capture of a table is not what it should be.
///
/// Names columns, triggers and functions, never a value of a row. Its text form is a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Difference {
    /// The database has no such table that could be audited.
    MissingTable {
        /// What there is instead.
        reason: String,
    },
    /// The table has no capture trigger.
    #[serde(rename = "missing-trigger")]
    NotCaptured,
    /// No trigger captures these operations.
    MissingEvents {
        /// `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`.
        events: Vec<&'static str>,
    },
    /// A trigger does not fire for the writes of applications.
    DisabledTrigger {
        /// The trigger.
        trigger: String,
        /// The table or partition that it belongs to.
        #[serde(serialize_with = "crate::json::table")]
        relation: TableName,
        /// Whether it fires in the role of a replica only.
        replica_only: bool,
    },
    /// A trigger does not fire for everything that it should capture, or not as it should.
    IncompleteTrigger {
        /// The trigger.
        trigger: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A second trigger captures what another one captures already.
    DuplicateTrigger {
        /// The trigger that is too much.
        trigger: String,
    },
    /// A trigger uses the capture function of another table, or one of another audit schema.
    #[serde(rename = "shared-function")]
    OtherFunction {
        /// The trigger.
        trigger: String,
        /// The function.
        function: String,
        /// The table that the function was made for, if it says.
        #[serde(serialize_with = "crate::json::optional_table")]
        serves: Option<TableName>,
        /// Whether the trigger does nothing: it is left over from a partition that was detached.
        left_over: bool,
    },
    /// Nothing notes where statements begin that are captured as a whole: what they do and what
    /// their triggers do meanwhile may be recorded in the wrong order.
    #[serde(rename = "unmarked-statements")]
    Unmarked {
        /// `INSERT`, `UPDATE`, `DELETE`.
        events: Vec<&'static str>,
    },
    /// The table is captured by statement and has come into an inheritance tree, where a statement
    /// that names one table changes rows of another.
    #[serde(rename = "uncaptured-inheritance")]
    Inherits,
    /// The table is captured by statement, and a foreign key or a trigger that it has by now lets one
    /// statement change a row twice: the changes may be recorded in the wrong order.
    #[serde(rename = "unordered-statements")]
    ChangedTwice,
    /// Writes of a partition are not captured.
    #[serde(rename = "uncaptured-partition")]
    PartitionNotCaptured {
        /// The partition.
        #[serde(serialize_with = "crate::json::table")]
        partition: TableName,
    },
    /// A TRUNCATE of a partition alone is not captured.
    PartitionTruncate {
        /// The partition.
        #[serde(serialize_with = "crate::json::table")]
        partition: TableName,
    },
    /// The function is not what it was when it was generated.
    EditedFunction {
        /// The function.
        function: String,
        /// `body`, `attributes` or `comment`.
        part: &'static str,
    },
    /// The function is not what this library makes of the same specification.
    OutdatedFunction {
        /// The function.
        function: String,
    },
    /// The table has a column that the function does not know.
    ColumnAdded {
        /// The column.
        column: String,
    },
    /// The function knows a column that the table does not have.
    ColumnDropped {
        /// The column.
        column: String,
        /// Whether the policy masks or excludes it: the column may go on under another name.
        redacted: bool,
    },
    /// A column has another type now, which the row image carries in another way.
    ColumnRetyped {
        /// The column.
        column: String,
    },
    /// The table has another key than the function.
    KeyDrift {
        /// The key columns that the function records.
        deployed: Vec<String>,
        /// The key columns of the table.
        table: Vec<String>,
    },
    /// The table has no key any more.
    NoKey {
        /// The key columns that the function records; none where they are gone too.
        deployed: Vec<String>,
        /// Whether the policy names the key.
        by_policy: bool,
        /// What the catalogue says.
        reason: String,
    },
    /// The entity takes other columns for the key than the table.
    EntityKey {
        /// The key columns of the entity.
        entity: Vec<String>,
        /// The key columns of the table.
        table: Vec<String>,
    },
    /// The deployed policy is not the declared one.
    PolicyDrift {
        /// The word of the policy.
        word: &'static str,
        /// What is declared: column names or a mode.
        declared: Vec<String>,
        /// What is deployed.
        deployed: Vec<String>,
        /// Whether a column that should be redacted is recorded in the clear.
        exposes: bool,
    },
    /// The declared policy does not fit the table.
    PolicyUnfit {
        /// Why.
        reason: String,
    },
    /// The table can't be audited at all.
    #[serde(rename = "not-auditable")]
    Refused {
        /// Why.
        reason: String,
    },
}

impl Difference {
    /// Whether some write of the table is not captured, or not by a function that can be vouched
    /// for.
    pub fn is_gap(&self) -> bool {
        matches!(
            self,
            Self::MissingTable { .. }
                | Self::NotCaptured
                | Self::MissingEvents { .. }
                | Self::DisabledTrigger { .. }
                | Self::IncompleteTrigger { .. }
                | Self::OtherFunction { .. }
                | Self::PartitionNotCaptured { .. }
                | Self::Inherits
                | Self::EditedFunction { .. }
        )
    }

    /// Whether what is deployed can't be compared with what is declared.
    pub(super) fn hides(&self) -> bool {
        matches!(
            self,
            Self::MissingTable { .. } | Self::OutdatedFunction { .. } | Self::Refused { .. }
        ) || matches!(self, Self::EditedFunction { part, .. } if *part == "comment")
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.join(", ")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCaptured => write!(f, "it has no capture trigger"),
            Self::MissingEvents { events } => {
                write!(f, "no trigger captures {}", events.join(", "))
            }
            Self::DisabledTrigger {
                trigger,
                relation,
                replica_only,
            } => {
                let how = if *replica_only {
                    "fires for replicated writes only"
                } else {
                    "is disabled"
                };
                write!(f, "trigger `{trigger}` of `{relation}` {how}")
            }
            Self::IncompleteTrigger { trigger, reason } => {
                write!(f, "trigger `{trigger}` {reason}")
            }
            Self::DuplicateTrigger { trigger } => {
                write!(f, "trigger `{trigger}` records every change once more")
            }
            Self::OtherFunction {
                trigger,
                function,
                serves,
                ..
            } => match serves {
                Some(table) => write!(
                    f,
                    "trigger `{trigger}` uses `{function}`, the capture function of `{table}`"
                ),
                None => write!(
                    f,
                    "trigger `{trigger}` uses `{function}`, which is not its capture function"
                ),
            },
            Self::Unmarked { events } => write!(
                f,
                "no trigger notes where an {} begins: what triggers do to the same rows meanwhile may be recorded in the wrong order",
                events.join(", ")
            ),
            Self::Inherits => write!(
                f,
                "it is captured by statement, and inherits or is inherited from: a statement that names the one changes rows of the other"
            ),
            Self::ChangedTwice => write!(
                f,
                "it is captured by statement, and a foreign key or a trigger of it lets one statement change a row twice, in an order that nothing tells"
            ),
            Self::PartitionNotCaptured { partition } => {
                write!(f, "writes of its partition `{partition}` are not captured")
            }
            Self::PartitionTruncate { partition } => write!(
                f,
                "a TRUNCATE of its partition `{partition}` alone is not captured"
            ),
            Self::EditedFunction { function, part } => match *part {
                "comment" => write!(
                    f,
                    "`{function}` does not say what it was made from: its comment is gone or was edited"
                ),
                part => write!(
                    f,
                    "the {part} of `{function}` changed after it was generated"
                ),
            },
            Self::OutdatedFunction { function } => write!(
                f,
                "`{function}` was made by another version of the library, or was edited together with its comment"
            ),
            Self::ColumnAdded { column } => {
                write!(
                    f,
                    "column `{column}` was added after the capture was generated"
                )
            }
            Self::ColumnDropped { column, redacted } => {
                write!(
                    f,
                    "column `{column}` was dropped or renamed after the capture was generated"
                )?;
                if *redacted {
                    write!(f, ", and the policy redacts it")?;
                }
                Ok(())
            }
            Self::ColumnRetyped { column } => write!(
                f,
                "column `{column}` has another type than when the capture was generated"
            ),
            Self::KeyDrift { deployed, table } => write!(
                f,
                "changes are recorded under the key ({}), the table has ({})",
                list(deployed),
                list(table)
            ),
            Self::MissingTable { reason }
            | Self::NoKey { reason, .. }
            | Self::PolicyUnfit { reason }
            | Self::Refused { reason } => {
                write!(f, "{reason}")
            }
            Self::EntityKey { entity, table } => write!(
                f,
                "the entity has the key ({}), the table has ({})",
                list(entity),
                list(table)
            ),
            Self::PolicyDrift {
                word,
                declared,
                deployed,
                ..
            } => write!(
                f,
                "`{word}` is declared as {} and deployed as {}",
                list(declared),
                list(deployed)
            ),
        }
    }
}
