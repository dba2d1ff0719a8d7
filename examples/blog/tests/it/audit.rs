use actix_web::{http::Method, test::TestRequest};
use blog::entity::post;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use threadline::{
    Audited as _, CapturePolicy, DEFAULT_SCHEMA, SchemaName,
    codegen::{TableName, capture, introspect},
};

use crate::support::{Answer, Blog};

/// `operator:demo`.
const OPERATOR: &str = "Basic b3BlcmF0b3I6ZGVtbw==";

async fn open(blog: &Blog, path: &str) -> Answer {
    let request = TestRequest::get().uri(path);
    let answer = blog
        .send(request.insert_header(("authorization", OPERATOR)))
        .await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer
}

#[track_caller]
fn assert_shows(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(page.text.contains(text), "no `{text}` in {}", page.text);
    }
}

#[actix_web::test]
async fn the_pages_are_for_operators_only() {
    let blog = Blog::new("operators").await;
    let (_, id) = blog.post("Hello", "hello").await;
    let transaction = format!("/audit/transactions/{id}");
    for path in ["/audit", "/audit/style.css", &transaction, "/audit/nowhere"] {
        let request = || TestRequest::get().uri(path);
        // Nobody, a wrong password, a wrong user, a wrong scheme, a token that nobody has.
        for sent in [
            None,
            Some("Basic b3BlcmF0b3I6ZGVtbzE="),
            Some("Basic YWxpY2U6ZGVtbw=="),
            Some("Digest demo"),
            Some("Bearer demo"),
        ] {
            let request = match sent {
                Some(sent) => request().insert_header(("authorization", sent)),
                None => request(),
            };
            let answer = blog.send(request).await;
            assert_eq!(answer.status, 401, "{path} {sent:?}: {answer:?}");
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, "Basic realm=\"audit\", charset=\"UTF-8\"");
            assert!(!answer.text.contains("post"), "{answer:?}");
        }
        let user = blog.get(path).await;
        assert_eq!(user.status, 403, "{path}: {user:?}");
        assert_eq!(user.body, json!({"error": "only operators may see this"}));
    }
    assert_eq!(open(&blog, "/audit").await.status, 200);
}

#[actix_web::test]
async fn the_password_of_an_operator_opens_nothing_but_the_pages() {
    let blog = Blog::new("operator_password").await;
    let (id, _) = blog.post("Hello", "hello").await;
    for (method, path) in [
        (Method::GET, "/api/timeline".to_owned()),
        (Method::POST, format!("/api/posts/{id}/publish_later")),
    ] {
        let request = TestRequest::with_uri(&path).method(method);
        let answer = blog
            .send(request.insert_header(("authorization", OPERATOR)))
            .await;
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
    }
}

#[actix_web::test]
async fn every_answer_under_audit_forbids_scripts_frames_sniffing_referrers_and_caches() {
    let blog = Blog::new("page_headers").await;
    for (path, sent, status) in [
        ("/audit", OPERATOR, 200),
        ("/audit/style.css", OPERATOR, 200),
        ("/audit/transactions/7", OPERATOR, 404),
        ("/audit?page_token=nonsense", OPERATOR, 400),
        ("/audit", "Bearer demo-token-alice", 403),
        ("/audit", "Basic nonsense", 401),
    ] {
        let request = TestRequest::get().uri(path);
        let answer = blog
            .send(request.insert_header(("authorization", sent)))
            .await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let policy = answer.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
    }
}

#[actix_web::test]
async fn the_timeline_page_names_change_record_actor_action_and_fields() {
    let blog = Blog::new("timeline_page").await;
    assert_shows(
        &open(&blog, "/audit").await,
        &["No changes were captured yet."],
    );
    let (id, transaction) = blog.post("Hello", "hello").await;
    let changes = json!({"post": {"title": "Bye", "author_email": "b@example.com"}});
    let path = format!("/api/posts/{id}");
    let changed = blog.alice(Method::PATCH, &path, changes).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let truncate = "BEGIN; TRUNCATE posts CASCADE; COMMIT";
    blog.db.execute_unprepared(truncate).await.unwrap();

    let page = open(&blog, "/audit").await;
    assert_shows(
        &page,
        &[
            ">update</span>",
            "posts <code>{&quot;id&quot;: 1}</code>",
            "<td>user:alice</td>",
            "<div>post.updated_via_api</div>",
            "<td>title, author_email</td>",
            &format!("href=\"/audit/transactions/{transaction}\""),
            // What nobody took responsibility for.
            ">truncate</span>",
            "posts <em>every row</em>",
            "<td>nobody</td>",
        ],
    );
    assert!(!page.text.contains("example.com"));

    let found = open(&blog, "/audit?table=posts&correlation_id=demo").await;
    assert_shows(&found, &["post.created_via_api", "value=\"demo\""]);
    assert!(!found.text.contains("truncate"));
    for missed in ["/audit?table=jobs", "/audit?table=&correlation_id=other"] {
        assert_shows(&open(&blog, missed).await, &["No changes match."]);
    }
}

