use actix_web::{http::Method, test::TestRequest};
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::support::{Blog, each};

#[actix_web::test]
async fn the_trail_needs_a_user() {
    let blog = Blog::new("trail_needs_user").await;
    for path in [
        "/api/timeline",
        "/api/posts/1/history",
        "/api/posts/1/as_of?at=2026-01-01T00:00:00Z",
        "/api/audit_transactions/1/changes",
    ] {
        assert_eq!(
            blog.send(TestRequest::get().uri(path)).await.status,
            401,
            "{path}"
        );
    }
}

#[actix_web::test]
async fn the_timeline_finds_writes_by_correlation_id_page_by_page() {
    let blog = Blog::new("timeline").await;
    for slug in ["a", "b", "c"] {
        blog.post("Hello", slug).await;
    }
    let other = TestRequest::post()
        .uri("/api/posts")
        .insert_header(("authorization", "Bearer demo-token-bob"))
        .insert_header(("x-correlation-id", "other"))
        .set_json(json!({"post": {"title": "Hello", "slug": "d"}}));
    assert_eq!(blog.send(other).await.status, 201);

    let mut slugs = Vec::new();
    let mut path = "/api/timeline?correlation_id=demo&page_size=2".to_owned();
    loop {
        let page = blog.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        for image in each(&page.body["entries"], "data_after") {
            slugs.push(image["slug"].as_str().unwrap().to_owned());
        }
        let Some(token) = page.body["next"].as_str() else {
            break;
        };
        path = format!("/api/timeline?correlation_id=demo&page_size=2&page_token={token}");
    }
    assert_eq!(slugs, ["c", "b", "a"]);
}

#[actix_web::test]
async fn a_page_token_of_another_query_is_a_400() {
    let blog = Blog::new("foreign_token").await;
    for slug in ["a", "b"] {
        blog.post("Hello", slug).await;
    }
    let page = blog
        .get("/api/timeline?correlation_id=demo&page_size=1")
        .await;
    let token = page.body["next"].as_str().unwrap();
    let path = format!("/api/timeline?correlation_id=other&page_token={token}");
    let refused = blog.get(&path).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let error = refused.body["error"].as_str().unwrap();
    assert!(
        error.contains("belongs to a query with other filters"),
        "{error}"
    );
}

#[actix_web::test]
async fn an_incident_tells_who_did_what_in_which_request() {
    let blog = Blog::new("incident").await;
    let request = TestRequest::post()
        .uri("/api/posts")
        .insert_header(("authorization", "Bearer demo-token-alice"))
        .insert_header(("x-request-id", "r-1"))
        .insert_header(("x-correlation-id", "demo"))
        .set_json(json!({"post": {"title": "Hello", "slug": "hello"}}));
    let created = blog.send(request).await;
    assert_eq!(
        (created.status, created.header("x-request-id")),
        (201, "r-1")
    );

    let path = format!(
        "/api/audit_transactions/{}/changes",
        created.body["audit_transaction_id"]
    );
    let bundle = blog.get(&path).await;
    assert_eq!(bundle.status, 200, "{bundle:?}");
    let transaction = &bundle.body["transaction"];
    assert_eq!(transaction["actor"], json!({"type": "user", "id": "alice"}));
    assert_eq!(transaction["request_id"], json!("r-1"));
    assert_eq!(transaction["correlation_id"], json!("demo"));
    assert_eq!(transaction["source"], json!("blog"));
    assert_eq!(
        each(&bundle.body["actions"], "name"),
        [&json!("post.created_via_api")]
    );
    assert_eq!(each(&bundle.body["changes"], "op"), [&json!("insert")]);
    assert_eq!(
        bundle.body["changes"][0]["data_after"]["slug"],
        json!("hello")
    );
}

#[actix_web::test]
async fn the_history_of_a_post_names_fields_and_redacts_the_email() {
    let blog = Blog::new("history").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}");
    let changes = json!({"post": {"title": "Bye", "author_email": "secret@example.com"}});
    assert_eq!(blog.alice(Method::PATCH, &path, changes).await.status, 200);
    let deleted = blog
        .alice(Method::DELETE, &format!("{path}?reason=spam"), Value::Null)
        .await;
    assert_eq!(deleted.status, 200);

    let history = blog.get(&format!("{path}/history")).await;
    assert_eq!(history.status, 200, "{history:?}");
    let entries = &history.body["entries"];
    assert_eq!(
        each(entries, "op"),
        [&json!("delete"), &json!("update"), &json!("insert")]
    );
    assert_eq!(
        entries[1]["changed_fields"],
        json!(["title", "author_email"])
    );
    assert_eq!(entries[1]["changed_from"]["title"], json!("Hello"));
    assert!(!history.body.to_string().contains("@example.com"));
    assert!(!history.body.to_string().contains("search_vector"));

    let path = format!(
        "/api/audit_transactions/{}/changes",
        deleted.body["audit_transaction_id"]
    );
    assert_eq!(
        each(&blog.get(&path).await.body["actions"], "reason"),
        [&json!("spam")]
    );
}

#[actix_web::test]
async fn as_of_tells_present_deleted_and_before_the_horizon_apart() {
    let blog = Blog::new("as_of").await;
    let now = || Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let before = now();
    let (id, _) = blog.post("Hello", "hello").await;
    let written = now();
    let path = format!("/api/posts/{id}");
    let changed = json!({"post": {"title": "Bye"}});
    assert_eq!(blog.alice(Method::PATCH, &path, changed).await.status, 200);
    assert_eq!(
        blog.alice(Method::DELETE, &path, Value::Null).await.status,
        200
    );

    let at = async |instant: String| blog.get(&format!("{path}/as_of?at={instant}")).await;
    assert_eq!(at(before).await.status, 404);
    let present = at(written).await;
    assert_eq!(
        (present.status, &present.body["state"]),
        (200, &json!("present")),
        "{present:?}"
    );
    assert_eq!(present.body["row"]["title"], json!("Hello"));
    let deleted = at(now()).await;
    assert_eq!(
        (deleted.status, &deleted.body["state"]),
        (200, &json!("deleted")),
        "{deleted:?}"
    );
    assert_eq!(deleted.body["last"]["title"], json!("Bye"));
}
