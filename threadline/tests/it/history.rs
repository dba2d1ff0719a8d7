//! The history of one record.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use threadline::{
    AuditChange, Audited, CapturePolicy, Image, Moment, Op, Record, Snapshot, as_of,
    entity::audit_change::Column, record, timeline,
};

use crate::support::TestDb;

mod part {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "parts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub n: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use part::Entity as Part;

// By hand: the derive would list it for `install_triggers`, which other tests call.
impl Audited for Part {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}

async fn ops(test: &TestDb, id: i32) -> Vec<&'static str> {
    let changes = Part::history(id).all(&test.db).await.unwrap();
    changes.iter().map(|change| change.op.as_str()).collect()
}

#[tokio::test]
async fn a_record_ends_with_the_first_truncate_that_met_it() {
    let test = TestDb::with_tables(
        "CREATE TABLE parts (id int PRIMARY KEY, n int NOT NULL)",
        &["parts"],
    )
    .await;
    test.run(
        "TRUNCATE parts; INSERT INTO parts VALUES (1, 0), (2, 0); DELETE FROM parts WHERE id = 2",
    )
    .await;
    let mut instants: Vec<DateTime<Utc>> = Vec::new();
    for _ in 0..3 {
        test.run("TRUNCATE parts").await;
        instants.push(test.one("SELECT clock_timestamp()").await);
    }
    test.run("INSERT INTO parts VALUES (1, 1)").await;
    test.run("TRUNCATE parts").await;
    test.run("TRUNCATE parts").await;
    assert_eq!(
        ops(&test, 1).await,
        ["truncate", "insert", "truncate", "insert"]
    );
    assert_eq!(ops(&test, 2).await, ["delete", "insert"]);
    assert_eq!(ops(&test, 3).await, [""; 0]);
    let end = |snapshot| match snapshot {
        Snapshot::Deleted { at, last } => (at, last),
        other => panic!("{other:?}"),
    };
    let first = end(as_of::<Part>(1, instants[0]).fetch(&test.db).await.unwrap());
    let later = end(as_of::<Part>(1, instants[2]).fetch(&test.db).await.unwrap());
    assert_eq!(first, later);
    assert_eq!(first.1, part::Model { id: 1, n: 0 });
}

#[tokio::test]
async fn a_truncated_partition_ends_its_own_rows_once() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE parts (id int PRIMARY KEY, n int NOT NULL) PARTITION BY RANGE (id);
         CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
         CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20)",
    )
    .await;
    test.capture("parts", CapturePolicy::default()).await;
    test.run("INSERT INTO parts VALUES (1, 0), (11, 0)").await;
    test.run("TRUNCATE parts_high").await;
    test.run("TRUNCATE parts_high").await;
    test.run("TRUNCATE parts").await;
    let recorded = [
        r#"parts insert {"id": 1}"#,
        r#"parts insert {"id": 11}"#,
        "parts truncate {}",
        "parts truncate {}",
        // A TRUNCATE of the root says so of itself and of each partition.
        "parts truncate {}",
        "parts truncate {}",
        "parts truncate {}",
    ];
    assert_eq!(test.changes().await, recorded);
    assert_eq!(ops(&test, 1).await, ["truncate", "insert"]);
    assert_eq!(ops(&test, 11).await, ["truncate", "insert"]);
    let high: Option<String> = Part::history(11)
        .one(&test.db)
        .await
        .unwrap()
        .unwrap()
        .partition_name;
    assert_eq!(high.as_deref(), Some("public.parts_high"));
}

#[tokio::test]
async fn a_history_is_a_select_that_can_be_narrowed_and_paged() {
    let test = TestDb::with_tables(
        "CREATE TABLE parts (id int PRIMARY KEY, n int NOT NULL)",
        &["parts"],
    )
    .await;
    test.run("INSERT INTO parts VALUES (1, 0)").await;
    for n in 1..10 {
        test.run(&format!(
            "UPDATE parts SET n = {n}; INSERT INTO parts VALUES ({n} + 100, 0)"
        ))
        .await;
    }
    let all = Part::history(1).all(&test.db).await.unwrap();
    assert_eq!(all.len(), 10);
    let from: Vec<_> = all
        .iter()
        .filter_map(|change| change.changed_from.as_ref())
        .collect();
    let expected: Vec<_> = (0..9).rev().map(|n| format!("{{\"n\": {n}}}")).collect();
    assert_eq!(
        from.iter().map(|json| json.as_str()).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        Part::history(1).limit(4).all(&test.db).await.unwrap(),
        all[..4]
    );
    assert_eq!(
        Part::history(1)
            .offset(3)
            .limit(4)
            .all(&test.db)
            .await
            .unwrap(),
        all[3..7]
    );
    let older = Part::history(1).filter(Column::CapturedAt.lt(all[5].captured_at));
    assert_eq!(older.all(&test.db).await.unwrap(), all[6..]);
    let inserts = Part::history(1)
        .filter(Column::Op.eq("insert"))
        .one(&test.db)
        .await
        .unwrap();
    assert_eq!(inserts.as_ref(), all.last());
}

