//! `comments`, which go with their post.

use sea_orm::entity::prelude::*;
use serde::Serialize;
use threadline::Audited;

/// A comment on a post.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Audited, Serialize)]
#[sea_orm(table_name = "comments")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The post.
    pub post_id: i32,
    /// Whose it is; the same as the post's.
    pub organisation: String,
    /// Who wrote it.
    pub author: String,
    /// The text.
    pub body: String,
}

/// A comment is never asked for its post.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
