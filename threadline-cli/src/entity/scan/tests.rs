use super::*;

fn entities(text: &str) -> Result<Vec<Entity>, ScanError> {
    let mut entities = Vec::new();
    read(text, Path::new("src/post.rs"), &mut entities).map(|()| entities)
}

#[test]
fn entities_in_every_form_and_in_modules_inside_a_file_are_found() {
    let found = entities(
        r#"
        mod compact {
            #[derive(Clone, DeriveEntityModel, threadline::Audited)]
            #[sea_orm(table_name = "posts", schema_name = "blog", rename_all = "camelCase")]
            #[audited(exclude("searchVector", unmapped("secret")), context = "require")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                #[audited(mask)]
                pub author_email: String,
                pub search_vector: String,
            }
        }
        mod dense {
            #[sea_orm::model]
            #[cfg_attr(feature = "audit", derive(Audited))]
            #[derive(DeriveEntityModel)]
            #[sea_orm(table_name = "tags")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                #[sea_orm(has_many)]
                pub posts: HasMany<super::post::Entity>,
            }
        }
        mod expanded {
            impl EntityName for Entity {
                fn table_name(&self) -> &'static str { "notes" }
            }
            #[derive(DeriveModel, Audited)]
            pub struct Model { pub id: i32, #[audited(mask)] pub text: String }
            pub enum Column {
                #[sea_orm(column_name = "noteID")] Id,
                #[sea_orm(column_name = "noteText")] Text,
            }
            pub enum PrimaryKey { Id }
        }
        mod plain {
            #[derive(DeriveEntityModel)]
            #[sea_orm(table_name = "secrets")]
            pub struct Model { #[sea_orm(primary_key)] pub id: i32 }
        }
        "#,
    )
    .unwrap();
    insta::assert_debug_snapshot!(found);
}

#[test]
fn every_mistake_in_a_policy_is_reported_with_its_line() {
    let error = entities(
        r#"
        #[derive(DeriveEntityModel, Audited)]
        #[sea_orm(table_name = "posts")]
        #[audited(mask("titel"))]
        struct Model {
            #[sea_orm(primary_key)]
            #[audited(mask)]
            id: i32,
            title: String,
        }
        "#,
    )
    .unwrap_err();
    let mistakes = std::error::Error::source(&error).unwrap().to_string();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn only_files_that_speak_of_audited_entities_have_to_be_understood() {
    assert!(entities("struct {").unwrap().is_empty());
    assert!(
        entities("#[derive(DeriveEntityModel)] struct {")
            .unwrap()
            .is_empty()
    );
    assert!(matches!(
        entities("#[derive(Audited)] struct {"),
        Err(ScanError::Syntax { .. })
    ));
    assert!(matches!(
        entities("#[derive(DeriveModel, Audited)] struct Model { id: i32 }"),
        Err(ScanError::NoTable(place)) if place.to_string() == "src/post.rs:1"
    ));
}
