//! Audited entities in every form that SeaORM knows.

/// What every entity needs besides its `Model`.
macro_rules! rest {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    };
}

pub(crate) mod plain {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
    #[sea_orm(table_name = "plain")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    rest!();
}

/// Every word, with names that differ from those of the fields.
pub(crate) mod compact {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
    #[sea_orm(
        table_name = "accounts",
        schema_name = "billing",
        rename_all = "camelCase"
    )]
    #[audited(
        exclude("Session Token", unmapped("search_vector", "tsv")),
        mask("emailAddress"),
        except("lastSeen", unmapped("row_version"))
    )]
    #[audited(
        store_changed_from = false,
        primary_key("tenantId", "r"),
        context = "require",
        truncate = "refuse",
        capture = "statement"
    )]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i32,
        #[sea_orm(primary_key, auto_increment = false, column_name = "r")]
        pub region: i32,
        pub email_address: String,
        #[audited(mask, except)]
        pub r#type: String,
        #[sea_orm(column_name = "Session Token", enum_name = "Token")]
        pub session: String,
        #[audited(exclude)]
        #[sea_orm(enum_name = "Secret")]
        pub totp_seed: String,
        pub last_seen: i64,
        #[sea_orm(ignore)]
        pub cached: String,
    }

    rest!();
}

pub(crate) mod dense {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Audited)]
    #[sea_orm(table_name = "authors")]
    #[audited(mask("email"), truncate = "rows", context = "warn")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub email: String,
        #[audited(exclude)]
        pub password: String,
        #[sea_orm(has_many)]
        pub books: HasMany<super::book::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod book {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Audited)]
    #[sea_orm(table_name = "books")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub author_id: i32,
        #[sea_orm(belongs_to, from = "author_id", to = "id")]
        pub author: HasOne<super::dense::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The form of SeaORM 1: everything by hand.
pub(crate) mod expanded {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn schema_name(&self) -> Option<&str> {
            Some("legacy")
        }

        fn table_name(&self) -> &'static str {
            "customers"
        }
    }

    #[derive(Clone, Debug, PartialEq, DeriveModel, DeriveActiveModel, Audited)]
    #[audited(exclude("notes", unmapped("tsv")), primary_key("id"))]
    pub struct Model {
        pub id: i32,
        #[audited(mask)]
        pub tax_number: String,
        pub notes: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        #[sea_orm(column_name = "CustomerId")]
        Id,
        #[sea_orm(column_name = "VAT-No")]
        TaxNumber,
        Notes,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        #[sea_orm(column_name = "CustomerId")]
        Id,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = i32;

        fn auto_increment() -> bool {
            true
        }
    }

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            match self {
                Self::Id => ColumnType::Integer.def(),
                Self::TaxNumber | Self::Notes => ColumnType::Text.def(),
            }
        }
    }

    rest!();
}

/// By hand, with a model of another name.
pub(crate) mod named {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    #[sea_orm(model = Tag, model_ex = Tag)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "tags"
        }
    }

    #[derive(Clone, Debug, PartialEq, DeriveModel, DeriveActiveModel, Audited)]
    #[sea_orm(entity = Entity)]
    pub struct Tag {
        pub id: i32,
        #[audited(except)]
        pub uses: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        Id,
        Uses,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        Id,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = i32;

        fn auto_increment() -> bool {
            true
        }
    }

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            ColumnType::Integer.def()
        }
    }

    rest!();
}

/// As SeaORM 1 wrote it, with the conveniences of SeaORM 2.
pub(crate) mod compact_dense {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[sea_orm::compact_model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
    #[sea_orm(table_name = "compact_dense")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[audited(mask)]
        pub phone: String,
    }

    rest!();
}

/// Names in scope that could be mistaken for those that the derive uses.
pub(crate) mod shadowed {
    #![allow(dead_code)]

    use sea_orm::entity::prelude::*;

    pub struct String;
    pub struct Vec;
    pub mod threadline {}
    pub mod std {
        pub use ::std::*;
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, ::threadline::Audited)]
    #[sea_orm(table_name = "shadowed")]
    #[audited(primary_key("id"), mask(unmapped("secret")))]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    rest!();
}

/// Fields that depend on the build.
pub(crate) mod conditional {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
    #[sea_orm(table_name = "conditional")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[cfg(test)]
        #[cfg_attr(test, audited(mask))]
        pub present: i32,
        #[cfg(not(test))]
        #[audited(exclude)]
        pub absent: i32,
    }

    rest!();
}

/// An entity that another macro writes.
macro_rules! generated {
    ($module:ident, $table:literal, $column:literal, $kind:ty) => {
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;
            use threadline::Audited;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
            #[sea_orm(table_name = $table)]
            #[audited(mask($column), context = "warn")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                #[sea_orm(column_name = $column)]
                pub value: $kind,
            }

            rest!();
        }
    };
}

generated!(generated, "generated", "v", i64);
