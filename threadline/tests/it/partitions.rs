//! Partitions and inheritance: rows are recorded under the root, with the leaf beside it.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use threadline::{Audited, CapturePolicy, Snapshot, as_of, policy::TruncateMode};

use crate::support::{
    TestDb,
    sql::{names, refused},
};

mod event {
    use sea_orm::entity::prelude::*;
    use threadline::{Audited, CapturePolicy};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub region: String,
        pub title: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    // By hand, so that `install_triggers` does not expect the table in the databases of other tests.
    impl Audited for Entity {
        fn policy() -> CapturePolicy {
            CapturePolicy::default()
        }
    }
}
use event::Entity as Event;

const TABLES: &str = "
    CREATE TABLE events (id int, region text, title text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
    CREATE TABLE events_eu PARTITION OF events FOR VALUES IN ('eu');
    CREATE TABLE events_us PARTITION OF events FOR VALUES IN ('us') PARTITION BY RANGE (id);
    CREATE TABLE events_us_1 PARTITION OF events_us FOR VALUES FROM (0) TO (100);
    CREATE TABLE events_us_2 PARTITION OF events_us FOR VALUES FROM (100) TO (200);";

async fn events() -> TestDb {
    TestDb::with_tables(TABLES, &["events"]).await
}

/// What is recorded: table, partition, operation, key.
async fn lines(test: &TestDb) -> Vec<String> {
    test.all(
        "SELECT concat_ws(' ', table_schema || '.' || table_name, coalesce(partition_name, '-'), op, (table_pk ->> 'id') || (table_pk ->> 'region'))
           FROM threadline.audit_changes ORDER BY captured_at, id",
    )
    .await
}

fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(1)
}

/// Whether the trail has the record alive.
async fn alive(test: &TestDb, id: i32, region: &str) -> bool {
    let key = (id, region.to_owned());
    match as_of::<Event>(key, later()).fetch(&test.db).await.unwrap() {
        Snapshot::Present(event) => {
            assert_eq!((event.id, event.region.as_str()), (id, region));
            true
        }
        Snapshot::Deleted { .. } => false,
        Snapshot::BeforeHorizon => panic!("nothing is known of {id}{region}"),
    }
}

/// The operations in a record's history, oldest first.
async fn history(test: &TestDb, id: i32, region: &str) -> Vec<&'static str> {
    let key = (id, region.to_owned());
    let changes = Event::history(key).all(&test.db).await.unwrap();
    changes.iter().rev().map(|c| c.op.as_str()).collect()
}

#[tokio::test]
async fn rows_through_the_root_and_directly_into_leaves_are_recorded_under_the_root() {
    let test = events().await;
    test.run(
        "INSERT INTO events VALUES (1, 'eu', 'a'), (1, 'us', 'b');
         INSERT INTO events_eu VALUES (2, 'eu', 'c');
         INSERT INTO events_us VALUES (150, 'us', 'd');
         CREATE TABLE events_us_3 PARTITION OF events_us FOR VALUES FROM (200) TO (300);
         INSERT INTO events_us_3 VALUES (250, 'us', 'e');
         CREATE TABLE events_asia PARTITION OF events FOR VALUES IN ('asia') PARTITION BY LIST (id);
         CREATE TABLE events_asia_x PARTITION OF events_asia DEFAULT;
         INSERT INTO events VALUES (1, 'asia', 'f');
         UPDATE events_us SET title = 'g' WHERE id = 250;
         DELETE FROM events WHERE id = 1 AND region = 'asia';",
    )
    .await;
    assert_eq!(
        lines(&test).await,
        [
            "public.events public.events_eu insert 1eu",
            "public.events public.events_us_1 insert 1us",
            "public.events public.events_eu insert 2eu",
            "public.events public.events_us_2 insert 150us",
            "public.events public.events_us_3 insert 250us",
            "public.events public.events_asia_x insert 1asia",
            "public.events public.events_us_3 update 250us",
            "public.events public.events_asia_x delete 1asia",
        ]
    );
    assert!(alive(&test, 250, "us").await);
    assert!(!alive(&test, 1, "asia").await);
}

#[tokio::test]
async fn a_row_that_moves_to_another_partition_ends_under_its_old_key_and_begins_under_its_new_one()
{
    let test = events().await;
    test.run("INSERT INTO events VALUES (1, 'us', 'a')").await;
    let before = Utc::now();
    test.run("UPDATE events SET region = 'eu', title = 'b' WHERE id = 1")
        .await;
    assert_eq!(
        lines(&test).await[1..],
        [
            "public.events public.events_us_1 delete 1us",
            "public.events public.events_eu insert 1eu",
        ]
    );
    assert!(!alive(&test, 1, "us").await);
    assert!(alive(&test, 1, "eu").await);
    let old = as_of::<Event>((1, "us".to_owned()), before);
    let old = old.fetch(&test.db).await.unwrap().present().unwrap();
    assert_eq!(old.title.as_deref(), Some("a"));
    let new = as_of::<Event>((1, "eu".to_owned()), before);
    assert_eq!(new.fetch(&test.db).await.unwrap(), Snapshot::BeforeHorizon);
    // What moved away survives the TRUNCATE of where it was, within a sub-partitioned parent too.
    test.run("INSERT INTO events VALUES (2, 'us', 'c'); UPDATE events SET id = 102 WHERE id = 2")
        .await;
    test.run("TRUNCATE events_us_1").await;
    assert!(alive(&test, 1, "eu").await);
    assert!(alive(&test, 102, "us").await);
    assert_eq!(history(&test, 102, "us").await, ["insert"]);
    assert_eq!(history(&test, 2, "us").await, ["insert", "delete"]);
}

