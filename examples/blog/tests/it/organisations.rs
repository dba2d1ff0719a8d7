use actix_web::{http::Method, test::TestRequest};
use blog::job::run_all;
use serde_json::{Value, json};
use threadline::{Op, timeline};

use crate::support::{Answer, Blog, each};

async fn bob(blog: &Blog, method: Method, path: &str, body: Value) -> Answer {
    let mut request = TestRequest::with_uri(path)
        .method(method)
        .insert_header(("authorization", "Bearer demo-token-bob"));
    if !body.is_null() {
        request = request.set_json(body);
    }
    blog.send(request).await
}

#[actix_web::test]
async fn the_organisation_of_a_post_comes_from_the_token_and_never_from_the_request() {
    let blog = Blog::new("organisation").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let shown = blog.get(&format!("/api/posts/{id}")).await;
    assert_eq!(shown.body["organisation"], json!("harbour"));
    let claimed = json!({"post": {"title": "t", "slug": "s", "organisation": "meadow"}});
    let claimed = blog.alice(Method::POST, "/api/posts", claimed).await;
    assert_eq!(claimed.status, 400, "{claimed:?}");
}

#[actix_web::test]
async fn members_of_another_organisation_can_change_nothing_of_a_post() {
    let blog = Blog::new("foreign_organisation").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}");
    for (method, path, body) in [
        (
            Method::PATCH,
            path.clone(),
            json!({"post": {"title": "Bye"}}),
        ),
        (Method::DELETE, path.clone(), Value::Null),
        (Method::POST, format!("{path}/publish_later"), Value::Null),
        (
            Method::POST,
            format!("{path}/comments"),
            json!({"comment": {"body": "b"}}),
        ),
        (Method::PUT, format!("{path}/tags/news"), Value::Null),
    ] {
        let answer = bob(&blog, method, &path, body).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    let drafts = bob(&blog, Method::POST, "/api/posts/publish_later", Value::Null).await;
    assert_eq!(drafts.status, 202, "{drafts:?}");
    assert_eq!(run_all(&blog.db).await.unwrap(), 1);
    let timeline = blog.get("/api/timeline").await;
    assert_eq!(each(&timeline.body["entries"], "op"), [&json!("insert")]);
}

#[actix_web::test]
async fn members_of_another_organisation_learn_nothing_of_a_post() {
    let blog = Blog::new("foreign_reader").await;
    let (id, transaction) = blog.post("Hello", "hello").await;
    let paths = [
        format!("/api/posts/{id}"),
        format!("/api/posts/{id}/history"),
        format!("/api/posts/{id}/as_of?at=2099-01-01T00:00:00Z"),
        format!("/api/audit_transactions/{transaction}/changes"),
    ];
    let path = format!("/api/posts/{id}");
    for deleted in [false, true] {
        if deleted {
            assert_eq!(
                blog.alice(Method::DELETE, &path, Value::Null).await.status,
                200
            );
        }
        for path in &paths[usize::from(deleted)..] {
            assert_eq!(blog.get(path).await.status, 200, "{path}");
            let answer = bob(&blog, Method::GET, path, Value::Null).await;
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
        }
        let timeline = bob(&blog, Method::GET, "/api/timeline", Value::Null).await;
        assert_eq!(timeline.body["entries"], json!([]), "{timeline:?}");
    }
    let nobody = blog.send(TestRequest::get().uri(&path)).await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
}

#[actix_web::test]
async fn a_deleted_post_takes_comments_and_tags_with_it_in_the_same_transaction() {
    let blog = Blog::new("cascade").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}");
    let comment = json!({"comment": {"body": "First!"}});
    let comment = blog
        .alice(Method::POST, &format!("{path}/comments"), comment)
        .await;
    assert_eq!(comment.status, 201, "{comment:?}");
    assert_eq!(comment.body["comment"]["author"], json!("alice"));
    let tag = format!("{path}/tags/news");
    let tagged = blog.alice(Method::PUT, &tag, Value::Null).await;
    assert!(
        tagged.body["audit_transaction_id"].is_number(),
        "{tagged:?}"
    );
    let again = blog.alice(Method::PUT, &tag, Value::Null).await;
    assert_eq!(
        (again.status, &again.body["audit_transaction_id"]),
        (200, &Value::Null)
    );
    assert_eq!(
        blog.alice(Method::DELETE, &path, Value::Null).await.status,
        200
    );

    let deletes = timeline().op(Op::Delete).fetch(&blog.db).await.unwrap();
    let mut deleted: Vec<_> = deletes
        .entries
        .iter()
        .map(|change| (change.table_name.as_str(), change.table_pk.as_str()))
        .collect();
    deleted.sort_unstable();
    let tag = format!(r#"{{"tag": "news", "post_id": {id}}}"#);
    let row = format!(r#"{{"id": {id}}}"#);
    assert_eq!(
        deleted,
        [
            ("comments", r#"{"id": 1}"#),
            ("post_tags", &tag),
            ("posts", &row)
        ]
    );
    let transactions = deletes.entries.iter().map(|change| change.transaction_id);
    assert_eq!(
        transactions.collect::<std::collections::HashSet<_>>().len(),
        1
    );
}

#[actix_web::test]
async fn one_job_publishes_every_draft_of_an_organisation() {
    let blog = Blog::new("drafts").await;
    for slug in ["a", "b"] {
        blog.post("Hello", slug).await;
    }
    let other = json!({"post": {"title": "Hello", "slug": "c"}});
    assert_eq!(
        bob(&blog, Method::POST, "/api/posts", other).await.status,
        201
    );
    let accepted = blog
        .alice(Method::POST, "/api/posts/publish_later", Value::Null)
        .await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(run_all(&blog.db).await.unwrap(), 1);
    let published = timeline().op(Op::Update).fetch(&blog.db).await.unwrap();
    assert_eq!(published.entries.len(), 2);
    assert_eq!(
        published.entries[0].transaction_id,
        published.entries[1].transaction_id
    );
}
