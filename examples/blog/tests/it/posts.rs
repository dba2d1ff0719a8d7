use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use crate::support::{Blog, each};

#[actix_web::test]
async fn a_post_is_written_read_changed_and_deleted() {
    let blog = Blog::new("life_of_a_post").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}");

    let changed = json!({"post": {"title": "Hello again"}});
    let changed = blog.alice(Method::PATCH, &path, changed).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["post"]["title"], json!("Hello again"));
    assert_eq!(changed.body["post"]["slug"], json!("hello"));

    let shown = blog.get(&path).await;
    assert_eq!((shown.status, &shown.body), (200, &changed.body["post"]));

    let deleted = blog
        .alice(Method::DELETE, &format!("{path}?reason=spam"), Value::Null)
        .await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    assert_eq!(blog.get(&path).await.status, 404);
}

#[actix_web::test]
async fn writes_without_a_user_or_with_an_unknown_token_are_401_and_write_nothing() {
    let blog = Blog::new("unauthenticated").await;
    let new = json!({"post": {"title": "Hello", "slug": "hello"}});
    let post = || TestRequest::post().uri("/api/posts").set_json(&new);
    let anonymous = blog.send(post()).await;
    assert_eq!(anonymous.status, 401);
    assert_eq!(anonymous.body["error"], json!("authentication required"));
    assert_eq!(
        anonymous.body["request_id"],
        json!(anonymous.header("x-request-id"))
    );
    for token in ["Bearer demo-token-mallory", "demo-token-alice", "Bearer "] {
        assert_eq!(
            blog.send(post().insert_header(("authorization", token)))
                .await
                .status,
            401
        );
    }
    assert_eq!(blog.get("/api/timeline").await.body["entries"], json!([]));
}

#[actix_web::test]
async fn a_taken_slug_is_a_409_and_leaves_no_trace() {
    let blog = Blog::new("taken_slug").await;
    blog.post("Hello", "hello").await;
    let body = json!({"post": {"title": "Copy", "slug": "hello"}});
    let refused = blog.alice(Method::POST, "/api/posts", body).await;
    assert_eq!(
        (refused.status, refused.body),
        (409, json!({"error": "the slug is taken"}))
    );
    let timeline = blog.get("/api/timeline").await;
    assert_eq!(each(&timeline.body["entries"], "op"), [&json!("insert")]);
}

#[actix_web::test]
async fn input_that_makes_no_sense_is_refused_with_its_reason() {
    let blog = Blog::new("bad_input").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let one = format!("/api/posts/{id}");
    let cases = [
        (
            Method::POST,
            "/api/posts",
            json!({"post": {"title": " ", "slug": "s"}}),
            422,
            "`title` must not be blank",
        ),
        (
            Method::POST,
            "/api/posts",
            json!({"post": {"title": "t", "slug": ""}}),
            422,
            "`slug` must not be blank",
        ),
        (
            Method::PATCH,
            &one,
            json!({"post": {"title": ""}}),
            422,
            "`title` must not be blank",
        ),
        (
            Method::PATCH,
            &one,
            json!({"post": {"id": 7}}),
            400,
            "unknown field `id`",
        ),
        (
            Method::POST,
            "/api/posts",
            json!({"post": {"title": "t"}}),
            400,
            "missing field `slug`",
        ),
        (
            Method::POST,
            "/api/posts",
            json!("not a post"),
            400,
            "the body can't be read",
        ),
        (
            Method::GET,
            "/api/timeline?page_token=nonsense",
            Value::Null,
            400,
            "the query string can't be read",
        ),
        (
            Method::GET,
            &format!("{one}/as_of"),
            Value::Null,
            400,
            "missing field `at`",
        ),
        (
            Method::GET,
            &format!("{one}/as_of?at=yesterday"),
            Value::Null,
            400,
            "the query string can't be read",
        ),
    ];
    for (method, path, body, status, reason) in cases {
        let answer = blog.alice(method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let error = answer.body["error"].as_str().unwrap();
        assert!(error.contains(reason), "{path}: {error}");
    }
}

#[actix_web::test]
async fn what_does_not_exist_is_a_404() {
    let blog = Blog::new("not_found").await;
    for (method, path) in [
        (Method::GET, "/nowhere"),
        (Method::GET, "/api/posts/1"),
        (Method::GET, "/api/posts/one"),
        (Method::DELETE, "/api/posts/1"),
        (Method::POST, "/api/posts/1/publish_later"),
        (Method::GET, "/api/posts/1/history"),
        (Method::GET, "/api/posts/1/as_of?at=2026-01-01T00:00:00Z"),
        (Method::GET, "/api/audit_transactions/1/changes"),
    ] {
        let answer = blog.alice(method, path, Value::Null).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(answer.body["error"].is_string(), "{path}: {answer:?}");
    }
    let patch = json!({"post": {"title": "Hello"}});
    assert_eq!(
        blog.alice(Method::PATCH, "/api/posts/1", patch)
            .await
            .status,
        404
    );
}
