//! Who gets to the operator surface. What its pages show is tested where they are made, and in a browser.

use actix_web::{http::Method, test::TestRequest};

use blog::story;

use crate::{
    browser::PAGES,
    support::{Answer, Blog},
};

/// `operator:demo`.
const OPERATOR: &str = "Basic b3BlcmF0b3I6ZGVtbw==";
/// `support:demo`.
const SUPPORT: &str = "Basic c3VwcG9ydDpkZW1v";

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
    for (path, realm) in [
        ("/audit/timeline", "audit"),
        ("/audit/transactions/1", "audit"),
        ("/support/audit/nowhere", "support"),
    ] {
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
            assert_eq!(
                challenge,
                format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
            );
            assert!(!answer.text.contains("post"), "{answer:?}");
        }
    }
    let page = open(&blog, "/audit/timeline", Some(OPERATOR)).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text.contains("post.created_via_api"), "{page:?}");
}

#[actix_web::test]
async fn for_members_of_the_blog_and_for_operators_of_the_other_surface_no_page_exists() {
    let blog = Blog::new("member_at_audit").await;
    for (path, sent) in [
        ("/audit/timeline", "Bearer demo-token-alice"),
        ("/support/audit/nowhere", "Bearer demo-token-alice"),
        ("/support/audit/timeline", OPERATOR),
        ("/audit/timeline", SUPPORT),
    ] {
        let answer = open(&blog, path, Some(sent)).await;
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

#[actix_web::test]
async fn support_sees_the_changes_of_its_organisation_and_not_a_byte_of_another() {
    let blog = Blog::new("support").await;
    let served = blog.serve();
    story::tell(served.address, &blog.db).await.unwrap();
    served.stop().await;
    let timeline = open(&blog, "/support/audit/timeline", Some(SUPPORT)).await;
    assert!(timeline.text.contains("alice"), "{timeline:?}");
    // Bob's transactions are 10 to 12.
    let foreign = ["/transactions/10", "/transactions/12"];
    for page in PAGES.into_iter().chain(foreign) {
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        for page in [page.to_owned(), format!("{path}.json?{query}")] {
            let answer = open(&blog, &format!("/support/audit{page}"), Some(SUPPORT)).await;
            assert_ne!(answer.status, 500, "{page}: {answer:?}");
            let text = answer.text.to_lowercase();
            for of_another in ["lambing", "bob", "meadow", "twins"] {
                assert!(!text.contains(of_another), "{page}: {text}");
            }
        }
    }
    for page in foreign {
        let answer = open(&blog, &format!("/support/audit{page}"), Some(SUPPORT)).await;
        assert_eq!(answer.status, 404, "{page}: {answer:?}");
        let there = open(&blog, &format!("/audit{page}"), Some(OPERATOR)).await;
        assert_eq!(there.status, 200, "{page}: {there:?}");
    }
}