fn named(id: i32) -> Record {
    let key = serde_json::from_str(&format!(r#"{{"id": {id}}}"#)).unwrap();
    record("parts".parse().unwrap(), key)
}

#[tokio::test]
async fn a_record_by_its_name_has_the_history_and_the_images_of_its_entity_page_by_page() {
    let test = TestDb::with_tables(
        "CREATE TABLE parts (id int PRIMARY KEY, n int NOT NULL)",
        &["parts"],
    )
    .await;
    let mut instants: Vec<DateTime<Utc>> = vec![test.one("SELECT clock_timestamp()").await];
    for sql in [
        // Several changes of one transaction share their instant or nearly so.
        "BEGIN; INSERT INTO parts VALUES (1, 0), (2, 0); UPDATE parts SET n = 1; UPDATE parts SET n = 2; COMMIT",
        "TRUNCATE parts",
        "INSERT INTO parts VALUES (1, 3)",
        "DELETE FROM parts",
        "TRUNCATE parts",
    ] {
        test.run(sql).await;
        instants.push(test.one("SELECT clock_timestamp()").await);
    }
    for id in [1, 2, 3] {
        let expected = Part::history(id).all(&test.db).await.unwrap();
        assert_eq!(expected.len(), [6, 4, 0][id as usize - 1]);
        for size in [1, 2, 100] {
            let history = || named(id).history().page_size(size);
            let mut page = history().fetch(&test.db).await.unwrap();
            let mut found = page.entries.clone();
            while let Some(next) = page.next.clone() {
                page = history().after(next).fetch(&test.db).await.unwrap();
                assert!(page.entries.len() as u64 <= size);
                found.extend(page.entries.clone());
            }
            assert_eq!(found, expected, "pages of {size} of {id}");
            let mut back: Vec<_> = page.entries.into_iter().rev().collect();
            while let Some(previous) = page.previous {
                page = history().before(previous).fetch(&test.db).await.unwrap();
                back.extend(page.entries.iter().rev().cloned());
            }
            back.reverse();
            assert_eq!(back, expected, "back by pages of {size} of {id}");
        }
        let select = timeline().record(&named(id)).select().unwrap();
        assert_eq!(select.all(&test.db).await.unwrap(), expected);
        let count = named(id).history().count(100, &test.db).await.unwrap();
        assert_eq!(count.value, expected.len() as u64);
        let updates = timeline().record(&named(id)).op(Op::Update);
        let updates = updates.fetch(&test.db).await.unwrap().entries;
        let of_op = |change: &&AuditChange| change.op == Op::Update;
        assert!(updates.iter().eq(expected.iter().filter(of_op)));
        for change in &expected {
            let of_one = timeline()
                .record(&named(id))
                .transaction(change.transaction_id);
            let of_one = of_one.fetch(&test.db).await.unwrap().entries;
            let same = |other: &&AuditChange| other.transaction_id == change.transaction_id;
            assert!(of_one.iter().eq(expected.iter().filter(same)));
            let at = change.captured_at;
            let history = named(id)
                .history()
                .to(at)
                .from(at)
                .fetch(&test.db)
                .await
                .unwrap();
            let then = |other: &&AuditChange| other.captured_at == at;
            assert!(history.entries.iter().eq(expected.iter().filter(then)));
            for number in [1, 2, 100] {
                let moments = named(id).fetch_moments(at, number, &test.db).await.unwrap();
                let ids = |of: &[Moment]| of.iter().map(|moment| moment.id).collect::<Vec<_>>();
                let split = expected
                    .iter()
                    .position(|other| other.captured_at <= at)
                    .unwrap();
                let (later, earlier) = expected.split_at(split);
                let cut = number as usize;
                let shown: Vec<_> = earlier.iter().take(cut).map(|other| other.id).collect();
                assert_eq!(ids(&moments.earlier), shown);
                assert_eq!(moments.more_earlier, earlier.len() > cut);
                let shown: Vec<_> = later.iter().rev().take(cut).map(|other| other.id).collect();
                assert_eq!(ids(&moments.later), shown);
                assert_eq!(moments.more_later, later.len() > cut);
            }
        }
        for at in &instants {
            let image: Snapshot<Image> =
                as_of::<Part>(id, *at).fetch_image(&test.db).await.unwrap();
            let of_name = named(id).fetch_image(*at, &test.db).await.unwrap();
            assert_eq!(of_name, image, "{id} at {at}");
        }
    }
}
