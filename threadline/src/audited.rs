//! Which entities are audited: the trait [`Audited`] and the registry that its derive fills.

use sea_orm::{EntityTrait, PrimaryKeyTrait, Select};

use crate::{entity::audit_change, policy::CapturePolicy, query};

/// An entity whose table is captured. Implemented by `#[derive(Audited)]` on the `Model`.
///
/// ```
/// mod post {
///     use sea_orm::entity::prelude::*;
///     use threadline::Audited;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
///     #[sea_orm(table_name = "posts")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i32,
///         pub title: String,
///         #[audited(mask)]
///         pub author_email: String,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// use threadline::Audited;
/// assert_eq!(post::Entity::policy().mask, ["author_email"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an audited entity",
    note = "add `#[derive(Audited)]` to the entity's `Model`"
)]
pub trait Audited: EntityTrait {
    /// What is captured of the table.
    fn policy() -> CapturePolicy;

    /// The changes of one record, newest first: an ordinary SeaORM `Select`.
    ///
    /// Takes what [`EntityTrait::find_by_id`] takes. Includes the TRUNCATE markers that ended the
    /// record. A record whose key changed has its earlier history under its earlier key.
    ///
    /// ```no_run
    /// # mod post {
    /// #     use sea_orm::entity::prelude::*;
    /// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, threadline::Audited)]
    /// #     #[sea_orm(table_name = "posts")]
    /// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32 }
    /// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    /// #     pub enum Relation {}
    /// #     impl ActiveModelBehavior for ActiveModel {}
    /// # }
    /// # use post::Entity as Post;
    /// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), sea_orm::DbErr> {
    /// use sea_orm::{EntityTrait, QuerySelect};
    /// use threadline::Audited;
    ///
    /// let changes = Post::history(42).limit(50).all(db).await?;
    /// # Ok(()) }
    /// ```
    fn history<T>(id: T) -> Select<audit_change::Entity>
    where
        T: Into<<Self::PrimaryKey as PrimaryKeyTrait>::ValueType>,
    {
        query::history::<Self>(id.into())
    }
}

/// One audited entity, registered at link time by the derive.
///
/// An entity is listed when its module is linked into the program.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuditedEntity {
    /// The path of the module that holds the entity.
    pub module_path: &'static str,
    schema_name: fn() -> Option<String>,
    table_name: fn() -> &'static str,
    columns: fn() -> Vec<&'static str>,
    primary_key: fn() -> Vec<&'static str>,
    policy: fn() -> CapturePolicy,
}

impl AuditedEntity {
    /// Describes the entity `E`; the derive calls it.
    #[doc(hidden)]
    pub const fn of<E: Audited>(module_path: &'static str) -> Self {
        Self {
            module_path,
            schema_name: || E::default().schema_name().map(str::to_owned),
            table_name: || E::default().table_name(),
            columns: column_names::<E>,
            primary_key: key_names::<E>,
            policy: E::policy,
        }
    }

    /// The schema that the entity names; `None` means the one the connection finds first.
    pub fn schema_name(&self) -> Option<String> {
        (self.schema_name)()
    }

    /// The table's name in the database.
    pub fn table_name(&self) -> &'static str {
        (self.table_name)()
    }

    /// The columns that the model knows, by their names in the database.
    pub fn columns(&self) -> Vec<&'static str> {
        (self.columns)()
    }

    /// The key columns, in the entity's order.
    pub fn primary_key(&self) -> Vec<&'static str> {
        (self.primary_key)()
    }

    /// What is captured of the table.
    pub fn policy(&self) -> CapturePolicy {
        (self.policy)()
    }
}

fn column_names<E: EntityTrait>() -> Vec<&'static str> {
    use sea_orm::{IdenStatic as _, Iterable as _};
    E::Column::iter().map(|column| column.as_str()).collect()
}

fn key_names<E: EntityTrait>() -> Vec<&'static str> {
    use sea_orm::{IdenStatic as _, Iterable as _};
    E::PrimaryKey::iter()
        .map(|column| column.as_str())
        .collect()
}

inventory::collect!(AuditedEntity);

/// Every audited entity that is linked into this program, ordered by table.
pub fn entities() -> Vec<AuditedEntity> {
    let mut all: Vec<_> = inventory::iter::<AuditedEntity>
        .into_iter()
        .copied()
        .collect();
    all.sort_by_key(|entity| {
        (
            entity.schema_name(),
            entity.table_name(),
            entity.module_path,
        )
    });
    all
}
