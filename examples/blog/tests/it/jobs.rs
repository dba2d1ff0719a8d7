use actix_web::http::Method;
use blog::{entity::job, job::run_all};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::support::Blog;

#[actix_web::test]
async fn a_job_carries_the_context_of_its_request_and_acts_for_itself_under_the_same_correlation_id()
 {
    let blog = Blog::new("job").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}");
    let accepted = blog
        .alice(Method::POST, &format!("{path}/publish_later"), Value::Null)
        .await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(blog.get(&path).await.body["published_at"], Value::Null);

    // The arguments are the only thing that connects the job to the request.
    let waiting = job::Entity::find().one(&blog.db).await.unwrap().unwrap();
    let arguments = serde_json::to_value(&waiting.arguments).unwrap();
    assert_eq!(arguments["post_ids"], json!([id]));
    let asked = &arguments["audit_context"];
    assert_eq!(asked["actor"], json!({"type": "user", "id": "alice"}));
    assert_eq!(asked["request_id"], json!(accepted.header("x-request-id")));
    assert_eq!(asked["correlation_id"], json!("demo"));

    assert_eq!(run_all(&blog.db).await.unwrap(), 1);
    assert!(blog.get(&path).await.body["published_at"].is_string());
    assert_eq!(run_all(&blog.db).await.unwrap(), 0);

    let timeline = blog.get("/api/timeline?correlation_id=demo").await;
    let published = &timeline.body["entries"][0];
    assert_eq!(published["changed_fields"], json!(["published_at"]));
    let path = format!(
        "/api/audit_transactions/{}/changes",
        published["transaction_id"]
    );
    let bundle = blog.get(&path).await.body;
    let transaction = &bundle["transaction"];
    let job_id = accepted.body["job_id"].to_string();
    assert_eq!(transaction["actor"], json!({"type": "job", "id": job_id}));
    assert_eq!(transaction["job_id"], json!(job_id));
    assert_eq!(transaction["correlation_id"], json!("demo"));
    assert_eq!(
        transaction["request_id"],
        json!(accepted.header("x-request-id"))
    );
    assert_eq!(transaction["meta"], json!({"requested_by": "user:alice"}));
    assert_eq!(bundle["actions"][0]["name"], json!("post.published"));
}

#[actix_web::test]
async fn a_job_that_fails_keeps_its_reason_and_changes_nothing() {
    let blog = Blog::new("failing_job").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}");
    let accepted = blog
        .alice(Method::POST, &format!("{path}/publish_later"), Value::Null)
        .await;
    assert_eq!(accepted.status, 202);
    assert_eq!(
        blog.alice(Method::DELETE, &path, Value::Null).await.status,
        200
    );

    assert_eq!(run_all(&blog.db).await.unwrap(), 1);
    let jobs = job::Entity::find().all(&blog.db).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].failure.as_deref(), Some("post not found"));
    assert_eq!(run_all(&blog.db).await.unwrap(), 0);
}