#[tokio::test]
async fn a_truncate_of_the_root_ends_every_row_once() {
    let test = events().await;
    test.run("INSERT INTO events VALUES (1, 'eu'), (1, 'us'), (150, 'us')")
        .await;
    test.run("TRUNCATE events").await;
    for (id, region) in [(1, "eu"), (1, "us"), (150, "us")] {
        assert!(!alive(&test, id, region).await, "{id}{region}");
        assert_eq!(history(&test, id, region).await, ["insert", "truncate"]);
    }
    test.run("INSERT INTO events VALUES (1, 'eu'); TRUNCATE events_us; TRUNCATE events_us_1")
        .await;
    assert!(alive(&test, 1, "eu").await);
    assert_eq!(
        history(&test, 1, "eu").await,
        ["insert", "truncate", "insert"]
    );
    assert_eq!(history(&test, 1, "us").await, ["insert", "truncate"]);
}

#[tokio::test]
async fn a_truncate_of_a_leaf_ends_the_rows_of_that_leaf_only() {
    let test = events().await;
    test.run("INSERT INTO events VALUES (1, 'eu'), (1, 'us'), (150, 'us')")
        .await;
    test.run("TRUNCATE events_us_1").await;
    assert_eq!(
        lines(&test).await[3..],
        ["public.events public.events_us_1 truncate"]
    );
    assert!(alive(&test, 1, "eu").await);
    assert!(!alive(&test, 1, "us").await);
    assert!(alive(&test, 150, "us").await);
    assert_eq!(history(&test, 150, "us").await, ["insert"]);
}

#[tokio::test]
async fn a_truncate_of_a_sub_partitioned_parent_ends_the_rows_below_it_only() {
    let test = events().await;
    test.run("INSERT INTO events VALUES (1, 'eu'), (1, 'us'), (150, 'us')")
        .await;
    test.run("TRUNCATE events_us").await;
    assert_eq!(
        lines(&test).await[3..],
        [
            "public.events public.events_us_1 truncate",
            "public.events public.events_us_2 truncate",
        ]
    );
    assert!(alive(&test, 1, "eu").await);
    assert!(!alive(&test, 1, "us").await);
    assert!(!alive(&test, 150, "us").await);
    assert_eq!(history(&test, 150, "us").await, ["insert", "truncate"]);
}

#[tokio::test]
async fn a_truncate_by_rows_captures_the_last_image_of_every_row_of_every_leaf() {
    let test = TestDb::new().await;
    test.run(TABLES).await;
    test.run("CREATE SCHEMA far; CREATE TABLE far.events_asia PARTITION OF events FOR VALUES IN ('asia')")
        .await;
    let policy = CapturePolicy {
        truncate: TruncateMode::Rows,
        mask: names(&["title"]),
        ..CapturePolicy::default()
    };
    test.capture("events", policy).await;
    test.run("INSERT INTO events VALUES (1, 'eu', 'a'), (150, 'us', NULL), (7, 'asia', 'x')")
        .await;
    test.run("TRUNCATE events").await;
    let images: Vec<String> = test
        .all(
            "SELECT concat_ws(' ', partition_name, table_pk, data_after) FROM threadline.audit_changes
              WHERE op = 'delete' ORDER BY partition_name",
        )
        .await;
    assert_eq!(
        images,
        [
            r#"far.events_asia {"id": 7, "region": "asia"} {"id": 7, "title": "[REDACTED]", "region": "asia"}"#,
            r#"public.events_eu {"id": 1, "region": "eu"} {"id": 1, "title": "[REDACTED]", "region": "eu"}"#,
            r#"public.events_us_2 {"id": 150, "region": "us"} {"id": 150, "title": "[REDACTED]", "region": "us"}"#,
        ]
    );
    assert!(!alive(&test, 150, "us").await);
}

#[tokio::test]
async fn a_truncate_that_is_refused_is_refused_for_the_root_and_every_leaf() {
    let test = TestDb::new().await;
    test.run(TABLES).await;
    let policy = CapturePolicy {
        truncate: TruncateMode::Refuse,
        ..CapturePolicy::default()
    };
    test.capture("events", policy).await;
    for table in ["events", "events_eu", "events_us", "events_us_2"] {
        let reason = refused(&test.db, &format!("TRUNCATE {table}")).await;
        assert!(reason.starts_with("TL005 "), "{table}: {reason}");
    }
}

