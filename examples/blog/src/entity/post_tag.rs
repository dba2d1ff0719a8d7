//! `post_tags`, with a key of two columns.

use sea_orm::entity::prelude::*;
use serde::Serialize;
use threadline::Audited;

/// A tag of a post.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Audited, Serialize)]
#[sea_orm(table_name = "post_tags")]
pub struct Model {
    /// The post.
    #[sea_orm(primary_key, auto_increment = false)]
    pub post_id: i32,
    /// The tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    /// Whose it is; the same as the post's.
    pub organisation: String,
}

/// A tag is never asked for its post.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
