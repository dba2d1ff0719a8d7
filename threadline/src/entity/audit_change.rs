//! `audit_changes`: one captured change of one row.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{JsonText, audit_table};

audit_table!("audit_changes");

/// What happened to the row.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// The row appeared.
    #[sea_orm(string_value = "insert")]
    Insert,
    /// The row changed.
    #[sea_orm(string_value = "update")]
    Update,
    /// The row disappeared.
    #[sea_orm(string_value = "delete")]
    Delete,
    /// Every row of the table disappeared.
    #[sea_orm(string_value = "truncate")]
    Truncate,
}

impl Op {
    /// The name used in the database, in JSON and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
        }
    }
}

/// One captured change of one row. Ordered by `(captured_at, id)`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// When the change was captured, by the server's clock, in microseconds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub captured_at: DateTimeUtc,
    /// Tells changes of the same instant apart. Counts up, with gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The transaction it belongs to.
    pub transaction_id: i64,
    /// Eight bytes that stand for schema, table and key: an index key, not an identity.
    #[serde(skip)]
    pub row_key: i64,
    /// The schema of the table; of a partition: of its root.
    pub table_schema: String,
    /// The table; of a partition: its root.
    pub table_name: String,
    /// The partition that held the row, as `schema.table`.
    pub partition_name: Option<String>,
    /// What happened.
    pub op: Op,
    /// The key of the row, an object of typed values; `{}` for a TRUNCATE.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub table_pk: JsonText,
    /// The row after the change, for a delete the last row; excluded columns are left out.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub data_after: Option<JsonText>,
    /// The columns that an update changed, in the order of the table.
    pub changed_fields: Option<Vec<String>>,
    /// The previous values of the changed columns.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub changed_from: Option<JsonText>,
    /// The other key, where an update changed the key: the new one on the end of the old record,
    /// the old one on the beginning of the new record.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub linked_pk: Option<JsonText>,
    /// Exact texts of values that `jsonb` can't carry: JSON `null` beside SQL NULL, the formatting
    /// of `json`, the sign of a zero.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub exact: Option<JsonText>,
    /// The transaction.
    #[sea_orm(belongs_to, from = "transaction_id", to = "id")]
    #[serde(skip)]
    pub transaction: HasOne<super::audit_transaction::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
