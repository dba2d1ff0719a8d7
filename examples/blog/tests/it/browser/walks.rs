//! The questions that operators come with, answered with the keyboard alone.

use super::{operator::Operator, session::ENTER, week::Week};

#[actix_web::test]
async fn who_deleted_this_post_is_answered_with_the_keyboard_with_and_without_scripts() {
    let week = Week::new("who_deleted").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let walk = async || {
        operator.visit("/audit/timeline").await;
        operator.tab_to("Table").await;
        operator.write("posts").await;
        operator.tab_to("Change").await;
        operator.write("d").await;
        operator.browser.press([ENTER]).await;
        operator.choose("Apply").await;
        operator
            .read(&["1 change", "post.deleted_via_api", "alice"])
            .await;
        operator.choose("post.deleted_via_api").await;
        let seen = operator.read(&["spam", "CHEAP WATCHES!!! <script>"]).await;
        assert!(seen.contains("alice"), "{seen}");
    };
    walk().await;
    operator.forbid_scripts().await;
    walk().await;
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn what_an_actor_did_yesterday_is_answered_with_the_keyboard_with_and_without_scripts() {
    let week = Week::new("did_yesterday").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let day = |date: chrono::NaiveDate| date.format("%-d %B %Y").to_string();
    let walk = async || {
        operator.visit("/audit/timeline").await;
        operator.read(&[&day(week.monday)]).await;
        operator.tab_to("Actor").await;
        operator.write("user:alice").await;
        operator.tab_to("From").await;
        operator.write(&week.yesterday.to_string()).await;
        operator.choose("Apply").await;
        let seen = operator.read(&["4 changes", "post.deleted_via_api"]).await;
        assert!(!seen.contains(&day(week.monday)), "{seen}");
    };
    walk().await;
    operator.forbid_scripts().await;
    walk().await;
    operator.heard_no_complaint().await;
    week.served.stop().await;
}
