//! Where the audit tables live: one schema, `threadline` unless the application says otherwise.

use std::{fmt, sync::OnceLock};

use crate::codegen::quote_ident;

/// The schema that `install` creates when nothing else is asked for.
pub const DEFAULT_SCHEMA: &str = "threadline";

/// The longest name of the schema, in bytes: the role names append to it and PostgreSQL cuts at 63.
pub const MAX_SCHEMA_BYTES: usize = 48;

static SCHEMA: OnceLock<SchemaName> = OnceLock::new();

/// The checked name of the audit schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaName(String);

/// Why a name can't be the audit schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSchemaName {
    /// The name is empty.
    #[error("the name of the audit schema is empty")]
    Empty,
    /// The name is too long.
    #[error("`{name}` is too long for the audit schema: at most {MAX_SCHEMA_BYTES} bytes")]
    TooLong {
        /// The name.
        name: String,
    },
    /// The name holds a character that is not a lower-case letter, a digit or an underscore.
    #[error(
        "`{name}` can't be the audit schema: use lower-case letters, digits and underscores, and start with a letter"
    )]
    Characters {
        /// The name.
        name: String,
    },
    /// The name belongs to PostgreSQL or to the application's own tables.
    #[error(
        "`{name}` can't be the audit schema: choose one of its own, for example `{DEFAULT_SCHEMA}`"
    )]
    Reserved {
        /// The name.
        name: String,
    },
    /// The program already uses another schema.
    #[error("the audit schema is already `{current}` in this program, it can't become `{name}`")]
    AlreadySet {
        /// The schema in use.
        current: String,
        /// The name that came too late.
        name: String,
    },
}

impl SchemaName {
    /// Checks a name.
    ///
    /// # Errors
    /// When it is empty, too long, reserved, or has other characters than `a-z 0-9 _`.
    pub fn new(name: &str) -> Result<Self, InvalidSchemaName> {
        let owned = || name.to_owned();
        if name.is_empty() {
            return Err(InvalidSchemaName::Empty);
        }
        if name.len() > MAX_SCHEMA_BYTES {
            return Err(InvalidSchemaName::TooLong { name: owned() });
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
            return Err(InvalidSchemaName::Characters { name: owned() });
        }
        if name.starts_with("pg_") || name == "information_schema" || name == "public" {
            return Err(InvalidSchemaName::Reserved { name: owned() });
        }
        Ok(Self(name.to_owned()))
    }

    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in SQL.
    pub fn quoted(&self) -> String {
        quote_ident(&self.0)
    }
}

impl Default for SchemaName {
    fn default() -> Self {
        Self(DEFAULT_SCHEMA.to_owned())
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells this program in which schema the audit tables live. Call it once, before anything else.
///
/// Only needed when they were installed with another `--audit-schema` than `threadline`.
///
/// # Errors
/// When the name is no schema name, or the program already uses another one.
pub fn use_schema(name: &str) -> Result<(), InvalidSchemaName> {
    let name = SchemaName::new(name)?;
    let current = SCHEMA.get_or_init(|| name.clone());
    if *current == name {
        return Ok(());
    }
    Err(InvalidSchemaName::AlreadySet {
        current: current.0.clone(),
        name: name.0,
    })
}

/// The schema of the audit tables.
pub(crate) fn current() -> &'static SchemaName {
    SCHEMA.get_or_init(SchemaName::default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_schema_of_its_own_is_accepted() {
        assert!(SchemaName::new("audit_2").is_ok());
        for name in [
            "",
            "Audit",
            "2audit",
            "a-b",
            "a\"b",
            "pg_audit",
            "public",
            &"x".repeat(49),
        ] {
            assert!(SchemaName::new(name).is_err(), "{name}");
        }
    }
}
