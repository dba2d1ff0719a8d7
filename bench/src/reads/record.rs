//! An entity of the trail, for history and as-of.

use sea_orm::entity::prelude::*;
use threadline::{Audited, CapturePolicy};

/// A row of `table_01`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "table_01")]
pub(super) struct Model {
    #[sea_orm(primary_key)]
    pub(super) id: i64,
    pub(super) author_id: i64,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) status: String,
    pub(super) meta: Json,
    pub(super) counter: i32,
    pub(super) updated_at: DateTimeUtc,
}

/// The table itself has no rows: what is read is the trail.
pub(super) const TABLE: &str = "CREATE TABLE table_01 (id bigint PRIMARY KEY, author_id bigint NOT NULL, title text NOT NULL, \
     body text NOT NULL, status text NOT NULL, price numeric, tags text[], meta jsonb NOT NULL, counter int NOT NULL, \
     updated_at timestamptz NOT NULL)";

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Audited for Entity {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}
