//! Who gets to the operator surface. What its pages show is tested where they are made, and in a browser.

use actix_web::{http::Method, test::TestRequest};

use crate::support::{Answer, Blog};

/// `operator:demo`.
const OPERATOR: &str = "Basic b3BlcmF0b3I6ZGVtbw==";

async fn open(blog: &Blog, path: &str, sent: Option<&str>) -> Answer {
    let mut request = TestRequest::get().uri(path);
    if let Some(sent) = sent {
        request = request.insert_header(("authorization", sent));
    }
    blog.send(request).await
}

#[actix_web::test]
async fn whoever_has_not_signed_in_is_asked_to_on_every_path_of_the_pages() {
    let blog = Blog::new("sign_in").await;
    blog.post("Hello", "hello").await;
    for path in ["/audit/timeline", "/audit/transactions/1", "/audit/nowhere"] {
        // Nobody, a wrong password, a wrong user, a wrong scheme, a token that nobody has.
        for sent in [
            None,
            Some("Basic b3BlcmF0b3I6ZGVtbzE="),
            Some("Basic YWxpY2U6ZGVtbw=="),
            Some("Digest demo"),
            Some("Bearer demo"),
        ] {
            let answer = open(&blog, path, sent).await;
            assert_eq!(answer.status, 401, "{path} {sent:?}: {answer:?}");
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, "Basic realm=\"audit\", charset=\"UTF-8\"");
            assert!(!answer.text.contains("post"), "{answer:?}");
        }
    }
    let page = open(&blog, "/audit/timeline", Some(OPERATOR)).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text.contains("post.created_via_api"), "{page:?}");
}

#[actix_web::test]
async fn for_a_member_of_the_blog_the_pages_do_not_exist() {
    let blog = Blog::new("member_at_audit").await;
    for path in ["/audit/timeline", "/audit/nowhere"] {
        let answer = blog.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(!answer.text.contains("Threadline"), "{answer:?}");
    }
}

#[actix_web::test]
async fn the_password_of_an_operator_opens_nothing_but_the_pages() {
    let blog = Blog::new("operator_password").await;
    let (id, _) = blog.post("Hello", "hello").await;
    for (method, path) in [
        (Method::GET, "/api/timeline".to_owned()),
        (Method::GET, "/auditors".to_owned()),
        (Method::POST, format!("/api/posts/{id}/publish_later")),
    ] {
        let request = TestRequest::with_uri(&path).method(method);
        let answer = blog
            .send(request.insert_header(("authorization", OPERATOR)))
            .await;
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
    }
}
