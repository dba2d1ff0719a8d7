//! The questions that operators come with, answered with the keyboard alone.

use actix_web::http::Method;
use serde_json::Value;

use super::{operator::Operator, session::ENTER};
use crate::support::Blog;

#[actix_web::test]
async fn who_deleted_this_post_is_answered_with_the_keyboard_with_and_without_scripts() {
    let blog = Blog::new("who_deleted").await;
    let (id, _) = blog.post("Hello", "hello").await;
    let path = format!("/api/posts/{id}?reason=spam");
    let deleted = blog.alice(Method::DELETE, &path, Value::Null).await;
    let deleted = deleted.body["audit_transaction_id"].to_string();
    let served = blog.serve();
    let operator = Operator::at(served.address, "operator:demo").await;
    let walk = async || {
        operator.visit("/audit").await;
        operator.tab_to("Table").await;
        operator.write("posts").await;
        operator.browser.press([ENTER]).await;
        operator.read(&["delete", "user:alice"]).await;
        operator.choose(&deleted).await;
        operator.read(&["post.deleted_via_api: spam"]).await;
    };
    walk().await;
    operator.forbid_scripts().await;
    walk().await;
    operator.heard_no_complaint().await;
    served.stop().await;
}
