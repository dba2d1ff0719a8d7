//! The rules for the names of columns, against those that SeaORM itself follows.

use sea_orm::{IdenStatic, Iterable};

use crate::syntax;

/// An entity together with its source.
macro_rules! entity {
    ($module:ident, $(#[$($attr:tt)*])* { $($fields:tt)* }) => {
        mod $module {
            #![allow(non_snake_case)]

            use sea_orm::entity::prelude::*;

            pub(crate) const SOURCE: &str =
                stringify!($(#[$($attr)*])* pub struct Model { $($fields)* });

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            $(#[$($attr)*])*
            pub struct Model { $($fields)* }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

/// An entity with names that are easy to get wrong, under one rule of renaming.
macro_rules! awkward {
    ($module:ident $(, $rename_all:literal)?) => {
        entity! {
            $module,
            #[sea_orm(table_name = "awkward" $(, rename_all = $rename_all)?)]
            {
                #[sea_orm(primary_key)]
                pub id: i32,
                pub user_name: String,
                pub HTTPStatus: i32,
                pub camelCase: i32,
                pub r#type: String,
                pub r#match: Option<String>,
                pub _leading: i32,
                pub trailing_: i32,
                pub double__score: i32,
                pub line2: String,
                pub line_3: String,
                pub x4y_5z: i32,
                pub größe: i32,
                pub self_: i32,
                #[sea_orm(enum_name = "Alias")]
                pub other_name: i32,
                #[sea_orm(enum_name = "AliasTwo", column_name = "Named Twice")]
                pub another_name: i32,
                #[sea_orm(enum_name = "OddVariant")]
                pub _odd: i32,
                #[sea_orm(column_name = "weird Col\"x")]
                pub weird: i32,
                #[sea_orm(column_name = "first")]
                #[sea_orm(nullable, column_name = "second")]
                pub renamed_twice: Option<i32>,
                #[sea_orm(ignore)]
                pub left_out: String,
                #[sea_orm(column_type = "Text", default_value = "x", unique)]
                pub decorated: String,
            }
        }
    };
}

awkward!(unrenamed);
awkward!(pascal, "PascalCase");
awkward!(pascal_alias, "camel_case");
awkward!(camel, "camelCase");
awkward!(mixed, "mixed_case");
awkward!(snake, "snake_case");
awkward!(snek, "snek_case");
awkward!(kebab, "kebab-case");
awkward!(kebab_alias, "kebab_case");
awkward!(screaming, "SCREAMING_SNAKE_CASE");
awkward!(shouty, "shouty_snake_case");
awkward!(shouty_snek, "shouty_snek_case");
awkward!(screaming_kebab, "SCREAMING-KEBAB-CASE");
awkward!(title, "title_case");
awkward!(lower, "lowercase");
awkward!(upper, "UPPERCASE");

#[track_caller]
fn check<C: IdenStatic + Iterable>(source: &str) {
    let model = syn::parse_str(source).expect("the source of an entity");
    let entity = syntax::parse(&model).expect("a correct entity");
    let read: Vec<_> = entity
        .columns
        .iter()
        .map(|column| (column.variant.to_string(), column.name.clone()))
        .collect();
    let seaorm: Vec<_> = C::iter()
        .map(|column| (format!("{column:?}"), column.as_str().to_owned()))
        .collect();
    assert_eq!(read, seaorm);
}

#[test]
fn columns_are_named_as_seaorm_names_them() {
    check::<unrenamed::Column>(unrenamed::SOURCE);
    check::<pascal::Column>(pascal::SOURCE);
    check::<pascal_alias::Column>(pascal_alias::SOURCE);
    check::<camel::Column>(camel::SOURCE);
    check::<mixed::Column>(mixed::SOURCE);
    check::<snake::Column>(snake::SOURCE);
    check::<snek::Column>(snek::SOURCE);
    check::<kebab::Column>(kebab::SOURCE);
    check::<kebab_alias::Column>(kebab_alias::SOURCE);
    check::<screaming::Column>(screaming::SOURCE);
    check::<shouty::Column>(shouty::SOURCE);
    check::<shouty_snek::Column>(shouty_snek::SOURCE);
    check::<screaming_kebab::Column>(screaming_kebab::SOURCE);
    check::<title::Column>(title::SOURCE);
    check::<lower::Column>(lower::SOURCE);
    check::<upper::Column>(upper::SOURCE);
}
