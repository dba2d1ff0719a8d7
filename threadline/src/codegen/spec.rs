use serde::{Deserialize, Serialize};

use super::TableName;
use crate::policy::{CaptureLevel, CapturePolicy, InvalidPolicy};

/// How the JSON image carries a column. It decides which settings the capture function pins, how
/// values are compared, and which values need their exact text beside the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// The image carries it exactly: integers, text, boolean, uuid, date, enums, ….
    Plain,
    /// `numeric`: compared with its scale.
    Numeric,
    /// `real` and `double precision`: digits follow a setting, and `jsonb` has no negative zero.
    Float,
    /// An array of `real` or `double precision`.
    FloatArray,
    /// Types made of floats, such as `point`: their text follows a setting.
    Geometric,
    /// `timestamptz`: its text follows the time zone.
    Timestamptz,
    /// `bytea`: its text follows a setting.
    Bytea,
    /// `interval`: its text follows a setting.
    Interval,
    /// `money`: its text follows the locale.
    Money,
    /// `json`: formatting, order and repetition of keys are part of the value.
    Json,
    /// `jsonb`: JSON null and SQL NULL are different values.
    Jsonb,
    /// An array of JSON.
    JsonArray,
    /// A type with a cast to JSON that can't be read back, such as `hstore`.
    TextForm,
    /// `regclass` and its like: their text follows the search path.
    Reference,
    /// A virtual generated column: a trigger does not see its value, so it is not recorded.
    Virtual,
    /// Anything else, such as ranges and composite types: every setting is pinned.
    Other,
}

impl ColumnKind {
    pub(super) const fn pins(self) -> &'static [Pin] {
        match self {
            Self::Plain
            | Self::Numeric
            | Self::Json
            | Self::Jsonb
            | Self::JsonArray
            | Self::Virtual => &[],
            Self::Float | Self::FloatArray | Self::Geometric => &[Pin::Digits],
            Self::Timestamptz => &[Pin::TimeZone],
            Self::Bytea => &[Pin::Bytes],
            Self::Interval => &[Pin::Interval],
            Self::Money => &[Pin::Money],
            Self::Reference => &[Pin::SearchPath, Pin::Quotes],
            Self::TextForm | Self::Other => &Pin::ALL,
        }
    }

    /// Whether two values of it can be of different JSON types with the same text, as `1` and `"1"`.
    pub(super) const fn varies_in_json(self) -> bool {
        matches!(
            self,
            Self::Json | Self::Jsonb | Self::JsonArray | Self::TextForm | Self::Other
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pin {
    Digits,
    TimeZone,
    Bytes,
    Interval,
    Date,
    Money,
    SearchPath,
    Quotes,
}

impl Pin {
    pub(super) const ALL: [Self; 8] = [
        Self::Digits,
        Self::TimeZone,
        Self::Bytes,
        Self::Interval,
        Self::Date,
        Self::Money,
        Self::SearchPath,
        Self::Quotes,
    ];

    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Digits => "extra_float_digits = 1",
            Self::TimeZone => "timezone = 'UTC'",
            Self::Bytes => "bytea_output = 'hex'",
            Self::Interval => "intervalstyle = 'postgres'",
            Self::Date => "datestyle = 'ISO, YMD'",
            Self::Money => "lc_monetary = 'C'",
            Self::SearchPath => "search_path = pg_catalog, pg_temp",
            Self::Quotes => "quote_all_identifiers = off",
        }
    }

    /// The condition that the session has the setting already, for what sessions usually have.
    pub(super) const fn settled(self) -> Option<&'static str> {
        match self {
            Self::Digits => Some(
                "pg_catalog.current_setting('extra_float_digits')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 1",
            ),
            Self::TimeZone => Some(
                "pg_catalog.current_setting('timezone') OPERATOR(pg_catalog.=) ANY (ARRAY['UTC', 'Etc/UTC']::pg_catalog.text[])",
            ),
            Self::Bytes => {
                Some("pg_catalog.current_setting('bytea_output') OPERATOR(pg_catalog.=) 'hex'")
            }
            _ => None,
        }
    }
}

/// A column of an audited table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// The name in the database.
    pub name: String,
    /// How the image carries it.
    pub kind: ColumnKind,
}

/// Everything that the capture function of one table is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSpec {
    /// The table.
    pub name: TableName,
    /// The columns that identify a row, in key order.
    pub key: Vec<String>,
    /// The columns, in the order of the table.
    pub columns: Vec<ColumnSpec>,
    /// Whether the table is the root of partitions.
    #[serde(default)]
    pub partitioned: bool,
    /// What is captured.
    #[serde(default)]
    pub policy: CapturePolicy,
}

