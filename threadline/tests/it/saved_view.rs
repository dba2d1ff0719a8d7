//! Views that operators save: whose they are, and who may write them.

use threadline::{
    ActorRef,
    saved_view::{
        MAX_FILTERS_BYTES, MAX_NAME_CHARS, MAX_VIEWS, SavedView, delete_view, may_save_views,
        save_view, saved_views,
    },
};

use crate::support::{
    TestDb, run,
    sql::{forbidden, refused},
};

fn ada() -> ActorRef {
    ActorRef::admin("ada").unwrap()
}

/// The names of the views that an actor reads.
async fn names(actor: &ActorRef, test: &TestDb) -> Vec<String> {
    let views = saved_views(actor).all(&test.db).await.unwrap();
    views.into_iter().map(|view| view.name).collect()
}

async fn save(actor: &ActorRef, name: &str, test: &TestDb) -> SavedView {
    let view = save_view(actor, name).filter("table", "posts");
    view.insert(&test.db).await.unwrap()
}

#[tokio::test]
async fn a_view_comes_back_as_it_was_saved_until_it_is_deleted() {
    let test = TestDb::new().await;
    let filters = [
        ("table", "it's \"posts\""),
        ("since", "7d"),
        ("q", "é\u{202e}"),
    ];
    let saved = save_view(&ada(), "  Deleted posts ")
        .filter("since", "1d")
        .filters(filters)
        .insert(&test.db)
        .await
        .unwrap();
    assert_eq!(saved.name, "Deleted posts");
    assert_eq!(saved.actor().unwrap(), ada());
    let texts = filters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(saved.filter_texts(), texts.into());
    save(&ada(), "All of it", &test).await;
    let found = saved_views(&ada()).all(&test.db).await.unwrap();
    assert_eq!(found[1], saved);
    assert_eq!(names(&ada(), &test).await, ["All of it", "Deleted posts"]);
    assert!(delete_view(&ada(), saved.id, &test.db).await.unwrap());
    assert!(!delete_view(&ada(), saved.id, &test.db).await.unwrap());
    assert_eq!(names(&ada(), &test).await, ["All of it"]);
}

#[tokio::test]
async fn nobody_reads_or_deletes_the_view_of_another() {
    let test = TestDb::new().await;
    let view = save(&ada(), "mine", &test).await;
    for other in [
        ActorRef::user("ada").unwrap(),
        ActorRef::admin("Ada").unwrap(),
        ActorRef::anonymous(),
    ] {
        assert_eq!(names(&other, &test).await, Vec::<String>::new());
        assert!(!delete_view(&other, view.id, &test.db).await.unwrap());
    }
    let other = ActorRef::user("ada").unwrap();
    save(&other, "mine", &test).await;
    assert_eq!(names(&ada(), &test).await, ["mine"]);
    assert_eq!(names(&other, &test).await, ["mine"]);
}

#[tokio::test]
async fn a_name_is_taken_once_and_the_same_view_twice_is_one() {
    let test = TestDb::new().await;
    let first = save(&ada(), "mine", &test).await;
    assert_eq!(save(&ada(), "mine", &test).await, first);
    let other = save_view(&ada(), "mine").filter("table", "users");
    let error = other.insert(&test.db).await.unwrap_err();
    assert_eq!(error.kind(), "name_taken");
    assert!(error.to_string().contains("`mine`"), "{error}");
    let kept = saved_views(&ada()).one(&test.db).await.unwrap();
    assert_eq!(kept, Some(first));
}

