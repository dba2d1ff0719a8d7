//! `posts`, the audited table.

use sea_orm::entity::prelude::*;
use serde::Serialize;
use threadline::Audited;

/// A post.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Audited, Serialize)]
#[sea_orm(table_name = "posts")]
#[audited(exclude(unmapped("search_vector")))]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Whose post it is.
    pub organisation: String,
    /// The headline.
    pub title: String,
    /// The post's part of the address, unique.
    #[sea_orm(unique)]
    pub slug: String,
    /// How to reach the author. The trail shows that it changed, never what it is.
    #[audited(mask)]
    pub author_email: Option<String>,
    /// When readers could see it first.
    pub published_at: Option<DateTimeUtc>,
}

/// A post relates to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
