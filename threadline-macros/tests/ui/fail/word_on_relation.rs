use sea_orm::entity::prelude::*;
use threadline::Audited;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
#[sea_orm(table_name = "posts")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub title: String,
    #[sea_orm(has_many)]
    #[audited(exclude)]
    pub replies: HasMany<reply::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

mod reply {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "replies")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub post_id: i32,
        #[sea_orm(belongs_to, from = "post_id", to = "id")]
        pub post: BelongsTo<super::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