#[tokio::test]
async fn a_detached_partition_is_no_part_of_the_audited_table() {
    let test = events().await;
    test.run("INSERT INTO events VALUES (1, 'eu', 'a'), (1, 'us', 'b')")
        .await;
    let before = lines(&test).await;
    test.run(
        "ALTER TABLE events DETACH PARTITION events_eu;
         INSERT INTO events_eu VALUES (2, 'eu', 'c'); UPDATE events_eu SET title = 'd'; TRUNCATE events_eu;",
    )
    .await;
    assert_eq!(lines(&test).await, before);
    assert!(alive(&test, 1, "us").await);
    // A row of the same key in the partition that took its place lives on its own.
    test.run(
        "CREATE TABLE events_eu_new PARTITION OF events FOR VALUES IN ('eu'); INSERT INTO events VALUES (1, 'eu', 'e');
         INSERT INTO events_eu VALUES (1, 'eu', 'f'); TRUNCATE events_eu;",
    )
    .await;
    assert!(alive(&test, 1, "eu").await);
    // Its trigger is in nobody's way when the capture is generated again, and gone then.
    test.capture("events", CapturePolicy::default()).await;
    let left: i64 = test
        .one("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'events_eu'::regclass AND NOT tgisinternal")
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_attached_partition_is_captured_from_then_on() {
    let test = events().await;
    test.run(
        "CREATE TABLE old_events (title text, region text NOT NULL, id int NOT NULL, PRIMARY KEY (id, region));
         INSERT INTO old_events VALUES ('a', 'asia', 1);
         ALTER TABLE events ATTACH PARTITION old_events FOR VALUES IN ('asia');
         UPDATE old_events SET title = 'b'; INSERT INTO events VALUES (2, 'asia', 'c');",
    )
    .await;
    assert_eq!(
        lines(&test).await,
        [
            "public.events public.old_events update 1asia",
            "public.events public.old_events insert 2asia",
        ]
    );
    // A table that is audited itself would be captured twice; PostgreSQL refuses it.
    test.run("CREATE TABLE mine (id int, region text, title text, PRIMARY KEY (id, region))")
        .await;
    test.capture("mine", CapturePolicy::default()).await;
    let reason = refused(
        &test.db,
        "ALTER TABLE events ATTACH PARTITION mine FOR VALUES IN ('mine')",
    )
    .await;
    assert!(reason.starts_with("42710 "), "{reason}");
}

#[tokio::test]
async fn the_direct_truncate_of_a_leaf_made_later_is_not_seen_until_the_capture_is_generated_again()
{
    let test = events().await;
    test.run(
        "CREATE TABLE events_us_3 PARTITION OF events_us FOR VALUES FROM (200) TO (300);
         INSERT INTO events VALUES (250, 'us'); TRUNCATE events_us_3;",
    )
    .await;
    assert!(alive(&test, 250, "us").await, "a limit");
    test.capture("events", CapturePolicy::default()).await;
    test.run("INSERT INTO events VALUES (251, 'us'); TRUNCATE events_us_3")
        .await;
    assert!(!alive(&test, 250, "us").await);
    assert!(!alive(&test, 251, "us").await);
    // The TRUNCATE of the root is always seen.
    test.run(
        "CREATE TABLE events_us_4 PARTITION OF events_us FOR VALUES FROM (300) TO (400);
         INSERT INTO events VALUES (350, 'us'); TRUNCATE events;",
    )
    .await;
    assert!(!alive(&test, 350, "us").await);
}

#[tokio::test]
async fn inheritance_children_are_not_covered_by_the_capture_of_their_parent() {
    let test = TestDb::with_tables(
        "CREATE TABLE events (id int, region text, title text, PRIMARY KEY (id, region)); CREATE TABLE child () INHERITS (events)",
        &["events"],
    )
    .await;
    test.run(
        "INSERT INTO child VALUES (1, 'eu', 'a'); UPDATE events SET title = 'b'; DELETE FROM events;
         INSERT INTO events VALUES (2, 'eu', 'c');",
    )
    .await;
    assert_eq!(lines(&test).await, ["public.events - insert 2eu"]);
    test.run("ALTER TABLE child ADD PRIMARY KEY (id, region)")
        .await;
    test.capture("child", CapturePolicy::default()).await;
    test.run("INSERT INTO child VALUES (3, 'eu', 'd')").await;
    test.db
        .execute_unprepared("UPDATE events SET title = 'e'")
        .await
        .unwrap();
    let mut lines = lines(&test).await;
    lines[1..].sort_unstable();
    assert_eq!(
        lines[1..],
        [
            "public.child - insert 3eu",
            "public.child - update 3eu",
            "public.events - update 2eu",
        ]
    );
}

#[tokio::test]
async fn the_truncate_of_a_renamed_leaf_ends_only_what_was_recorded_under_its_new_name() {
    let test = events().await;
    test.run(
        "INSERT INTO events VALUES (1, 'eu'); ALTER TABLE events_eu RENAME TO events_europe;
         INSERT INTO events VALUES (2, 'eu'); TRUNCATE events_europe",
    )
    .await;
    assert!(alive(&test, 1, "eu").await, "a limit");
    assert!(!alive(&test, 2, "eu").await);
}
