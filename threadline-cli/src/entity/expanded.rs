//! Entities written out by hand: `impl EntityName`, `enum Column`, `enum PrimaryKey`.

use heck::ToSnakeCase;
use syn::{ImplItem, Item, ItemEnum, LitStr, visit::Visit};

use crate::syntax::given_column_name;

/// What the items around a `Model` say about its table.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Expanded {
    pub(super) schema: Option<String>,
    pub(super) table: Option<String>,
    /// Variants of `Column` and the names of their columns.
    pub(super) columns: Vec<(String, String)>,
    pub(super) key: Vec<String>,
}

impl Expanded {
    pub(super) fn read(siblings: &[Item]) -> Self {
        let mut expanded = Self::default();
        let mut key = Vec::new();
        for item in siblings {
            match item {
                Item::Impl(block) if implements(block, "EntityName") => {
                    for item in &block.items {
                        let ImplItem::Fn(function) = item else {
                            continue;
                        };
                        let name = function.sig.ident.to_string();
                        let literal = first_literal(&function.block);
                        match name.as_str() {
                            "table_name" => expanded.table = literal,
                            "schema_name" => expanded.schema = literal,
                            _ => {}
                        }
                    }
                }
                Item::Enum(list) if list.ident == "Column" => expanded.columns = names(list),
                Item::Enum(list) if list.ident == "PrimaryKey" => key = names(list),
                _ => {}
            }
        }
        // A renamed column has its name on `Column`, and the key names the same variant.
        expanded.key = key
            .into_iter()
            .map(|(variant, name)| expanded.column(&variant).map_or(name, str::to_owned))
            .collect();
        expanded
    }

    /// The name of the column of a variant of `Column`.
    pub(super) fn column(&self, variant: &str) -> Option<&str> {
        let column = self.columns.iter().find(|(column, _)| column == variant);
        column.map(|(_, name)| name.as_str())
    }
}

fn implements(block: &syn::ItemImpl, name: &str) -> bool {
    block
        .trait_
        .as_ref()
        .and_then(|(_, path, _)| path.segments.last())
        .is_some_and(|segment| segment.ident == name)
}

fn first_literal(block: &syn::Block) -> Option<String> {
    struct First(Option<String>);
    impl Visit<'_> for First {
        fn visit_lit_str(&mut self, literal: &LitStr) {
            self.0.get_or_insert_with(|| literal.value());
        }
    }
    let mut first = First(None);
    first.visit_block(block);
    first.0
}

fn names(list: &ItemEnum) -> Vec<(String, String)> {
    list.variants
        .iter()
        .map(|variant| {
            let ident = variant.ident.to_string();
            let name = given_column_name(&variant.attrs).unwrap_or_else(|| ident.to_snake_case());
            (ident, name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_written_entity_says_its_table_columns_and_key() {
        let file = syn::parse_file(
            r#"
            impl EntityName for Entity {
                fn schema_name(&self) -> Option<&str> { Some("blog") }
                fn table_name(&self) -> &'static str { "posts" }
            }
            #[derive(DeriveColumn)]
            pub enum Column { #[sea_orm(column_name = "postID")] Id, AuthorEmail }
            #[derive(DerivePrimaryKey)]
            pub enum PrimaryKey { Id }
            "#,
        )
        .unwrap();
        let expected = Expanded {
            schema: Some("blog".to_owned()),
            table: Some("posts".to_owned()),
            columns: [("Id", "postID"), ("AuthorEmail", "author_email")]
                .map(|(variant, name)| (variant.to_owned(), name.to_owned()))
                .to_vec(),
            key: vec!["postID".to_owned()],
        };
        assert_eq!(Expanded::read(&file.items), expected);
    }
}
