//! The reader on source text, as the command line uses it.

use crate::syntax::{
    self, CaptureLevel, ColumnRef, ContextMode, EntityForm, EntitySyntax, TruncateMode,
};

#[track_caller]
fn read(source: &str) -> EntitySyntax {
    syntax::parse(&syn::parse_str(source).expect("Rust")).expect("a correct entity")
}

#[track_caller]
fn mistakes(source: &str) -> Vec<String> {
    let model = syn::parse_str(source).expect("Rust");
    let error = syntax::parse(&model).expect_err("a mistake");
    error.into_iter().map(|error| error.to_string()).collect()
}

fn names(columns: &[ColumnRef]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}

#[test]
fn a_dense_model_is_read_without_its_relations() {
    let author = read(
        r#"
        #[sea_orm::model]
        #[derive(Clone, Debug, DeriveEntityModel, Audited)]
        #[sea_orm(table_name = "authors", schema_name = "library", model_attrs(derive(Eq)))]
        #[audited(exclude(unmapped("tsv")), context = "require", truncate = "rows", capture = "statement")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            #[audited(mask)]
            pub email: String,
            #[sea_orm(has_many)]
            pub books: HasMany<super::book::Entity>,
            #[sea_orm(belongs_to, from = "a", to = "b")]
            pub house: BelongsTo<Option<super::house::Entity>>,
            #[sea_orm(has_one)]
            pub desk: sea_orm::entity::prelude::HasOne<super::desk::Entity>,
        }
        "#,
    );
    assert_eq!(author.form, EntityForm::Derived);
    assert_eq!(author.table_name.as_deref(), Some("authors"));
    assert_eq!(author.schema_name.as_deref(), Some("library"));
    let columns: Vec<_> = author
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.is_key))
        .collect();
    assert_eq!(columns, [("id", true), ("email", false)]);
    assert_eq!(names(&author.mask), ["email"]);
    assert_eq!(names(&author.exclude), ["tsv"]);
    assert!(author.store_changed_from);
    assert_eq!(author.context, ContextMode::Require);
    assert_eq!(author.truncate, TruncateMode::Rows);
    assert_eq!(author.capture, CaptureLevel::Statement);
}

#[test]
fn an_expanded_entity_tells_neither_table_nor_key() {
    let customer =
        read("pub struct Model { pub id: i32, #[audited(mask)] pub tax_number: String }");
    assert_eq!(customer.form, EntityForm::Expanded);
    assert_eq!(customer.table_name, None);
    assert_eq!(names(&customer.mask), ["tax_number"]);
}

#[test]
fn attributes_under_a_condition_are_taken_as_holding() {
    let account = read(
        r#"
        #[cfg_attr(feature = "db", derive(DeriveEntityModel), sea_orm(table_name = "accounts"))]
        #[cfg_attr(feature = "db", cfg_attr(feature = "audit", audited(mask("email"))))]
        pub struct Model {
            #[cfg_attr(feature = "db", sea_orm(primary_key))]
            pub id: i32,
            pub email: String,
            #[cfg(unix)]
            #[audited(exclude)]
            pub secret: i32,
            #[cfg(not(unix))]
            #[audited(exclude)]
            pub secret: i64,
        }
        "#,
    );
    assert_eq!(account.table_name.as_deref(), Some("accounts"));
    assert_eq!(names(&account.mask), ["email"]);
    assert_eq!(names(&account.exclude), ["secret"]);
}

#[test]
fn all_mistakes_are_reported_together() {
    let mistakes = mistakes(
        r#"
        #[sea_orm(table_name = "posts")]
        #[audited(masks("a"), mask("titel", "id"), context = "must", exclude())]
        #[audited]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            #[audited(exclude, hide)]
            pub title: String,
        }
        "#,
    );
    assert_eq!(
        mistakes,
        [
            "unknown word `masks`, expected `exclude`, `mask`, `except`, `store_changed_from`, \
             `primary_key`, `context`, `truncate` or `capture`",
            "`context` is `\"allow\"`, `\"warn\"` or `\"require\"`",
            "`exclude` needs at least one column",
            "`audited` needs a word in brackets: `exclude`, `mask`, `except`, \
             `store_changed_from`, `primary_key`, `context`, `truncate` or `capture`",
            "unknown word `hide`, expected `exclude`, `mask` or `except`",
            "no field of the model has the column `titel`; did you mean `title`?",
            "key column `id` can be neither masked nor excluded",
        ]
    );
}

