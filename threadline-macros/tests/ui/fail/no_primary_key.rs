use sea_orm::FromQueryResult;
use threadline::Audited;

#[derive(Clone, Debug, FromQueryResult, Audited)]
#[sea_orm(table_name = "posts")]
pub struct Model {
    pub id: i32,
}

fn main() {}
