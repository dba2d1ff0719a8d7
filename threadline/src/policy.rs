//! What is captured of a table: [`CapturePolicy`] and every rule on it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What stands in a row image in place of a masked value.
pub const MASK_PLACEHOLDER: &str = "[REDACTED]";

/// What a write without context means for an audited table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextMode {
    /// The write is captured without an actor.
    #[default]
    Allow,
    /// As `Allow`, and the database raises a warning.
    Warn,
    /// The write fails.
    Require,
}

/// What a TRUNCATE of an audited table means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruncateMode {
    /// One marker change that ends every row.
    #[default]
    Record,
    /// The TRUNCATE fails.
    Refuse,
    /// The last image of every row is captured, then the marker. Reads the whole table.
    Rows,
}

/// When changes are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureLevel {
    /// Row by row, as each row changes.
    #[default]
    Row,
    /// At the end of each statement, all its rows at once. Cheaper where statements change many
    /// rows, dearer where they change one. Not for every table.
    Statement,
}

impl CaptureLevel {
    fn is_row(&self) -> bool {
        *self == Self::Row
    }
}

/// What is captured of one table. Column names are those of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapturePolicy {
    /// Columns that are not recorded at all.
    pub exclude: Vec<String>,
    /// Columns whose value is replaced by [`MASK_PLACEHOLDER`].
    pub mask: Vec<String>,
    /// Columns that are in the image but neither in the changed fields nor in the previous values.
    pub except: Vec<String>,
    /// Whether previous values are stored. Default: true.
    pub store_changed_from: bool,
    /// The columns that identify a row of a table without primary key.
    pub primary_key: Option<Vec<String>>,
    /// What a write without context means. Default: allow.
    pub context: ContextMode,
    /// What a TRUNCATE means. Default: record.
    pub truncate: TruncateMode,
    /// Whether rows are captured one by one or by statement. Default: row.
    #[serde(skip_serializing_if = "CaptureLevel::is_row")]
    pub capture: CaptureLevel,
}

impl Default for CapturePolicy {
    fn default() -> Self {
        Self {
            exclude: Vec::new(),
            mask: Vec::new(),
            except: Vec::new(),
            store_changed_from: true,
            primary_key: None,
            context: ContextMode::Allow,
            truncate: TruncateMode::Record,
            capture: CaptureLevel::Row,
        }
    }
}

/// Why a policy does not fit itself or its table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// A column is masked and excluded.
    #[error("column `{0}` is both masked and excluded; choose one")]
    MaskedAndExcluded(String),
    /// A column stands twice in one list.
    #[error("column `{column}` is listed twice in `{list}`")]
    Duplicate {
        /// The list.
        list: &'static str,
        /// The column.
        column: String,
    },
    /// A key column is redacted, so that the row could not be found again.
    #[error("key column `{0}` can be neither masked nor excluded")]
    RedactedKey(String),
    /// A column is not in the table.
    #[error("`{list}` names column `{column}`, which the table does not have")]
    UnknownColumn {
        /// The list.
        list: &'static str,
        /// The column.
        column: String,
    },
    /// A primary-key override without columns.
    #[error("`primary_key` needs at least one column")]
    EmptyKey,
}

impl CapturePolicy {
    /// The named lists of columns.
    fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("exclude", &self.exclude),
            ("mask", &self.mask),
            ("except", &self.except),
            (
                "primary_key",
                self.primary_key.as_deref().unwrap_or_default(),
            ),
        ]
    }

    /// Checks the policy against the columns of its table and the key that identifies a row.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self, columns: &[String], key: &[String]) -> Result<(), InvalidPolicy> {
        self.check_alone()?;
        for (list, names) in self.lists() {
            if let Some(column) = names.iter().find(|name| !columns.contains(name)) {
                return Err(InvalidPolicy::UnknownColumn {
                    list,
                    column: column.clone(),
                });
            }
        }
        match key
            .iter()
            .find(|name| self.exclude.contains(name) || self.mask.contains(name))
        {
            Some(column) => Err(InvalidPolicy::RedactedKey(column.clone())),
            None => Ok(()),
        }
    }

    /// Checks what can be checked without knowing the table.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check_alone(&self) -> Result<(), InvalidPolicy> {
        for (list, names) in self.lists() {
            let mut seen = BTreeSet::new();
            if let Some(column) = names.iter().find(|name| !seen.insert(name.as_str())) {
                return Err(InvalidPolicy::Duplicate {
                    list,
                    column: column.clone(),
                });
            }
        }
        if self.primary_key.as_ref().is_some_and(Vec::is_empty) {
            return Err(InvalidPolicy::EmptyKey);
        }
        if let Some(column) = self.mask.iter().find(|name| self.exclude.contains(name)) {
            return Err(InvalidPolicy::MaskedAndExcluded(column.clone()));
        }
        let key = self.primary_key.as_deref().unwrap_or_default();
        match key
            .iter()
            .find(|name| self.exclude.contains(name) || self.mask.contains(name))
        {
            Some(column) => Err(InvalidPolicy::RedactedKey(column.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[track_caller]
    fn check(policy: CapturePolicy, expected: Result<(), InvalidPolicy>) {
        assert_eq!(
            policy.check(&names(&["id", "title", "email"]), &names(&["id"])),
            expected
        );
    }

    #[test]
    fn every_rule_is_checked() {
        use InvalidPolicy as E;
        let base = CapturePolicy::default;
        check(base(), Ok(()));
        check(
            CapturePolicy {
                mask: names(&["email"]),
                exclude: names(&["title"]),
                ..base()
            },
            Ok(()),
        );
        check(
            CapturePolicy {
                mask: names(&["email"]),
                exclude: names(&["email"]),
                ..base()
            },
            Err(E::MaskedAndExcluded("email".into())),
        );
        check(
            CapturePolicy {
                mask: names(&["email", "email"]),
                ..base()
            },
            Err(E::Duplicate {
                list: "mask",
                column: "email".into(),
            }),
        );
        check(
            CapturePolicy {
                mask: names(&["id"]),
                ..base()
            },
            Err(E::RedactedKey("id".into())),
        );
        check(
            CapturePolicy {
                exclude: names(&["emial"]),
                ..base()
            },
            Err(E::UnknownColumn {
                list: "exclude",
                column: "emial".into(),
            }),
        );
        check(
            CapturePolicy {
                primary_key: Some(vec![]),
                ..base()
            },
            Err(E::EmptyKey),
        );
        check(
            CapturePolicy {
                primary_key: Some(names(&["email"])),
                mask: names(&["email"]),
                ..base()
            },
            Err(E::RedactedKey("email".into())),
        );
    }

    #[test]
    fn an_unknown_word_in_json_is_refused() {
        assert!(serde_json::from_str::<CapturePolicy>(r#"{"masks": ["email"]}"#).is_err());
        assert!(serde_json::from_str::<CapturePolicy>(r#"{"context": "must"}"#).is_err());
    }
}