/// Why no capture function can be made for a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSpec {
    /// The table has no key.
    #[error("table `{0}` has no key")]
    NoKey(TableName),
    /// A key column is not among the columns.
    #[error("table `{table}` has no column `{column}`, which its key names")]
    UnknownKeyColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// The entity takes other columns for the key than the table does.
    #[error(
        "the entity of `{table}` has the key ({entity}) and the table has ({found}): history and as_of would not find its records; mark the same fields with `#[sea_orm(primary_key)]`"
    )]
    EntityKey {
        /// The table.
        table: TableName,
        /// The key columns of the entity.
        entity: Box<str>,
        /// The key columns of the table.
        found: Box<str>,
    },
    /// The table can't be captured by statement.
    #[error(
        "table `{table}` can't have `capture = \"statement\"`: {reason}; leave the word out to capture row by row"
    )]
    Statement {
        /// The table.
        table: TableName,
        /// Why.
        reason: Box<str>,
    },
    /// The policy does not fit.
    #[error("the capture policy of `{table}` does not fit")]
    Policy {
        /// The table.
        table: TableName,
        /// The rule that does not hold.
        #[source]
        err: InvalidPolicy,
    },
}

impl InvalidSpec {
    pub(crate) fn by_statement(table: &TableName, reason: &str) -> Self {
        Self::Statement {
            table: table.clone(),
            reason: reason.into(),
        }
    }
}

impl TableSpec {
    /// Checks that an entity of the table has the table's key, in any order.
    ///
    /// # Errors
    /// When it has another one: a record would be asked for by a key that nobody captured.
    pub fn check_entity_key<K: AsRef<str>>(&self, key: &[K]) -> Result<(), InvalidSpec> {
        let mut entity: Vec<_> = key.iter().map(AsRef::as_ref).collect();
        let mut found: Vec<_> = self.key.iter().map(String::as_str).collect();
        entity.sort_unstable();
        found.sort_unstable();
        if entity == found {
            return Ok(());
        }
        Err(InvalidSpec::EntityKey {
            table: self.name.clone(),
            entity: entity.join(", ").into(),
            found: found.join(", ").into(),
        })
    }

    /// Checks that a capture function can be made.
    ///
    /// # Errors
    /// When the key is missing or unknown, or the policy does not fit the columns.
    pub fn check(&self) -> Result<(), InvalidSpec> {
        if self.key.is_empty() {
            return Err(InvalidSpec::NoKey(self.name.clone()));
        }
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        if let Some(column) = self.key.iter().find(|name| !columns.contains(name)) {
            let (table, column) = (self.name.clone(), column.clone());
            return Err(InvalidSpec::UnknownKeyColumn { table, column });
        }
        self.policy
            .check(&columns, &self.key)
            .map_err(|err| InvalidSpec::Policy {
                table: self.name.clone(),
                err,
            })?;
        match self.policy.capture {
            CaptureLevel::Row => Ok(()),
            CaptureLevel::Statement => self.check_statement(),
        }
    }

    fn check_statement(&self) -> Result<(), InvalidSpec> {
        let refuse = |reason: &str| InvalidSpec::by_statement(&self.name, reason);
        if self.partitioned {
            return Err(refuse(
                "it is partitioned, and a statement that names a partition would not be captured",
            ));
        }
        let by_row = |column: &&ColumnSpec| {
            matches!(
                column.kind,
                ColumnKind::Json | ColumnKind::JsonArray | ColumnKind::TextForm | ColumnKind::Other
            )
        };
        match self.columns.iter().find(by_row) {
            Some(column) => Err(refuse(&format!(
                "values of the type of column `{}` are captured one by one",
                column.name
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_has_the_key_of_its_table_in_any_order() {
        let spec = TableSpec {
            name: "items".parse().unwrap(),
            key: vec!["tenant_id".into(), "id".into()],
            columns: Vec::new(),
            partitioned: false,
            policy: CapturePolicy::default(),
        };
        assert_eq!(spec.check_entity_key(&["id", "tenant_id"]), Ok(()));
        let err = spec.check_entity_key(&["id"]).unwrap_err().to_string();
        assert!(
            err.contains("(id) and the table has (id, tenant_id)"),
            "{err}"
        );
    }
}
