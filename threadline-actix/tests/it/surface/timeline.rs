use super::site::get;
use crate::support::{TestDb, written};

#[actix_web::test]
async fn changes_are_grouped_by_transaction_under_the_action_that_made_them() {
    let db = TestDb::new("timeline_groups").await.connect(2).await;
    written(&db).await;
    let page = get(&db, "/audit/timeline.json").await.json();
    let groups = page["groups"].as_array().unwrap();
    let heads: Vec<_> = groups
        .iter()
        .map(|group| {
            let names = group["actions"].as_array().unwrap().iter();
            let names: Vec<_> = names
                .map(|action| action["name"].as_str().unwrap())
                .collect();
            let ops = group["changes"].as_array().unwrap().iter();
            let ops: Vec<_> = ops.map(|change| change["op"].as_str().unwrap()).collect();
            (names.join(" "), ops.join(" "))
        })
        .collect();
    let head = |names: &str, ops: &str| (names.to_owned(), ops.to_owned());
    assert_eq!(
        heads,
        [
            head("note.deleted", "delete"),
            head("note.renamed", "update"),
            head("note.created", "insert insert")
        ]
    );
    assert_eq!(
        page["count"],
        serde_json::json!({"value": 4, "capped": false})
    );
    let html = get(&db, "/audit/timeline").await.body;
    for shown in ["note.renamed", "2 inserts", "first title", "second"] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
}

#[actix_web::test]
async fn a_filter_that_cannot_be_used_is_named_and_never_a_fault() {
    let db = TestDb::new("timeline_filter").await.connect(2).await;
    written(&db).await;
    for (query, name) in [
        ("op=drop", "op"),
        ("from=yesterday", "from"),
        ("to=2026-01-01T00:00:00%2B99:00", "to"),
        ("from=2026-02-01&to=2026-01-01", "from"),
        ("actor=robot:1", "actor"),
        ("after=nonsense", "after"),
        ("now=noon", "now"),
        ("now=7d", "now"),
        ("now=%2B262142-12-31T00:00:00Z", "now"),
        ("from=-4800-01-01", "from"),
        ("from=2500000d", "from"),
        ("table=a&table=b", "table"),
        ("table=%00", "table"),
    ] {
        let got = get(&db, &format!("/audit/timeline?{query}")).await;
        assert_eq!(got.status, 422, "{query}: {}", got.body);
        assert!(
            got.body.contains(&format!("“{name}”")),
            "{query}: {}",
            got.body
        );
        let json = get(&db, &format!("/audit/timeline.json?{query}")).await;
        assert_eq!(json.status, 422, "{query}");
        assert_eq!(json.json()["error"]["parameter"], name, "{query}");
    }
}

#[actix_web::test]
async fn the_search_box_and_the_filters_find_the_same_and_keep_in_step() {
    let db = TestDb::new("timeline_search").await.connect(2).await;
    written(&db).await;
    let typed = get(
        &db,
        "/audit/timeline?q=table%3Anotes+op%3Aupdate+since%3A30d",
    )
    .await;
    let chosen = get(&db, "/audit/timeline?table=notes&op=update&from=30d").await;
    for page in [&typed, &chosen] {
        assert_eq!(page.status, 200, "{}", page.body);
        let body = page.body.replace("&#x3a;", ":");
        assert!(
            body.contains("value=\"table:notes op:update since:30d\""),
            "{body}"
        );
        assert!(body.contains("<option selected>update</option>"), "{body}");
        assert!(body.contains("<strong>1</strong> change "), "{body}");
    }
    let wrong = get(&db, "/audit/timeline?q=table%3Anotes+gone").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("“gone”"), "{}", wrong.body);
    let body = wrong.body.replace("&#x3a;", ":");
    assert!(body.contains("value=\"table:notes gone\""), "{body}");
}

