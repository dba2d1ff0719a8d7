//! Why a table is not captured.

use threadline::codegen::{InvalidSpec, InvalidTableName, MAX_IDENT_BYTES, TableName};

use crate::{entity::Place, exit_code};

/// A table that was asked for cannot be captured as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refusal {
    /// `--tables` does not read as names.
    #[error("`--tables` names no table")]
    NoNames,

    /// A name does not read as one.
    #[error("`{text}` is not the name of a table")]
    Name {
        text: String,
        #[source]
        err: InvalidTableName,
    },

    /// The same table under two spellings.
    #[error("`{first}` and `{second}` are the same table")]
    Twice { first: String, second: String },

    /// `--all`, and nothing is declared.
    #[error("no audited entity was found, and threadline.toml has no `[tables]`")]
    NothingAudited,

    /// Several entities of one table.
    #[error("table `{table}` has two entities: {first} and {second}")]
    TwoEntities {
        table: TableName,
        first: Place,
        second: Place,
    },

    /// An entity and threadline.toml both say the policy.
    #[error("the policy of table `{table}` is in two places: {entity} and {config}")]
    TwoPolicies {
        table: TableName,
        entity: Place,
        config: String,
    },

    /// Threadline's own.
    #[error("table `{0}` belongs to the audit schema and cannot be captured itself")]
    OwnTable(TableName),

    /// Neither source nor database knows it.
    #[error("table `{0}` has no entity, and there is no database to ask")]
    Unknown(TableName),

    /// What is installed masks, excludes or requires, and nothing says so any more.
    #[error("table `{0}` was captured under a policy that is declared nowhere now")]
    PolicyGone(TableName),

    /// Without a database, the entity must say the key.
    #[error("the entity of table `{0}` says no key, and there is no database to ask")]
    NoKey(TableName),

    /// PostgreSQL would cut the name.
    #[error(
        "column `{column}` of table `{table}` has {} bytes; PostgreSQL keeps at most \
         {MAX_IDENT_BYTES} of an identifier",
        .column.len()
    )]
    LongColumn { table: TableName, column: String },

    /// The policy does not fit the table.
    #[error("table {subject} cannot be captured")]
    Policy {
        subject: String,
        #[source]
        err: InvalidSpec,
    },

    /// An earlier migration recorded something that cannot be restored.
    #[error(transparent)]
    Spec(InvalidSpec),
}

impl Refusal {
    /// What the process reports to the shell: the project contradicts itself, or the table is refused.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NoNames
            | Self::Name { .. }
            | Self::Twice { .. }
            | Self::TwoEntities { .. }
            | Self::TwoPolicies { .. } => exit_code::USAGE,
            _ => exit_code::REFUSED,
        }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoNames | Self::Name { .. } => {
                "write names like `posts`, `blog.posts` or `\"Quoted\".\"Name\"`, separated by \
                 commas"
            }
            Self::Twice { .. } => "name it once",
            Self::NothingAudited => {
                "derive `Audited` on a `Model`, name other sources with `--source`, or name tables \
                 with `--tables`"
            }
            Self::TwoEntities { .. } => "derive `Audited` on one of them only",
            Self::TwoPolicies { .. } => "remove one of them",
            Self::Unknown(_) => {
                "check the spelling, set DATABASE_URL, or name its entity's source with `--source`"
            }
            Self::PolicyGone(_) => {
                "name its entity's source with `--source`, or write the policy into threadline.toml"
            }
            Self::NoKey(_) => "set DATABASE_URL",
            Self::LongColumn { .. } => "check the name that the column has in the database",
            Self::OwnTable(_) | Self::Policy { .. } | Self::Spec(_) => return None,
        };
        Some(text.to_owned())
    }
}
