//! What the catalogue says about the capture of a database, as plain data.

use std::collections::BTreeMap;

use crate::codegen::{COMMENT_PREFIX, ColumnSpec, FunctionComment, TableName};

/// Everything that the comparison needs, read once.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The tables, by name.
    pub(super) tables: BTreeMap<TableName, TableState>,
    /// The functions of the audit schema.
    pub(super) functions: Vec<Function>,
}

impl State {
    /// The function of that name; the names of ours are never overloaded.
    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// A table and its triggers.
#[derive(Clone, Debug)]
pub(super) struct TableState {
    pub(super) name: TableName,
    pub(super) of_extension: bool,
    /// Whether it inherits or is inherited from.
    pub(super) inherits: bool,
    /// Whether one statement may change a row of it twice.
    pub(super) twice: bool,
    /// The triggers of the table itself.
    pub(super) triggers: Vec<Trigger>,
    /// The partitions that hold its rows.
    pub(super) leaves: Vec<Leaf>,
    /// What could be learned of columns and key; `None` if nobody asked.
    pub(super) shape: Option<Shape>,
}

/// A partition and its triggers.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) name: TableName,
    pub(super) triggers: Vec<Trigger>,
}

/// The columns and the key of a table.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// As they are now.
    Known {
        columns: Vec<ColumnSpec>,
        key: Vec<String>,
    },
    /// The table has no key that could be used.
    NoKey {
        columns: Vec<String>,
        reason: String,
    },
    /// The table can't be audited.
    Refused(String),
}

/// A trigger that uses a function of the audit schema, or claims to.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    /// `pg_trigger.tgtype`
    pub(super) kind: i32,
    /// `pg_trigger.tgenabled`
    pub(super) enabled: char,
    /// Whether it has a WHEN condition.
    pub(super) conditional: bool,
    /// Whether it fires for changes of some columns only.
    pub(super) of_columns: bool,
    pub(super) function_schema: String,
    pub(super) function: String,
}

impl Trigger {
    /// Whether it fires for the writes of applications.
    pub(super) fn fires(&self) -> bool {
        matches!(self.enabled, 'O' | 'A')
    }
}

/// A function of the audit schema.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    /// The name with schema and arguments, as SQL.
    pub(super) signature: String,
    pub(super) language: String,
    pub(super) security_definer: bool,
    /// As [`crate::codegen::rendered::setting`] writes them, sorted.
    pub(super) settings: Vec<String>,
    pub(super) is_trigger: bool,
    /// The SHA-256 of the body, in hex.
    pub(super) body: String,
    pub(super) comment: Option<String>,
}

impl Function {
    /// What the comment says, if it is one of ours.
    pub(super) fn meant(&self) -> Option<FunctionComment> {
        let json = self.comment.as_deref()?.strip_prefix(COMMENT_PREFIX)?;
        serde_json::from_str(json).ok()
    }
}
