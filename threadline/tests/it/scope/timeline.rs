use sea_orm::{ColumnTrait, sea_query::Expr};
use threadline::{
    ChangeScope, Error, InvalidPageToken, Op, Timeline, entity::audit_change::Column, timeline,
};

use super::seed::{SECRET, Seed, actor, seeded, seven};

const OWN: [&str; 5] = [
    r#"insert {"id": 4}"#,
    r#"update {"id": 3}"#,
    r#"update {"id": 1}"#,
    r#"insert {"person": 1, "organisation_id": 7}"#,
    r#"insert {"id": 1}"#,
];

/// The lines of a timeline in the scope of organisation 7, by pages of every size.
async fn lines(query: Timeline, seed: &Seed) -> Vec<String> {
    let db = &seed.test.db;
    let query = query.in_scope(&seven());
    let mut lines = Vec::new();
    for size in [1, 2, 100] {
        let mut page_query = query.clone().page_size(size);
        lines.clear();
        loop {
            let page = page_query.clone().fetch(db).await.unwrap();
            let text = serde_json::to_string(&page).unwrap();
            assert!(!text.contains(SECRET), "{text}");
            let line = |change: &threadline::AuditChange| {
                format!("{} {}", change.op.as_str(), change.table_pk)
            };
            lines.extend(page.entries.iter().map(line));
            let Some(next) = page.next else { break };
            page_query = page_query.after(next);
        }
        let count = query.count(1_000, db).await.unwrap();
        assert_eq!((count.value, count.capped), (lines.len() as u64, false));
    }
    lines
}

#[tokio::test]
async fn every_way_through_the_trail_finds_what_is_in_scope_and_nothing_else() {
    let seed = seeded().await;
    for query in [
        timeline(),
        timeline().actor(actor()),
        timeline().request_id("r-1"),
        timeline().correlation_id("c-1"),
        timeline().action("note.kept"),
    ] {
        assert_eq!(lines(query.clone(), &seed).await, OWN, "{query:?}");
    }
    assert_eq!(
        lines(timeline().table("notes").op(Op::Update), &seed).await,
        OWN[1..3]
    );
    assert_eq!(
        lines(timeline().transaction(seed.shared), &seed).await,
        [OWN[2]]
    );
    for nothing in [
        timeline().transaction(seed.foreign),
        timeline().transaction(seed.moved_out),
        timeline().op(Op::Delete),
        timeline().no_actor(),
    ] {
        assert_eq!(lines(nothing.clone(), &seed).await, [""; 0], "{nothing:?}");
    }
}

#[tokio::test]
async fn an_update_that_brought_a_row_into_the_scope_does_not_tell_what_it_was_before() {
    let seed = seeded().await;
    let page = timeline()
        .transaction(seed.moved_in)
        .in_scope(&seven())
        .fetch(&seed.test.db)
        .await
        .unwrap();
    let [moved] = &page.entries[..] else {
        panic!("{page:?}")
    };
    assert_eq!(moved.changed_from, None);
    let unscoped = timeline().transaction(seed.moved_in);
    let all = unscoped.fetch(&seed.test.db).await.unwrap();
    assert!(all.entries[0].changed_from.is_some(), "the trail has it");
    // Within the scope, previous values are shown.
    let own = timeline().transaction(seed.shared).in_scope(&seven());
    let own = own.fetch(&seed.test.db).await.unwrap();
    assert_eq!(
        own.entries[0].changed_from.as_ref().unwrap().as_str(),
        r#"{"body": "a"}"#
    );
}

#[tokio::test]
async fn a_changed_key_is_linked_only_to_a_key_in_scope() {
    let seed = seeded().await;
    let test = &seed.test;
    test.run("INSERT INTO members VALUES (7, 2, 'guest'), (7, 3, 'guest')")
        .await;
    test.run("UPDATE members SET organisation_id = 8 WHERE person = 2")
        .await;
    test.run("UPDATE members SET person = 33 WHERE person = 3")
        .await;
    let members = timeline().table("members").in_scope(&seven());
    let page = members.fetch(&test.db).await.unwrap();
    let links: Vec<_> = page
        .entries
        .iter()
        .filter(|change| change.op != Op::Insert)
        .map(|change| {
            let link = change.linked_pk.as_ref().map(|link| link.as_str());
            (change.op, change.table_pk.as_str(), link)
        })
        .collect();
    assert_eq!(
        links,
        [
            (
                Op::Update,
                r#"{"person": 33, "organisation_id": 7}"#,
                Some(r#"{"person": 3, "organisation_id": 7}"#)
            ),
            (
                Op::Delete,
                r#"{"person": 3, "organisation_id": 7}"#,
                Some(r#"{"person": 33, "organisation_id": 7}"#)
            ),
            (Op::Delete, r#"{"person": 2, "organisation_id": 7}"#, None),
        ]
    );
    let eight = ChangeScope::column_is("organisation_id", 8);
    let page = timeline()
        .table("members")
        .in_scope(&eight)
        .fetch(&test.db)
        .await
        .unwrap();
    let [came] = &page.entries[..] else {
        panic!("{page:?}")
    };
    assert_eq!(
        (came.linked_pk.as_ref(), came.changed_from.as_ref()),
        (None, None)
    );
}

#[tokio::test]
async fn a_page_token_of_one_scope_is_refused_in_another() {
    let seed = seeded().await;
    let db = &seed.test.db;
    let query = timeline().page_size(1);
    let token = query
        .clone()
        .in_scope(&seven())
        .fetch(db)
        .await
        .unwrap()
        .next
        .unwrap();
    let eight = ChangeScope::column_is("organisation_id", 8);
    for other in [query.clone(), query.clone().in_scope(&eight)] {
        let refused = other.after(token.clone()).fetch(db).await;
        assert!(
            matches!(
                refused,
                Err(Error::InvalidPageToken(InvalidPageToken::OtherQuery))
            ),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_condition_keeps_to_itself_whatever_its_operators() {
    let seed = seeded().await;
    let db = &seed.test.db;
    let loose = ChangeScope::new(Expr::cust(
        "audit_changes.op = 'delete' OR audit_changes.op = 'insert'",
    ))
    .unwrap();
    let query = timeline().table("members").in_scope(&loose);
    assert_eq!(query.fetch(db).await.unwrap().entries.len(), 1);
    assert_eq!(query.count(10, db).await.unwrap().value, 1);
    assert_eq!(query.select().unwrap().all(db).await.unwrap().len(), 1);
    let both = loose.and(&ChangeScope::new(Column::TableName.eq("notes")).unwrap());
    let notes = timeline().table("members").in_scope(&both);
    assert_eq!(notes.count(10, db).await.unwrap().value, 0);
    let none = timeline().in_scope(&ChangeScope::nothing());
    assert_eq!(none.count(10, db).await.unwrap().value, 0);
    // What is neither true nor false is out of scope.
    let unknown = ChangeScope::new(Expr::cust("NULL::boolean")).unwrap();
    assert_eq!(
        timeline()
            .in_scope(&unknown)
            .count(10, db)
            .await
            .unwrap()
            .value,
        0
    );
}
