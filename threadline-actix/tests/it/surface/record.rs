//! Records whose tables were emptied, dropped, or got another key.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use super::site::{Got, get};
use crate::support::{TestDb, audited};

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

/// The links to records on a page, each once.
fn records(page: &Got) -> Vec<String> {
    let body = page.body.replace("&#x2f;", "/").replace("&amp;", "&");
    let mut links: Vec<_> = body
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.starts_with("/audit/rows/"))
        .map(str::to_owned)
        .collect();
    links.sort();
    links.dedup();
    links
}

/// Every record has a page under its own link, and is a filter of the timeline.
#[track_caller]
fn is_found(got: &Got, what: &str) {
    assert_eq!(got.status, 200, "{what}: {}", got.body);
}

#[actix_web::test]
async fn a_truncate_of_many_partitions_hides_no_record() {
    let db = TestDb::new("record_partitions").await.connect(2).await;
    run(
        &db,
        "CREATE TABLE events (id int PRIMARY KEY) PARTITION BY HASH (id)",
    )
    .await;
    for n in 0..12 {
        run(
            &db,
            &format!("CREATE TABLE events_{n} PARTITION OF events FOR VALUES WITH (MODULUS 12, REMAINDER {n})"),
        )
        .await;
    }
    audited(&db, "events").await;
    run(&db, "INSERT INTO events VALUES (1), (2)").await;
    run(&db, "TRUNCATE events").await;
    let page = get(&db, "/audit/rows/public.events/1").await;
    is_found(&page, "page");
    assert!(
        page.body.contains("<strong>Deleted.</strong>"),
        "{}",
        page.body
    );
    is_found(
        &get(&db, "/audit/timeline?table=events&key=2").await,
        "filter",
    );
}

#[actix_web::test]
async fn a_record_of_a_dropped_table_is_shown_as_it_was() {
    let db = TestDb::new("record_dropped").await.connect(2).await;
    run(&db, "CREATE TABLE gone (id int, part text, title text, PRIMARY KEY (id, part)); CREATE TABLE went (slug text PRIMARY KEY, title text)").await;
    audited(&db, "gone").await;
    audited(&db, "went").await;
    run(&db, "INSERT INTO gone VALUES (7, 'x', 'first words'); INSERT INTO went VALUES ('7', 'other words')").await;
    run(&db, "UPDATE gone SET title = 'last words'").await;
    run(&db, "DROP TABLE gone, went").await;
    let links = records(&get(&db, "/audit/timeline?from=all").await);
    assert_eq!(links.len(), 2, "{links:?}");
    for (link, words) in links.iter().zip(["last words", "other words"]) {
        let page = get(&db, link).await;
        is_found(&page, link);
        assert!(page.body.contains(words), "{link}: {}", page.body);
        let early = get(&db, &format!("{link}?at=2020-01-01")).await;
        assert!(early.body.contains("before the audit horizon"), "{link}");
    }
    for query in [
        "table=went&key=7",
        "table=gone&key=%7B%22id%22%3A7%2C%22part%22%3A%22x%22%7D",
    ] {
        is_found(&get(&db, &format!("/audit/timeline?{query}")).await, query);
    }
    // What was never there is not found, however it is asked for.
    for path in [
        "went/8",
        "gone/7",
        "gone/%7B%22id%22%3A8%2C%22part%22%3A%22x%22%7D",
    ] {
        let got = get(&db, &format!("/audit/rows/public.{path}")).await;
        assert_eq!(got.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn records_from_before_the_key_changed_are_found_by_their_own_links() {
    let db = TestDb::new("record_rekeyed").await.connect(2).await;
    run(&db, "CREATE TABLE lines (id int PRIMARY KEY, tenant int NOT NULL DEFAULT 5); CREATE TABLE tags (name text PRIMARY KEY)").await;
    audited(&db, "lines").await;
    audited(&db, "tags").await;
    run(
        &db,
        "INSERT INTO lines VALUES (1), (2); INSERT INTO tags VALUES ('new'), ('8')",
    )
    .await;
    run(
        &db,
        "ALTER TABLE lines DROP CONSTRAINT lines_pkey, ADD PRIMARY KEY (tenant, id);
         ALTER TABLE tags DROP CONSTRAINT tags_pkey;
         ALTER TABLE tags RENAME COLUMN name TO label;
         ALTER TABLE tags ADD COLUMN id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    )
    .await;
    audited(&db, "lines").await;
    audited(&db, "tags").await;
    run(
        &db,
        "UPDATE lines SET id = 3 WHERE id = 2; INSERT INTO tags (label) VALUES ('newer')",
    )
    .await;
    let links = records(&get(&db, "/audit/timeline?from=all").await);
    // Two lines by their former key, one by two of its new one; two tags by their name, one by its number.
    assert_eq!(links.len(), 7, "{links:?}");
    for link in &links {
        is_found(&get(&db, link).await, link);
    }
    let old = get(&db, "/audit/timeline.json?table=lines&key=1").await;
    assert_eq!(old.json()["count"]["value"], 1, "{}", old.body);
    let new = get(
        &db,
        "/audit/timeline.json?table=lines&key=%7B%22tenant%22%3A%225%22%2C%22id%22%3A%22003%22%7D",
    )
    .await;
    assert_eq!(new.json()["count"]["value"], 1, "{}", new.body);
}

#[actix_web::test]
async fn a_key_that_no_database_takes_is_the_key_of_no_record() {
    let db = TestDb::new("record_deep").await.connect(2).await;
    run(&db, "INSERT INTO notes VALUES (1, 'x')").await;
    let deep = format!(
        "%7B%22id%22:{}{}%7D",
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    let half = "%7B%22id%22:%22%5Cud800%22%7D";
    for key in [deep.as_str(), half] {
        let got = get(&db, &format!("/audit/rows/public.notes/{key}")).await;
        assert_eq!(got.status, 404, "{}", got.body);
        let got = get(&db, &format!("/audit/timeline.json?table=notes&key={key}")).await;
        assert_eq!(got.status, 422, "{}", got.body);
        assert_eq!(got.json()["error"]["parameter"], "key");
    }
}