#[test]
fn the_name_of_a_renamed_field_leads_to_its_column() {
    let mistakes = mistakes(
        r#"
        #[sea_orm(table_name = "posts")]
        #[audited(mask("secret"))]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            #[sea_orm(column_name = "pw_hash")]
            pub secret: String,
        }
        "#,
    );
    assert_eq!(
        mistakes,
        ["no field of the model has the column `secret`; did you mean `pw_hash`?"]
    );
}

#[test]
fn a_slip_of_the_pen_is_met_with_the_column_that_was_meant() {
    for (written, meant) in [
        ("titel", Some("title")),
        ("Title", Some("title")),
        ("autor_email", Some("author_email")),
        ("createdAt", Some("created_at")),
        ("i", Some("id")),
        ("password", None),
        ("tsv", None),
    ] {
        let mistakes = mistakes(&format!(
            r#"
            #[sea_orm(table_name = "posts")]
            #[audited(mask("{written}"))]
            pub struct Model {{
                #[sea_orm(primary_key)]
                id: i32,
                title: String,
                author_email: String,
                created_at: String,
            }}
            "#
        ));
        let [mistake] = mistakes.as_slice() else {
            panic!("one mistake: {mistakes:?}")
        };
        let suggestion = mistake.split("did you mean `").nth(1);
        assert_eq!(
            suggestion.and_then(|text| text.strip_suffix("`?")),
            meant,
            "{mistake}"
        );
    }
}

#[test]
fn an_expanded_entity_is_held_to_what_can_be_seen() {
    let fields = "pub struct Model { pub id: i32, pub tax_number: String }";
    for (words, mistake) in [
        (
            r#"mask("id"), primary_key("id")"#,
            "key column `id` can be neither masked nor excluded",
        ),
        (
            r#"mask("VAT-No")"#,
            "no field of the model has the column `VAT-No`; if the table has it and the model \
             leaves it out, write `unmapped(\"VAT-No\")`; a name given in a hand-written `Column` \
             can't be seen here, write `#[audited(mask)]` on the field",
        ),
        (
            r#"primary_key("CustomerId")"#,
            "no field of the model has the column `CustomerId`",
        ),
    ] {
        assert_eq!(
            mistakes(&format!("#[audited({words})] {fields}")),
            [mistake]
        );
    }
}

#[test]
fn no_source_makes_the_reader_panic() {
    for source in [
        "struct Model;",
        "struct Model();",
        "struct Model {}",
        "enum Model {}",
        "union Model { a: u8 }",
        "#[audited] struct Model { a: u8 }",
        "#[audited = 1] struct Model { a: u8 }",
        "#[audited(1, 2)] struct Model { a: u8 }",
        "#[audited(mask(\"\"), exclude(unmapped(\"\")))] struct Model { a: u8 }",
        "#[audited(mask(unmapped()), exclude(unmapped), except(1))] struct Model { a: u8 }",
        "#[audited(mask::a, context(\"x\"), truncate = 1 + 1)] struct Model { a: u8 }",
        "#[sea_orm(table_name)] #[sea_orm = 1] struct Model { #[sea_orm(enum_name = \"a b\")] _1: u8 }",
        "struct Model { #[audited(mask)] _1: u8, #[audited(mask)] __: u8 }",
        "#[sea_orm(rename_all = \"nonsense\")] struct Model { #[sea_orm(primary_key)] r#type: u8 }",
    ] {
        let model = syn::parse_str(source).expect("Rust");
        let _ = syntax::parse(&model);
        let _ = syntax::check_dense_twin(&model);
    }
}
