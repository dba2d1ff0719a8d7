//! SeaORM entities of the audit tables, for queries of one's own.

pub mod audit_action;
pub mod audit_change;
pub mod audit_evidence;
pub mod audit_export_job;
pub mod audit_horizon;
pub mod audit_retention_run;
pub mod audit_saved_view;
pub mod audit_transaction;
mod json;
mod json_text;

pub use self::json_text::JsonText;
use crate::actor::{ActorRef, InvalidActorRef};

/// Declares the `Entity` of a table in the schema that this program uses.
macro_rules! audit_table {
    ($table:literal) => {
        /// The table.
        #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
        #[sea_orm(model_ex = ModelEx, active_model_ex = ActiveModelEx)]
        pub struct Entity;

        impl EntityName for Entity {
            fn schema_name(&self) -> Option<&str> {
                Some(crate::schema::current().as_str())
            }

            fn table_name(&self) -> &'static str {
                $table
            }
        }
    };
}
use audit_table;

fn actor(kind: Option<&str>, id: Option<&str>) -> Result<Option<ActorRef>, InvalidActorRef> {
    kind.map(|kind| ActorRef::new(kind.parse()?, id))
        .transpose()
}
