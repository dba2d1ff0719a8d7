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
    for shown in ["note.renamed", "2 inserts", "first title", "second title"] {
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
