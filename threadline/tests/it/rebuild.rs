//! A record comes back whatever its table has beside plain columns.

use chrono::Utc;
use threadline::{Audited, CapturePolicy, Snapshot, as_of};

use crate::support::{TestDb, sql::names};

mod tag {
    use sea_orm::entity::prelude::*;
    use threadline::{Audited, CapturePolicy};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tags")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub code: Option<String>,
        #[sea_orm(column_name = "a_name_of_63_bytes_44444444444444444444444444444444444444444444")]
        pub long: Option<i32>,
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
use tag::Entity as Tag;

/// A table with one record, whose `code` is `c`.
async fn tags(code: &str, more: &str, mask: &[&str]) -> TestDb {
    let test = TestDb::new().await;
    test.run(&format!(
        "CREATE DOMAIN code AS text CHECK (VALUE ~ '^[a-z]$'); CREATE DOMAIN given AS text NOT NULL;
         CREATE TABLE tags (id int PRIMARY KEY, code {code}, a_name_of_63_bytes_44444444444444444444444444444444444444444444 int {more})"
    ))
    .await;
    let policy = CapturePolicy {
        mask: names(mask),
        ..CapturePolicy::default()
    };
    test.capture("tags", policy).await;
    test.run("INSERT INTO tags VALUES (1, 'c', 5)").await;
    test
}

async fn now(test: &TestDb) -> tag::Model {
    match as_of::<Tag>(1, Utc::now()).fetch(&test.db).await.unwrap() {
        Snapshot::Present(tag) => tag,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_column_name_may_fill_63_bytes() {
    let test = tags("text", "", &[]).await;
    assert_eq!(now(&test).await.long, Some(5));
}

#[tokio::test]
async fn a_domain_that_takes_no_null_is_no_obstacle() {
    let test = tags("text", ", given given DEFAULT 'x'", &[]).await;
    assert_eq!(Tag::history(1).all(&test.db).await.unwrap().len(), 1);
    assert_eq!(now(&test).await.code.as_deref(), Some("c"));
}

#[tokio::test]
async fn a_masked_column_that_does_not_take_the_placeholder_has_no_value() {
    for (code, expected) in [
        ("text", Some("[REDACTED]")),
        ("varchar(10)", Some("[REDACTED]")),
        ("varchar(9)", None),
        ("char(1)", None),
        ("code", None),
    ] {
        let test = tags(code, "", &["code"]).await;
        assert_eq!(now(&test).await.code.as_deref(), expected, "{code}");
    }
}

#[tokio::test]
async fn a_null_that_is_masked_is_not_told_from_a_value() {
    let test = tags("text", "", &["code"]).await;
    test.run("UPDATE tags SET code = NULL; INSERT INTO tags VALUES (2, NULL, 6); DELETE FROM tags")
        .await;
    let shown: Vec<String> = test
        .all("SELECT concat_ws(' ', data_after ->> 'code', changed_from ->> 'code') FROM threadline.audit_changes ORDER BY captured_at, id")
        .await;
    let twice = "[REDACTED] [REDACTED]";
    let once = "[REDACTED]";
    assert_eq!(shown, [once, twice, once, once, once]);
}

#[tokio::test]
async fn where_a_domain_wants_the_value_that_was_masked_the_error_says_that_the_image_lacks_it() {
    let test = tags("text", ", given given DEFAULT 'x'", &["given"]).await;
    let err = as_of::<Tag>(1, Utc::now())
        .fetch(&test.db)
        .await
        .unwrap_err();
    assert!(matches!(err, threadline::Error::Rebuild { .. }), "{err:?}");
}