#[actix_web::test]
async fn older_changes_are_a_link_away() {
    let blog = Blog::new("older").await;
    let sql = "INSERT INTO posts (organisation, title, slug) SELECT 'harbour', 'a & b', n FROM generate_series(1, 51) AS n";
    blog.db.execute_unprepared(sql).await.unwrap();
    let rows = |page: &Answer| page.text.matches("<span class=\"op insert\">").count();
    let newest = open(&blog, "/audit?table=posts").await;
    assert_eq!(rows(&newest), 50);
    let (_, link) = newest
        .text
        .split_once("<a href=\"/audit?table=posts")
        .unwrap();
    let (link, _) = link.split_once('"').unwrap();
    let older = format!("/audit?table=posts{}", link.replace("&amp;", "&"));
    let older = open(&blog, &older).await;
    assert_eq!(rows(&older), 1);
    assert_shows(&older, &[">Newest</a>"]);
    assert!(!older.text.contains(">Older</a>"));
}

#[actix_web::test]
async fn the_transaction_page_says_masked_null_and_not_recorded_in_words() {
    let blog = Blog::new("transaction_page").await;
    let (id, created) = blog.post("Hello", "hello").await;
    let page = open(&blog, &format!("/audit/transactions/{created}")).await;
    assert_shows(
        &page,
        &[
            "<dd>user:alice</dd>",
            "<a href=\"/audit?correlation_id=demo\">demo</a>",
            "<strong>post.created_via_api</strong>",
            "<td>title</td><td><em>no row</em></td><td><code>&quot;Hello&quot;</code></td>",
            "<td>author_email</td><td><em>no row</em></td><td><em>masked</em></td>",
            "<td>published_at</td><td><em>no row</em></td><td><em>NULL</em></td>",
        ],
    );
    let path = format!("/api/posts/{id}?reason=spam");
    let deleted = blog.alice(Method::DELETE, &path, Value::Null).await;
    let deleted = &deleted.body["audit_transaction_id"];
    let page = open(&blog, &format!("/audit/transactions/{deleted}")).await;
    assert_shows(
        &page,
        &[
            "<strong>post.deleted_via_api</strong>: spam",
            "<td>title</td><td><code>&quot;Hello&quot;</code></td><td><em>no row</em></td>",
        ],
    );

    let (id, _) = blog.post("Hello", "hello").await;
    forget_previous_values(&blog).await;
    let changed = json!({"post": {"title": "Bye"}});
    let path = format!("/api/posts/{id}");
    let changed = blog.alice(Method::PATCH, &path, changed).await;
    let changed = &changed.body["audit_transaction_id"];
    let page = open(&blog, &format!("/audit/transactions/{changed}")).await;
    let field = "<td>title</td><td><em>not recorded</em></td><td><code>&quot;Bye&quot;</code></td>";
    assert_shows(&page, &[field]);
}

/// Generates the triggers of `posts` anew, for changes without previous values.
async fn forget_previous_values(blog: &Blog) {
    let schema = SchemaName::new(DEFAULT_SCHEMA).unwrap();
    let table = TableName::new("public", "posts").unwrap();
    let policy = CapturePolicy {
        store_changed_from: false,
        ..post::Entity::policy()
    };
    let spec = introspect(&schema, &table, policy, &blog.db).await.unwrap();
    let sql = capture(&schema, &spec, None).unwrap().up;
    blog.db.execute_unprepared(&sql).await.unwrap();
}

#[actix_web::test]
async fn what_users_write_is_text_on_every_page_and_in_every_link() {
    let blog = Blog::new("hostile").await;
    let evil = "</code><script>alert('x')</script>\"&amp;";
    let body = json!({"post": {"title": evil, "slug": evil}});
    let request = TestRequest::post()
        .uri("/api/posts")
        .insert_header(("authorization", "Bearer demo-token-alice"))
        .insert_header(("x-request-id", "\"><script>alert(1)</script>"))
        .insert_header(("x-correlation-id", "\"'><script>&page_token=x#"))
        .set_json(&body);
    let created = blog.send(request).await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = &created.body["audit_transaction_id"];
    let reason = "/api/posts/1?reason=%3Cscript%3E";
    let deleted = blog.alice(Method::DELETE, reason, Value::Null).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    let deleted = &deleted.body["audit_transaction_id"];
    for path in [
        "/audit".to_owned(),
        format!("/audit/transactions/{id}"),
        format!("/audit/transactions/{deleted}"),
        "/audit?table=%22%3E%3Cscript%3E&correlation_id=%22%3E%3Cscript%3E".to_owned(),
    ] {
        let page = open(&blog, &path).await;
        assert!(!page.text.contains("<script"), "{path}: {}", page.text);
        assert!(!page.text.contains("\"'>"), "{path}: {}", page.text);
    }
    let page = open(&blog, &format!("/audit/transactions/{id}")).await;
    assert_shows(
        &page,
        &[
            "&lt;script&gt;alert(1)&lt;",
            "href=\"/audit?correlation_id=%22%27%3E%3Cscript%3E%26page_token%3Dx%23\"",
        ],
    );
}
