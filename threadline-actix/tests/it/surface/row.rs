//! One record: history, as of any instant, what changed between.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::Value;
use threadline::CapturePolicy;

use super::site::{Got, get};
use crate::support::{TestDb, audited, audited_by, written};

/// The instants of all changes, oldest first.
async fn instants(db: &DatabaseConnection, path: &str) -> Vec<String> {
    let twin = get(db, &format!("{path}.json")).await.json();
    let moments = twin["moments"]["earlier"].as_array().unwrap();
    let mut at: Vec<_> = moments
        .iter()
        .map(|moment| moment["captured_at"].as_str().unwrap().to_owned())
        .collect();
    at.reverse();
    at
}

async fn story(name: &str) -> DatabaseConnection {
    let db = TestDb::new(name).await.connect(2).await;
    for sql in [
        "INSERT INTO notes VALUES (1, 'one')",
        "UPDATE notes SET title = 'two words' WHERE id = 1",
        "UPDATE notes SET title = 'two others' WHERE id = 1",
        "DELETE FROM notes WHERE id = 1",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    db
}

fn state(got: &Got) -> (String, Value) {
    let json = got.json();
    let snapshot = &json["snapshot"];
    let row = match snapshot["state"].as_str() {
        Some("present") => &snapshot["row"],
        _ => &snapshot["last"],
    };
    (
        snapshot["state"].as_str().unwrap().to_owned(),
        row["row"]["title"].clone(),
    )
}

#[actix_web::test]
async fn a_record_is_shown_as_of_each_of_its_changes_and_between_them() {
    let db = story("row_instants").await;
    let path = "/audit/rows/public.notes/1";
    let at = instants(&db, path).await;
    assert_eq!(at.len(), 4);
    for (at, expected) in at.iter().zip([
        ("present", "one"),
        ("present", "two words"),
        ("present", "two others"),
        ("deleted", "two others"),
    ]) {
        let twin = get(&db, &format!("{path}.json?at={at}")).await;
        assert_eq!(
            state(&twin),
            (expected.0.to_owned(), expected.1.into()),
            "{at}"
        );
        let page = get(&db, &format!("{path}?at={at}")).await;
        assert!(
            page.body
                .contains(&format!("cargo threadline as-of public.notes 1 --at {at}"))
                || page
                    .body
                    .contains(&format!("cargo threadline as-of notes 1 --at {at}")),
            "{}",
            page.body
        );
        assert_eq!(
            page.body.contains("<strong>Deleted.</strong>"),
            expected.0 == "deleted"
        );
    }
    let before = get(&db, &format!("{path}?at=2020-01-01")).await;
    assert!(
        before.body.contains("it lies before the audit horizon"),
        "{}",
        before.body
    );
    // Either order compares the earlier with the later.
    for (at, other) in [(&at[1], &at[2]), (&at[2], &at[1])] {
        let page = get(&db, &format!("{path}?at={at}&compare={other}")).await;
        for word in [
            "<mark class=\"word\">words</mark>",
            "<mark class=\"word\">others</mark>",
        ] {
            assert!(page.body.contains(word), "{word}: {}", page.body);
        }
    }
    let unknown = get(&db, &format!("{path}?at={}&compare=2020-01-01", at[1])).await;
    assert!(unknown.body.contains("there is nothing to compare"));
    let now = get(&db, path).await;
    assert!(now.body.contains("<h2 id=\"as-of\">Now"), "{}", now.body);
    assert!(now.body.contains("cargo threadline history "));
}

#[actix_web::test]
async fn the_slider_and_its_links_stop_at_each_change_without_a_script() {
    let db = story("row_slider").await;
    let path = "/audit/rows/public.notes/1";
    let at = instants(&db, path).await;
    let window = &at[0];
    for (step, at) in (1..).zip(&at) {
        let got = get(&db, &format!("{path}.json?window={window}&step={step}")).await;
        assert_eq!(got.json()["at"], at.as_str());
    }
    assert_eq!(
        get(&db, &format!("{path}?window={window}&step=5"))
            .await
            .status,
        404
    );
    let mut page = get(&db, path).await;
    let mut states = Vec::new();
    while let Some(earlier) = page
        .link("← Earlier")
        .filter(|_| page.body.contains("rel=\"prev\">← Earlier"))
    {
        page = get(&db, &earlier).await;
        let (state, _) = page.body.split_once("id=\"history\"").unwrap();
        states.push(state.contains("dir=\"auto\">two words<"));
    }
    assert_eq!(states, [false, true, false]);
    let later = page.link("Later →").unwrap();
    assert_eq!(get(&db, &later).await.status, 200);
}

#[actix_web::test]
async fn the_comparison_stays_while_one_goes_through_time() {
    let db = story("row_compare").await;
    let path = "/audit/rows/public.notes/1";
    let at = instants(&db, path).await;
    let compare = format!("compare={}", at[1]);
    let page = get(&db, &format!("{path}?at={}&{compare}", at[2])).await;
    for link in ["← Earlier", "Later →"] {
        let link = page.link(link).unwrap().replace("%3A", ":");
        assert!(link.ends_with(&compare), "{link}");
    }
    let field = format!("name=\"compare\" value=\"{}\"", at[1]);
    let body = page.body.replace("&#x3a;", ":");
    let (slider, _) = body.split_once("name=\"step\"").unwrap();
    assert!(slider.contains(&field), "{slider}");
}

#[actix_web::test]
async fn what_is_redacted_at_both_instants_is_not_said_to_be_the_same() {
    let db = TestDb::new("row_redacted").await.connect(2).await;
    let table = "CREATE TABLE people (id int PRIMARY KEY, email text, phone text, name text)";
    db.execute_unprepared(table).await.unwrap();
    let policy = CapturePolicy {
        mask: vec!["email".to_owned(), "phone".to_owned()],
        ..CapturePolicy::default()
    };
    audited_by(&db, "people", policy).await;
    for sql in [
        "INSERT INTO people VALUES (1, 'a@x', '1', 'one')",
        "UPDATE people SET email = 'b@x'",
        "UPDATE people SET name = 'two'",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    let path = "/audit/rows/public.people/1";
    let at = instants(&db, path).await;
    let between = async |from: &str, to: &str| {
        let page = get(&db, &format!("{path}?at={from}&compare={to}")).await;
        let (_, between) = page.body.split_once("id=\"between\"").unwrap();
        let (between, _) = between.split_once("</section>").unwrap();
        between.replace("&#x27;", "'")
    };
    let only_redacted = between(&at[0], &at[1]).await;
    for words in [
        "No recorded value is another",
        "2 redacted columns can't be compared",
    ] {
        assert!(only_redacted.contains(words), "{only_redacted}");
    }
    assert!(!only_redacted.contains("is the same"), "{only_redacted}");
    let both = between(&at[0], &at[2]).await;
    for words in ["two", "2 redacted columns can't be compared"] {
        assert!(both.contains(words), "{both}");
    }
    let notes = story("row_unredacted").await;
    let at = instants(&notes, "/audit/rows/public.notes/1").await;
    let same = format!(
        "/audit/rows/public.notes/1?at={}&compare={}",
        at[3], "2040-01-01"
    );
    let same = get(&notes, &same).await;
    assert!(
        same.body.contains("every recorded column is the same"),
        "{}",
        same.body
    );
}

#[actix_web::test]
async fn keys_of_several_columns_and_of_any_text_have_addresses() {
    let db = TestDb::new("row_keys").await.connect(2).await;
    db.execute_unprepared(
        r#"CREATE TABLE "Order Lines" (order_id int, line text, n numeric, PRIMARY KEY (order_id, line));
           CREATE TABLE slugs (slug text PRIMARY KEY)"#,
    )
    .await
    .unwrap();
    audited(&db, r#""Order Lines""#).await;
    audited(&db, "slugs").await;
    db.execute_unprepared(
        r#"INSERT INTO "Order Lines" VALUES (7, 'a/b', 1.50);
           INSERT INTO slugs VALUES ('a/b.json'), ('..'), ('{"x": 1}'), ('42'), ('é +%2F'), (' ')"#,
    )
    .await
    .unwrap();
    let timeline = get(&db, "/audit/timeline?from=all").await;
    let mut found = 0;
    for link in timeline
        .body
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        let link = link.replace("&#x2f;", "/").replace("&amp;", "&");
        if link.starts_with("/audit/rows/") {
            let page = get(&db, &link).await;
            assert_eq!(page.status, 200, "{link}");
            assert!(page.body.contains("The record is there"), "{link}");
            found += 1;
        }
    }
    assert_eq!(found, 7);
}

#[actix_web::test]
async fn what_names_no_record_is_not_found_and_what_is_wrong_is_named() {
    let db = TestDb::new("row_missing").await.connect(2).await;
    written(&db).await;
    for path in [
        "public.notes/99",
        "public.notes/abc",
        "public.notes/1e99",
        "public.notes/%7B%22id%22%3A%20%7B%7D%7D",
        "public.notes/%7B%22uid%22%3A1%7D",
        "public.notes/%7B",
        "public.nothing/1",
        "a.b.c/1",
        "%FF/1",
        "public.notes/1%00",
        "./1",
    ] {
        let got = get(&db, &format!("/audit/rows/{path}")).await;
        assert_eq!(got.status, 404, "{path}");
    }
    for query in [
        "at=yesterday",
        "compare=x",
        "step=1",
        "after=x",
        "before=x",
        "page=2",
    ] {
        let got = get(&db, &format!("/audit/rows/public.notes/1?{query}")).await;
        assert_eq!(got.status, 422, "{query}: {}", got.body);
    }
}
