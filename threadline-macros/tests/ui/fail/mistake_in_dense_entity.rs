use sea_orm::entity::prelude::*;
use threadline::Audited;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
#[sea_orm(table_name = "posts")]
#[audited(mask("titel"))]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub title: String,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
