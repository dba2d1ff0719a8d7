use crate::{
    audited,
    codegen::{InvalidTableName, TableName},
    policy::CapturePolicy,
};

/// What the application says about one of its audited tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredTable {
    /// The table.
    pub name: TableName,
    /// What should be captured of it.
    pub policy: CapturePolicy,
    /// The key columns of the entity; empty where they are not known.
    pub key: Vec<String>,
}

impl DeclaredTable {
    /// Every audited entity that is linked into this program.
    ///
    /// # Errors
    /// When the name of a table does not fit PostgreSQL.
    pub fn linked() -> Result<Vec<Self>, InvalidTableName> {
        let entities = audited::entities().into_iter();
        entities
            .map(|entity| {
                let schema = entity.schema_name().unwrap_or_else(|| "public".to_owned());
                Ok(Self {
                    name: TableName::new(schema, entity.table_name())?,
                    policy: entity.policy(),
                    key: entity
                        .primary_key()
                        .into_iter()
                        .map(str::to_owned)
                        .collect(),
                })
            })
            .collect()
    }
}
