use chrono::Utc;
use sea_orm::ConnectionTrait;
use threadline::{
    AuditContext, Audited, AuditedTransactionExt, CapturePolicy, Op, Snapshot, actor_history,
    as_of, incident,
    retention::{RetentionPolicy, purge},
    transaction_summaries, transactions,
};

use super::seed::{SECRET, actor, note, seeded, seven};
use crate::support::TestDb;

mod notes {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub organisation_id: Option<i32>,
        pub body: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use notes::Entity as Note;

// By hand: the derive would list it for `install_triggers`, which other tests call.
impl Audited for Note {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}

#[tokio::test]
async fn a_transaction_is_there_through_its_changes_in_scope() {
    let seed = seeded().await;
    let db = &seed.test.db;
    for gone in [seed.foreign, seed.moved_out, seed.bare, 999_999] {
        assert_eq!(
            incident(gone).in_scope(&seven()).fetch(db).await.unwrap(),
            None
        );
    }
    let own = incident(seed.own)
        .in_scope(&seven())
        .fetch(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(own.changes.len(), 2);
    assert!(own.transaction.meta.is_some());
    assert_eq!(own.actions[0].reason.as_deref(), Some("in order"));
    let shared = incident(seed.shared)
        .in_scope(&seven())
        .fetch(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(shared.changes.len(), 1);
    assert_eq!(shared.transaction.request_id.as_deref(), Some("r-1"));
    assert_eq!(shared.actions[0].name, "note.kept");
    let text = serde_json::to_string(&shared).unwrap();
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn lists_of_transactions_and_their_counts_know_only_what_is_in_scope() {
    let seed = seeded().await;
    let db = &seed.test.db;
    let own = async |query: threadline::Transactions| {
        let query = query.in_scope(&seven());
        let mut found = Vec::new();
        for size in [1, 2, 100] {
            found.clear();
            let mut page = query.clone().page_size(size).fetch(db).await.unwrap();
            loop {
                let text = serde_json::to_string(&page).unwrap();
                assert!(!text.contains(SECRET), "{text}");
                found.extend(page.entries.iter().map(|transaction| transaction.id));
                let Some(next) = page.next else { break };
                page = query
                    .clone()
                    .page_size(size)
                    .after(next)
                    .fetch(db)
                    .await
                    .unwrap();
            }
        }
        found
    };
    let expected = [seed.moved_out - 1, seed.moved_in, seed.shared, seed.own];
    assert_eq!(own(actor_history(actor())).await, expected);
    assert_eq!(own(transactions().request_id("r-1")).await, expected);
    assert_eq!(own(transactions().correlation_id("c-1")).await, expected);

    let ids = [seed.foreign, seed.shared, seed.bare, seed.own];
    let summaries = transaction_summaries(ids)
        .in_scope(&seven())
        .samples(5)
        .fetch(db)
        .await
        .unwrap();
    let text = serde_json::to_string(&summaries).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    let [shared, own] = &summaries[..] else {
        panic!("{summaries:?}")
    };
    assert_eq!(
        (shared.transaction.id, shared.changes.value),
        (seed.shared, 1)
    );
    assert_eq!(
        (
            shared.tables.len(),
            shared.tables[0].updates,
            shared.tables[0].inserts
        ),
        (1, 1, 0)
    );
    assert_eq!(
        (own.transaction.id, own.changes.value, own.tables.len()),
        (seed.own, 2, 2)
    );
    assert_eq!(own.actions[0].comment.as_deref(), Some("in order"));
    assert_eq!((shared.samples.len(), own.samples.len()), (1, 2));
    let moved = transaction_summaries([seed.moved_in])
        .in_scope(&seven())
        .samples(5);
    let moved = moved.fetch(db).await.unwrap();
    assert_eq!(moved[0].samples[0].changed_from, None);
}

#[tokio::test]
async fn a_record_that_moved_shows_the_changes_for_which_the_condition_holds() {
    let seed = seeded().await;
    let db = &seed.test.db;
    let history = async |id: i64| {
        let page = note(id)
            .in_scope(&seven())
            .history()
            .fetch(db)
            .await
            .unwrap();
        let text = serde_json::to_string(&page).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        page.entries
            .iter()
            .map(|change| change.op)
            .collect::<Vec<_>>()
    };
    let moments = async |id: i64| {
        let record = note(id).in_scope(&seven());
        let moments = record.fetch_moments(Utc::now(), 10, db).await.unwrap();
        assert!(moments.later.is_empty() && !moments.more_earlier);
        let ops = moments.earlier.iter().map(|moment| moment.op);
        assert_eq!(ops.collect::<Vec<_>>(), history(id).await);
    };
    for id in 1..=5 {
        moments(id).await;
    }
    assert_eq!(history(1).await, [Op::Update, Op::Insert]);
    assert_eq!(history(2).await, []);
    assert_eq!(history(3).await, [Op::Update]);
    assert_eq!(history(4).await, [Op::Insert]);
    assert_eq!(history(5).await, []);
}

#[tokio::test]
async fn at_an_instant_a_record_out_of_scope_is_as_if_nothing_were_known_of_it() {
    let seed = seeded().await;
    let db = &seed.test.db;
    let state = async |id: i64, at| {
        let image = note(id)
            .in_scope(&seven())
            .fetch_image(at, db)
            .await
            .unwrap();
        let text = serde_json::to_string(&image).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        let model = as_of::<Note>(id, at)
            .in_scope(&seven())
            .fetch(db)
            .await
            .unwrap();
        let same = matches!(
            (&image, &model),
            (Snapshot::Present(_), Snapshot::Present(_))
                | (Snapshot::Deleted { .. }, Snapshot::Deleted { .. })
                | (Snapshot::BeforeHorizon, Snapshot::BeforeHorizon)
        );
        assert!(same, "{image:?} {model:?}");
        match image {
            Snapshot::Present(image) => image.row.as_str().to_owned(),
            Snapshot::Deleted { last, .. } => format!("deleted {}", last.row),
            Snapshot::BeforeHorizon => "nothing".to_owned(),
        }
    };
    let now = Utc::now();
    assert_eq!(
        state(1, now).await,
        r#"{"id": 1, "body": "b", "organisation_id": 7}"#
    );
    assert_eq!(state(2, now).await, "nothing");
    assert_eq!(
        state(3, now).await,
        r#"{"id": 3, "body": "given", "organisation_id": 7}"#
    );
    // It was there, and is elsewhere now: the older image says nothing of this instant.
    assert_eq!(state(4, now).await, "nothing");
    let whole = note(4)
        .in_scope(&seven())
        .history()
        .fetch(db)
        .await
        .unwrap();
    let kept = whole.entries[0].captured_at;
    assert_eq!(
        state(4, kept).await,
        r#"{"id": 4, "body": "kept", "organisation_id": 7}"#
    );
    // While it was in the other organisation.
    let came = note(3).history().fetch(db).await.unwrap().entries[1].captured_at;
    assert_eq!(state(3, came).await, "nothing");
}

#[tokio::test]
async fn what_a_purge_took_may_have_been_out_of_scope() {
    let seed = seeded().await;
    let test = &seed.test;
    test.run("DELETE FROM notes WHERE id = 2").await;
    test.age(30).await;
    let shared = async || {
        let shared = incident(seed.shared).in_scope(&seven());
        shared.fetch(&test.db).await.unwrap().unwrap()
    };
    assert_eq!(shared().await.transaction.meta, None);
    purge(&RetentionPolicy::keep_days(10).unwrap())
        .run(&test.db)
        .await
        .unwrap();
    let foreign: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes WHERE table_pk = '{\"id\": 2}'")
        .await;
    assert_eq!(foreign, 0);
    let shared = shared().await;
    assert_eq!(shared.changes.len(), 1);
    let text = serde_json::to_string(&shared).unwrap();
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn what_was_before_a_move_that_the_policy_excepts_is_not_shown() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE notes (id bigint PRIMARY KEY, organisation_id int, body text)")
        .await;
    let policy = CapturePolicy {
        except: vec!["organisation_id".to_owned()],
        ..CapturePolicy::default()
    };
    test.capture("notes", policy).await;
    // Moved here with another change, with a change of its key, and from one note of our own to the next.
    test.run(&format!(
        "INSERT INTO notes VALUES (1, 8, '{SECRET}'), (2, 8, '{SECRET}'), (3, 7, 'ours');
         UPDATE notes SET organisation_id = 7, body = 'given' WHERE id = 1;
         UPDATE notes SET organisation_id = 7, body = 'given', id = 12 WHERE id = 2;
         UPDATE notes SET body = 'still ours', id = 13 WHERE id = 3;
         UPDATE notes SET body = 'again'"
    ))
    .await;
    let query = threadline::timeline().op(Op::Update).in_scope(&seven());
    let page = query.fetch(&test.db).await.unwrap();
    let text = serde_json::to_string(&page).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    let before: Vec<_> = page
        .entries
        .iter()
        .rev()
        .map(|change| change.changed_from.as_ref().map(|from| from.as_str()))
        .collect();
    assert_eq!(
        before,
        [
            None,
            None,
            Some(r#"{"id": 3, "body": "ours"}"#),
            Some(r#"{"body": "given"}"#),
            Some(r#"{"body": "given"}"#),
            Some(r#"{"body": "still ours"}"#),
        ]
    );
}

#[tokio::test]
async fn of_a_transaction_so_many_changes_are_looked_through() {
    let seed = seeded().await;
    let test = &seed.test;
    let id = async |first: i32, last: i32| {
        let txn = test
            .db
            .begin_audited(&AuditContext::for_actor(actor()))
            .await;
        let txn = txn.unwrap();
        let sql = format!(
            "INSERT INTO notes SELECT n, CASE WHEN n = {first} OR n = {last} THEN 7 ELSE 8 END, '{SECRET}' FROM generate_series({first}, {last}) n;
             UPDATE notes SET body = 'mine' WHERE id IN ({first}, {last})"
        );
        txn.execute_unprepared(&sql).await.unwrap();
        txn.commit().await.unwrap().unwrap()
    };
    let large = id(100, 10_150).await;
    let at_its_end = async |large: i64| {
        let summary = transaction_summaries([large]).in_scope(&seven()).samples(5);
        let mut summaries = summary.fetch(&test.db).await.unwrap();
        summaries.pop()
    };
    // The first of its changes is among those, the last three are not.
    let summary = at_its_end(large).await.unwrap();
    assert_eq!(
        (
            summary.changes.value,
            summary.changes.capped,
            summary.samples.len()
        ),
        (1, true, 1)
    );
    test.forge(&format!(
        "DELETE FROM threadline.audit_changes WHERE transaction_id = {large} AND id IN (SELECT min(id) FROM threadline.audit_changes WHERE transaction_id = {large})"
    ))
    .await;
    assert_eq!(at_its_end(large).await, None);
    let found = transactions()
        .actor(actor())
        .since(Utc::now() - chrono::TimeDelta::days(1))
        .in_scope(&seven())
        .fetch(&test.db)
        .await
        .unwrap();
    assert!(
        !found
            .entries
            .iter()
            .any(|transaction| transaction.id == large)
    );
    let incident = incident(large).in_scope(&seven());
    assert_eq!(incident.fetch(&test.db).await.unwrap(), None);
}

#[tokio::test]
async fn a_truncate_ends_the_records_in_scope_and_tells_nothing_of_others() {
    let seed = seeded().await;
    let test = &seed.test;
    test.run("TRUNCATE notes").await;
    let db = &test.db;
    let ops = async |id: i64| {
        let page = note(id)
            .in_scope(&seven())
            .history()
            .fetch(db)
            .await
            .unwrap();
        page.entries
            .iter()
            .map(|change| change.op)
            .collect::<Vec<_>>()
    };
    assert_eq!(ops(1).await, [Op::Truncate, Op::Update, Op::Insert]);
    assert_eq!(ops(2).await, []);
    // It ended elsewhere.
    assert_eq!(ops(4).await, [Op::Insert]);
    let now = Utc::now();
    for (id, deleted) in [(1, true), (3, true), (2, false), (4, false)] {
        let image = note(id)
            .in_scope(&seven())
            .fetch_image(now, db)
            .await
            .unwrap();
        assert_eq!(matches!(image, Snapshot::Deleted { .. }), deleted, "{id}");
        assert!(deleted || image == Snapshot::BeforeHorizon, "{id}");
    }
    let marker = threadline::timeline().op(Op::Truncate).in_scope(&seven());
    assert!(marker.fetch(db).await.unwrap().entries.is_empty());
}