#[actix_web::test]
async fn one_pages_through_the_timeline_and_back() {
    let db = TestDb::new("timeline_pages").await.connect(2).await;
    for n in 0..12 {
        sea_orm::ConnectionTrait::execute_unprepared(
            &db,
            &format!("INSERT INTO notes SELECT {n} * 10 + i, 'note' FROM generate_series(1, 10) i"),
        )
        .await
        .unwrap();
    }
    let ids = |page: &serde_json::Value| -> Vec<i64> {
        let groups = page["groups"].as_array().unwrap().iter();
        groups
            .flat_map(|group| group["changes"].as_array().unwrap())
            .map(|change| change["id"].as_i64().unwrap())
            .collect()
    };
    let json = async |link: &str| {
        get(&db, &link.replacen("timeline?", "timeline.json?", 1))
            .await
            .json()
    };
    let (mut pages, mut links, mut next) = (
        Vec::new(),
        Vec::new(),
        Some("/audit/timeline?from=1d".to_owned()),
    );
    while let Some(link) = next {
        pages.push(ids(&json(&link).await));
        next = get(&db, &link).await.link("Older");
        links.push(link);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    // And back again.
    let mut back = get(&db, links.last().unwrap()).await.link("Newer");
    for expected in pages.iter().rev().skip(1) {
        let link = back.unwrap();
        assert_eq!(&ids(&json(&link).await), expected);
        back = get(&db, &link).await.link("Newer");
    }
    assert_eq!(back, None);
}

#[actix_web::test]
async fn an_empty_page_says_why_and_leads_on() {
    let db = TestDb::new("timeline_empty").await.connect(2).await;
    let empty = get(&db, "/audit/timeline?from=all").await;
    assert!(empty.body.contains("The trail is empty"), "{}", empty.body);
    written(&db).await;
    let filtered = get(&db, "/audit/timeline?op=truncate").await;
    assert!(
        filtered.body.contains("fits these filters"),
        "{}",
        filtered.body
    );
    assert_eq!(
        filtered.link("Search all time").as_deref(),
        Some("/audit/timeline?op=truncate&from=all")
    );
    let early = get(&db, "/audit/timeline?to=2020-01-01&from=2019-01-01").await;
    assert!(
        early.body.contains("Nothing was captured in this time"),
        "{}",
        early.body
    );
}

#[actix_web::test]
async fn each_filter_in_force_can_be_taken_away() {
    let db = TestDb::new("timeline_chips").await.connect(2).await;
    written(&db).await;
    let page = get(&db, "/audit/timeline?table=notes&op=update").await;
    assert_eq!(
        page.link("Remove the filter op").as_deref(),
        Some("/audit/timeline?table=notes")
    );
}

#[actix_web::test]
async fn the_key_of_a_row_is_a_filter_and_one_that_fits_no_row_is_named() {
    let db = TestDb::new("timeline_key").await.connect(1).await;
    written(&db).await;
    for key in ["1", "%7B%22id%22%3A1%7D"] {
        let page = get(&db, &format!("/audit/timeline.json?table=notes&key={key}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.json()["count"]["value"], 2, "{key}: {}", page.body);
    }
    for (query, name) in [
        ("key=1", "key"),
        ("table=notes&key=one", "key"),
        ("table=notes&key=%7B", "key"),
        ("table=nowhere&key=1", "key"),
        ("table=nowhere&key=%7B%22id%22%3A1%7D", "table"),
    ] {
        let got = get(&db, &format!("/audit/timeline.json?{query}")).await;
        assert_eq!(got.status, 422, "{query}: {}", got.body);
        assert_eq!(got.json()["error"]["parameter"], name, "{query}");
    }
    let typed = get(&db, "/audit/timeline.json?q=table%3Anotes+key%3A2").await;
    assert_eq!(typed.json()["count"]["value"], 2);
}

#[actix_web::test]
async fn a_table_may_be_written_with_its_schema_and_until_now_is_no_end() {
    let db = TestDb::new("timeline_table").await.connect(2).await;
    written(&db).await;
    for query in [
        "table=notes",
        "table=public.notes",
        "table=%22public%22.notes",
        "schema=public&table=notes",
        "q=table%3Apublic.notes",
        "table=notes&to=now",
        "q=table%3Anotes+until%3Anow",
    ] {
        let page = get(&db, &format!("/audit/timeline.json?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        assert_eq!(page.json()["count"]["value"], 4, "{query}");
    }
    let actor = get(&db, "/audit/actors/user/bob?to=now").await;
    assert_eq!(actor.status, 200, "{}", actor.body);
}

#[actix_web::test]
async fn the_form_holds_no_default_so_that_sending_it_adds_no_filter() {
    let db = TestDb::new("timeline_form").await.connect(2).await;
    written(&db).await;
    let page = get(&db, "/audit/timeline?op=update").await;
    let field = "<input id=\"f-from\" name=\"from\" value=\"\"";
    assert!(page.body.contains(field), "{}", page.body);
    let page = get(&db, "/audit/timeline?from=30d").await;
    let field = "<input id=\"f-from\" name=\"from\" value=\"30d\"";
    assert!(page.body.contains(field), "{}", page.body);
}

#[actix_web::test]
async fn what_a_list_leaves_out_is_counted_as_what_it_is() {
    let db = TestDb::new("timeline_more").await.connect(2).await;
    let insert = async |from: i32, to: i32| {
        let sql = format!("INSERT INTO notes SELECT n, 'x' FROM generate_series({from}, {to}) n");
        sea_orm::ConnectionTrait::execute_unprepared(&db, &sql)
            .await
            .unwrap();
    };
    insert(1, 20).await;
    for (path, said) in [
        (
            "timeline",
            "12 more of this page, among the 20 changes of the transaction",
        ),
        ("", "14 more changes on the page of the transaction"),
    ] {
        let page = get(&db, &format!("/audit/{path}")).await;
        assert!(page.body.contains(said), "{path}: {}", page.body);
    }
    insert(21, 640).await;
    for (path, said) in [
        (
            "timeline",
            "42 more of this page, among the 500+ changes of the transaction",
        ),
        ("", "494+ more changes on the page of the transaction"),
    ] {
        let page = get(&db, &format!("/audit/{path}")).await;
        assert!(page.body.contains(said), "{path}: {}", page.body);
    }
}

#[actix_web::test]
async fn a_token_of_another_question_is_blamed_on_its_own_parameter() {
    let db = TestDb::new("timeline_token").await.connect(2).await;
    let sql = "INSERT INTO notes SELECT n, 'x' FROM generate_series(1, 60) n";
    sea_orm::ConnectionTrait::execute_unprepared(&db, sql)
        .await
        .unwrap();
    let first = get(&db, "/audit/timeline.json").await.json();
    let token = first["older"].as_str().unwrap();
    for (path, other) in [
        ("timeline", "&from=1d"),
        ("rows/public.notes/1", ""),
        ("actors/user/bob", ""),
    ] {
        for name in ["after", "before"] {
            let got = get(&db, &format!("/audit/{path}.json?{name}={token}{other}")).await;
            assert_eq!(got.status, 422, "{path} {name}: {}", got.body);
            let error = &got.json()["error"];
            assert_eq!(error["parameter"], name, "{path}: {}", got.body);
        }
    }
}