#[tokio::test]
async fn the_limits_hold_at_the_border_and_for_two_at_once() {
    let test = TestDb::new().await;
    save(&ada(), &"é".repeat(MAX_NAME_CHARS), &test).await;
    // Many short texts: JSON as PostgreSQL prints it has the most spaces then.
    let many = (0..800).map(|i| (format!("{i:03}"), ""));
    let large = save_view(&ada(), "large").filters(many);
    large.insert(&test.db).await.unwrap();
    let value = "x".repeat(MAX_FILTERS_BYTES);
    let too_large = save_view(&ada(), "too large").filter("q", value);
    let error = too_large.insert(&test.db).await.unwrap_err();
    assert_eq!(error.kind(), "too_large");
    for i in 2..MAX_VIEWS - 1 {
        save(&ada(), &i.to_string(), &test).await;
    }
    let last = |name: &str| save_view(&ada(), name).insert(&test.db);
    let (first, second) = tokio::join!(last("a"), last("b"));
    let failed = [first, second].into_iter().filter_map(Result::err);
    let kinds: Vec<_> = failed.map(|error| error.kind()).collect();
    assert_eq!(kinds, ["too_many"]);
    assert_eq!(names(&ada(), &test).await.len() as u64, MAX_VIEWS);
    // What is there already stays as good as saved, and others are not concerned.
    save(&ada(), "2", &test).await;
    save(&ActorRef::user("ada").unwrap(), "mine", &test).await;
}

#[tokio::test]
async fn the_database_refuses_what_the_library_would_not_send() {
    let test = TestDb::new().await;
    let actor = r#"{"type": "user", "id": "1"}"#;
    let long = "x".repeat(101);
    for (actor, name, filters) in [
        ("null", "'a'", "{}"),
        (r#"{"type": "anonymous"}"#, "'a'", "{}"),
        (r#"{"type": "nobody", "id": "1"}"#, "'a'", "{}"),
        (r#"{"type": "user", "id": ""}"#, "'a'", "{}"),
        (actor, "NULL", "{}"),
        (actor, "''", "{}"),
        (actor, "' a'", "{}"),
        (actor, "E'a\\nb'", "{}"),
        (actor, &format!("'{long}'"), "{}"),
        (actor, "'a'", "[]"),
        (actor, "'a'", "7"),
        (actor, "'a'", r#"{"table": 7}"#),
        (actor, "'a'", r#"{"table": {"a": "b"}}"#),
        (
            actor,
            "'a'",
            &format!(r#"{{"q": "{}"}}"#, "x".repeat(20_000)),
        ),
    ] {
        let sql = format!("SELECT threadline.save_view('{actor}', {name}, '{filters}')");
        let reason = refused(&test.db, &sql).await;
        assert!(reason.starts_with("TL004 threadline: "), "{sql}: {reason}");
    }
    let count: i64 = test
        .one("SELECT count(*) FROM threadline.audit_saved_views")
        .await;
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_writer_saves_by_the_functions_alone_and_a_reader_not_at_all() {
    let test = TestDb::new().await;
    let table = [
        "INSERT INTO threadline.audit_saved_views (actor_type, actor_id, name, filters) VALUES ('user', '1', 'a', '{}')",
        "UPDATE threadline.audit_saved_views SET name = 'b'",
        "DELETE FROM threadline.audit_saved_views",
        "TRUNCATE threadline.audit_saved_views",
    ];
    let (_, writer) = test.login("IN ROLE threadline_writer").await;
    let view = save_view(&ada(), "mine").insert(&writer).await.unwrap();
    assert!(may_save_views(&writer).await.unwrap());
    forbidden(&writer, &table).await;
    let (_, reader) = test.login("IN ROLE threadline_reader").await;
    assert!(!may_save_views(&reader).await.unwrap());
    let found = saved_views(&ada()).all(&reader).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&view));
    forbidden(&reader, &table).await;
    let refused = [
        save_view(&ada(), "other").insert(&reader).await.err(),
        delete_view(&ada(), view.id, &reader).await.err(),
    ];
    for error in refused.map(Option::unwrap) {
        assert_eq!(error.kind(), "read_only");
        let text = error.to_string();
        assert!(text.contains("GRANT threadline_writer TO"), "{text}");
    }
    // So does a writer whose connection takes no writes, such as one to a replica.
    run(&writer, "SET default_transaction_read_only = on").await;
    let error = save_view(&ada(), "other")
        .insert(&writer)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "read_only");
    assert_eq!(names(&ada(), &test).await, ["mine"]);
}

#[tokio::test]
async fn a_character_that_no_text_can_hold_is_refused() {
    let test = TestDb::new().await;
    let view = save_view(&ada(), "mine").filter("q", "a\0b");
    let error = view.insert(&test.db).await.unwrap_err();
    assert_eq!(error.kind(), "refused");
}
