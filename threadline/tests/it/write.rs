//! The write API: contexts, transactions, actions.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, Set, TransactionTrait};
use serde_json::json;
use threadline::{
    ActionStatus, ActorRef, AuditContext, AuditedTransactionExt, Error, Snapshot, as_of, incident,
    record_action, timeline,
};

use crate::support::{TestDb, rows};

mod post {
    use sea_orm::entity::prelude::*;
    use threadline::Audited;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub title: String,
        #[audited(mask)]
        pub author_email: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use post::Entity as Post;

async fn posts() -> TestDb {
    let test = TestDb::new().await;
    test.run("CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, author_email text)")
        .await;
    threadline::install_triggers(&test.db).await.unwrap();
    test
}

fn new_post(title: &str) -> post::ActiveModel {
    post::ActiveModel {
        title: Set(title.to_owned()),
        ..Default::default()
    }
}

fn alice() -> AuditContext {
    AuditContext::for_actor(ActorRef::user("alice").unwrap())
        .request_id("r-1")
        .correlation_id("c-1")
}

#[tokio::test]
async fn an_audited_transaction_carries_its_context_action_and_handle() {
    let test = posts().await;
    let audited = test
        .db
        .audited_transaction(&alice().meta("tenant", "acme"), async |txn| {
            let post = new_post("Hello").insert(txn).await?;
            record_action("post.created")
                .category("post")
                .details(json!({"n": 1}))
                .insert(txn)
                .await?;
            record_action("post.announced")
                .status(ActionStatus::Error)
                .insert(txn)
                .await?;
            Ok::<_, Error>(post)
        })
        .await
        .unwrap();
    let id = audited.audit_transaction_id.unwrap();
    let bundle = incident(id).fetch(&test.db).await.unwrap().unwrap();
    assert_eq!(
        bundle.transaction.actor().unwrap(),
        Some(ActorRef::user("alice").unwrap())
    );
    assert_eq!(bundle.transaction.request_id.as_deref(), Some("r-1"));
    assert_eq!(
        bundle.transaction.meta.as_ref().unwrap().as_str(),
        r#"{"tenant": "acme"}"#
    );
    let names: Vec<_> = bundle
        .actions
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    assert_eq!(names, ["post.created", "post.announced"]);
    assert_eq!(bundle.actions[0].correlation_id.as_deref(), Some("c-1"));
    assert_eq!(bundle.changes.len(), 1);
    let page = timeline()
        .entity(Post)
        .correlation_id("c-1")
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(page.entries[0].transaction_id, id);
    let at = page.entries[0].captured_at;
    match as_of::<Post>(audited.value.id, at)
        .fetch(&test.db)
        .await
        .unwrap()
    {
        Snapshot::Present(post) => assert_eq!(post.title, "Hello"),
        other => panic!("{other:?}"),
    }
    let before = as_of::<Post>(audited.value.id, at - chrono::Duration::microseconds(1));
    assert_eq!(
        before.fetch(&test.db).await.unwrap(),
        Snapshot::BeforeHorizon
    );
}

#[tokio::test]
async fn an_error_of_the_closure_comes_through_untouched_and_nothing_stays() {
    #[derive(Debug)]
    enum Mine {
        Refused(u8),
        Audit(#[expect(dead_code, reason = "shown by Debug")] Error),
    }
    impl From<Error> for Mine {
        fn from(err: Error) -> Self {
            Self::Audit(err)
        }
    }
    impl From<DbErr> for Mine {
        fn from(err: DbErr) -> Self {
            Self::Audit(err.into())
        }
    }
    let test = posts().await;
    let result = test
        .db
        .audited_transaction(&alice(), async |txn| {
            new_post("Hello").insert(txn).await?;
            record_action("post.created").insert(txn).await?;
            Err::<(), _>(Mine::Refused(7))
        })
        .await;
    assert!(matches!(result, Err(Mine::Refused(7))), "{result:?}");
    assert_eq!(test.transactions().await, 0);
    assert_eq!(
        test.one::<i64>("SELECT count(*) FROM threadline.audit_actions")
            .await,
        0
    );
    assert_eq!(Post::find().all(&test.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_missing_actor_is_refused_before_anything_is_sent() {
    let test = posts().await;
    let context = AuditContext::without_actor().request_id("r");
    let result = test.db.begin_audited(&context).await;
    assert!(matches!(result, Err(Error::MissingActor)));
    let context = context.allow_missing_actor();
    let txn = test.db.begin_audited(&context).await.unwrap();
    new_post("Hello").insert(&txn).await.unwrap();
    let action = record_action("post.created").insert(&txn).await;
    assert!(
        matches!(action, Err(Error::ActionWithoutActor { .. })),
        "{action:?}"
    );
    txn.rollback().await.unwrap();
    let txn = test.db.begin_audited(&context).await.unwrap();
    new_post("Hello").insert(&txn).await.unwrap();
    record_action("post.created")
        .actor(ActorRef::system("cron").unwrap())
        .insert(&txn)
        .await
        .unwrap();
    let id = txn.commit().await.unwrap().unwrap();
    let bundle = incident(id).fetch(&test.db).await.unwrap().unwrap();
    assert_eq!(bundle.transaction.actor().unwrap(), None);
    assert_eq!(
        bundle.actions[0].actor().unwrap(),
        Some(ActorRef::system("cron").unwrap())
    );
    let nobody = timeline().no_actor().fetch(&test.db).await.unwrap();
    assert_eq!(nobody.entries.len(), 1);
}

#[tokio::test]
async fn a_transaction_that_changes_nothing_has_no_handle() {
    let test = posts().await;
    let txn = test.db.begin_audited(&alice()).await.unwrap();
    assert_eq!(Post::find().all(&txn).await.unwrap(), []);
    assert_eq!(txn.commit().await.unwrap(), None);
    assert_eq!(test.transactions().await, 0);
}

#[tokio::test]
async fn an_action_without_a_change_of_data_is_recorded() {
    let test = posts().await;
    let done = test
        .db
        .audited_transaction(&alice(), async |txn| {
            record_action("report.viewed")
                .verb("view")
                .reason("audit")
                .comment("q3")
                .insert(txn)
                .await
        })
        .await
        .unwrap();
    assert_eq!(done.audit_transaction_id, Some(done.value.transaction_id));
    assert_eq!(done.value.comment.as_deref(), Some("q3"));
}

#[tokio::test]
async fn a_nested_context_may_add_but_not_contradict() {
    let test = posts().await;
    let outer = test.db.begin_audited(&alice()).await.unwrap();
    new_post("one").insert(&outer).await.unwrap();
    let inner = outer.begin_audited(&alice().job_id("j-1")).await.unwrap();
    new_post("two").insert(&inner).await.unwrap();
    inner.commit().await.unwrap();
    let bob = AuditContext::for_actor(ActorRef::user("bob").unwrap());
    let refused = outer.begin_audited(&bob).await;
    assert!(
        matches!(refused, Err(Error::ContextConflict { .. })),
        "{refused:?}"
    );
    drop(refused);
    let id = outer.commit().await.unwrap().unwrap();
    let bundle = incident(id).fetch(&test.db).await.unwrap().unwrap();
    assert_eq!(bundle.transaction.job_id.as_deref(), Some("j-1"));
    assert_eq!(bundle.changes.len(), 2);
}

#[tokio::test]
async fn a_nested_context_can_not_take_over_before_the_first_change() {
    let test = posts().await;
    let outer = test.db.begin_audited(&alice()).await.unwrap();
    let bob = AuditContext::for_actor(ActorRef::user("bob").unwrap());
    let refused = outer.begin_audited(&bob).await;
    assert!(
        matches!(refused, Err(Error::ContextConflict { .. })),
        "{refused:?}"
    );
    drop(refused);
    new_post("one").insert(&outer).await.unwrap();
    let id = outer.commit().await.unwrap().unwrap();
    let bundle = incident(id).fetch(&test.db).await.unwrap().unwrap();
    assert_eq!(
        bundle.transaction.actor().unwrap(),
        Some(ActorRef::user("alice").unwrap())
    );
}

#[tokio::test]
async fn a_context_that_comes_after_the_first_change_completes_the_transaction() {
    let test = posts().await;
    let plain = test.db.begin().await.unwrap();
    new_post("one").insert(&plain).await.unwrap();
    let audited = plain.begin_audited(&alice()).await.unwrap();
    new_post("two").insert(&audited).await.unwrap();
    let id = audited.commit().await.unwrap().unwrap();
    plain.commit().await.unwrap();
    let bundle = incident(id).fetch(&test.db).await.unwrap().unwrap();
    assert_eq!(
        bundle.transaction.actor().unwrap(),
        Some(ActorRef::user("alice").unwrap())
    );
    assert_eq!(bundle.changes.len(), 2);
}

#[tokio::test]
async fn every_statement_of_an_audited_connection_is_an_audited_transaction() {
    let test = posts().await;
    let context = alice();
    let db = test.db.audited_for(&context);
    let post = new_post("one").insert(&db).await.unwrap();
    db.execute_unprepared("UPDATE posts SET title = 'two'")
        .await
        .unwrap();
    let txn = db.begin().await.unwrap();
    new_post("three").insert(&txn).await.unwrap();
    txn.commit().await.unwrap();
    post::Entity::delete_by_id(post.id).exec(&db).await.unwrap();
    assert_eq!(test.transactions().await, 4);
    let page = timeline()
        .actor(ActorRef::user("alice").unwrap())
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(page.entries.len(), 4);
    let failed = db
        .execute_unprepared("INSERT INTO posts VALUES (1, NULL)")
        .await;
    assert!(failed.is_err());
    let without = AuditContext::without_actor();
    let refused = test
        .db
        .audited_for(&without)
        .execute_unprepared("DELETE FROM posts")
        .await;
    assert!(refused.is_err());
    assert_eq!(Post::find().all(&test.db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dropped_transaction_leaves_no_context_on_the_pooled_connection() {
    let test = posts().await;
    let one = test.pool(1).await;
    let txn = one.begin_audited(&alice()).await.unwrap();
    new_post("gone").insert(&txn).await.unwrap();
    drop(txn);
    new_post("plain").insert(&one).await.unwrap();
    let actors = rows(&one, "SELECT actor_id FROM threadline.audit_transactions").await;
    let actors: Vec<Option<String>> = actors
        .iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect();
    assert_eq!(actors, [None]);
}

#[tokio::test]
async fn without_the_audit_schema_the_error_says_what_to_do() {
    let test = TestDb::new().await;
    test.run("DROP SCHEMA threadline CASCADE").await;
    let err = test.db.begin_audited(&alice()).await.unwrap_err();
    assert!(matches!(err, Error::NotInstalled { .. }), "{err:?}");
    assert!(
        err.to_string().contains("cargo threadline install"),
        "{err}"
    );
    let err = timeline().fetch(&test.db).await.unwrap_err();
    assert!(matches!(err, Error::NotInstalled { .. }), "{err:?}");
}

#[tokio::test]
async fn a_spawned_task_can_run_an_audited_transaction() {
    let test = posts().await;
    let db = test.db.clone();
    let title = String::from("spawned");
    let done = tokio::spawn(async move {
        db.audited_transaction(&alice(), async |txn| new_post(&title).insert(txn).await)
            .await
    });
    assert_eq!(done.await.unwrap().unwrap().value.title, "spawned");
}

#[tokio::test]
async fn a_role_without_the_grant_is_told_which_one_it_needs() {
    let test = posts().await;
    let role = format!("app_{}", uuid::Uuid::new_v4().simple());
    test.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON posts, posts_id_seq TO {role}"
    ))
    .await;
    let db = test.pool_as(&role, 1).await;
    let err = db.begin_audited(&alice()).await.unwrap_err();
    assert!(matches!(err, Error::NotPermitted { .. }), "{err:?}");
    assert!(
        err.to_string().contains("GRANT threadline_writer TO"),
        "{err}"
    );
    test.run(&format!("GRANT threadline_reader TO {role}"))
        .await;
    let err = db.begin_audited(&alice()).await.unwrap_err();
    assert!(matches!(err, Error::NotPermitted { .. }), "{err:?}");
    test.run(&format!("GRANT threadline_writer TO {role}"))
        .await;
    let done = db
        .audited_transaction(&alice(), async |txn| new_post("granted").insert(txn).await)
        .await;
    assert_eq!(done.unwrap().value.title, "granted");
}

#[tokio::test]
async fn instances_that_start_at_the_same_time_install_one_after_the_other() {
    let test = TestDb::new().await;
    test.run("DROP SCHEMA threadline CASCADE; CREATE TABLE posts (id serial PRIMARY KEY, title text, author_email text)")
        .await;
    let starts = (0..4).map(|_| {
        let db = test.db.clone();
        tokio::spawn(async move {
            threadline::install(&db).await.unwrap();
            threadline::install_triggers(&db).await.unwrap();
        })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap();
    }
    test.run("INSERT INTO posts (title) VALUES ('x')").await;
    assert_eq!(test.changes().await, [r#"posts insert {"id": 1}"#]);
}

#[tokio::test]
async fn an_action_with_a_character_that_can_not_be_stored_is_refused() {
    let test = posts().await;
    let done = test
        .db
        .audited_transaction(&alice(), async |txn| {
            record_action("post.read").comment("a\0b").insert(txn).await
        })
        .await;
    assert!(matches!(done, Err(Error::Refused { .. })), "{done:?}");
}

#[tokio::test]
async fn a_bundle_says_that_it_holds_not_every_action() {
    let test = TestDb::with_tables("CREATE TABLE notes (id int PRIMARY KEY)", &["notes"]).await;
    test.run("INSERT INTO notes SELECT i FROM generate_series(1, 3) i")
        .await;
    let more = async |count: u32, bytes: u32| {
        test.run(&format!(
            "INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type, details)
             SELECT t.id, 'note.counted', 'ok', 'anonymous', to_jsonb(repeat('x', {bytes}))
               FROM threadline.audit_transactions t, generate_series(1, {count})"
        ))
        .await;
    };
    let id: i64 = test
        .one("SELECT id FROM threadline.audit_transactions")
        .await;
    let bundle = async || incident(id).fetch(&test.db).await.unwrap().unwrap();
    let within = async |bytes| {
        let bundle = incident(id).fetch_within(bytes, &test.db).await;
        let bundle = bundle.unwrap().unwrap();
        let shown = (bundle.actions.len(), bundle.actions_has_more);
        (shown, (bundle.changes.len(), bundle.has_more))
    };
    more(10, 100_000).await;
    assert_eq!(within(8_000_000).await, ((10, false), (3, false)));
    // Actions have half; what they leave is for changes.
    assert_eq!(within(600_000).await, ((3, true), (3, false)));
    assert_eq!(within(1).await, ((1, true), (1, true)));
    more(9_990, 1).await;
    let whole = bundle().await;
    assert_eq!(
        (whole.actions.len(), whole.actions_has_more),
        (10_000, false)
    );
    assert_eq!(within(8_000_000).await, ((10_000, false), (3, false)));
    more(1, 1).await;
    let cut = bundle().await;
    assert_eq!((cut.actions.len(), cut.actions_has_more), (10_000, true));
    assert_eq!(within(8_000_000).await, ((10_000, true), (3, false)));
}
