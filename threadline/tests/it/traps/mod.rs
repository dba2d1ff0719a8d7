//! What goes wrong with capture by triggers elsewhere, each trap with its test.

mod by_statement;
mod context;
mod keys;
mod late;
mod late_insert_delete;
mod statements;
mod transactions;
mod triggers;
mod truncate;
mod types;
mod values;
mod wide;

/// The records of a table `t`. Without the derive: the registry of this binary is for tables that every test has.
mod record {
    use sea_orm::entity::prelude::*;
    use threadline::{Audited, CapturePolicy};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "t")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub v: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Audited for Entity {
        fn policy() -> CapturePolicy {
            CapturePolicy::default()
        }
    }
}
