//! `jobs`, work that outlives its request.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};
use threadline::JobContext;

/// A job that waits, or one that failed; a job that is done is gone.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What to do.
    #[sea_orm(column_type = "JsonBinary")]
    pub arguments: PublishPosts,
    /// Why it failed.
    pub failure: Option<String>,
}

/// The arguments of the only kind of job: publish posts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct PublishPosts {
    /// The posts.
    pub post_ids: Vec<i32>,
    /// The context of the request that asked for it.
    #[serde(flatten)]
    pub context: JobContext,
}

/// A job relates to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
