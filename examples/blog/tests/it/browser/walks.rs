//! The questions that operators come with, answered with the keyboard alone.

use sea_orm::ConnectionTrait as _;

use super::{
    operator::Operator,
    session::{ENTER, RIGHT},
    week::Week,
};

#[actix_web::test]
async fn who_deleted_this_post_is_answered_with_the_keyboard_with_and_without_scripts() {
    const QUESTION: &str = "table:posts op:delete since:7d";
    let week = Week::new("who_deleted").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let found = ["1 change", "post.deleted_via_api", "alice"];
    let answer = ["reason spam", "alice", "CHEAP WATCHES!!! <script>"];

    // The keys of the script: to the search, to the first entry, into it.
    operator.visit("/audit/timeline").await;
    operator.browser.press(['/']).await;
    operator.write(QUESTION).await;
    operator.browser.press([ENTER]).await;
    operator.read(&found).await;
    operator.browser.press(['j', ENTER]).await;
    operator.read(&answer).await;

    operator.forbid_scripts().await;
    operator.visit("/audit/timeline").await;
    operator.tab_to("Search the timeline").await;
    operator.write(QUESTION).await;
    operator.browser.press([ENTER]).await;
    operator.read(&found).await;
    operator.choose("post.deleted_via_api").await;
    operator.read(&answer).await;
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn what_an_actor_did_yesterday_is_answered_with_the_keyboard_with_and_without_scripts() {
    let week = Week::new("did_yesterday").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let day = |date: chrono::NaiveDate| date.format("%-d %B %Y").to_string();
    let walk = async || {
        operator.visit("/audit").await;
        operator.tab_to("Kind and id").await;
        operator.write("user:alice").await;
        operator.browser.press([ENTER]).await;
        operator
            .read(&["What the actor did", &day(week.monday)])
            .await;
        operator.choose("yesterday").await;
        let seen = operator
            .read(&["since", &day(week.yesterday), "post.deleted_via_api"])
            .await;
        assert!(!seen.contains(&day(week.monday)), "{seen}");
    };
    walk().await;
    operator.forbid_scripts().await;
    walk().await;
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn what_a_row_looked_like_on_monday_is_answered_with_the_keyboard_with_and_without_scripts() {
    let week = Week::new("on_monday").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let monday = week.monday.format("%m%d%Y").to_string();
    let walk = async || {
        operator.visit("/audit").await;
        operator.tab_to("Table").await;
        operator.write("posts").await;
        operator.tab_to("Id").await;
        operator.write("2").await;
        operator.browser.press([ENTER]).await;
        operator
            .read(&["The record is there", "Tide tables, June to August"])
            .await;
        operator.tab_to("At (UTC)").await;
        operator.write(&monday).await;
        operator.browser.press([RIGHT]).await;
        operator.write("093000000AM").await;
        operator.browser.press([ENTER]).await;
        let seen = operator
            .read(&["The record was there", "What changed between"])
            .await;
        let (then, between) = seen.split_once("What changed between").unwrap();
        assert!(then.contains("Tide tables for June"), "{seen}");
        assert!(!then.contains("to August"), "{seen}");
        assert!(between.contains("Tide tables, June to August"), "{seen}");
    };
    walk().await;
    operator.forbid_scripts().await;
    walk().await;
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn whether_everything_is_covered_is_answered_with_the_keyboard_with_and_without_scripts() {
    let week = Week::new("covered").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let walk = async |wanted: &[&str]| {
        operator.visit("/audit").await;
        operator.choose("Coverage").await;
        operator.read(wanted).await;
    };
    walk(&["all tables covered", "the application expects it"]).await;
    let forgotten = "CREATE TABLE invoices (id integer PRIMARY KEY)";
    week.blog.db.execute_unprepared(forgotten).await.unwrap();
    let fix = "cargo threadline gen-triggers --again --tables invoices";
    walk(&["1 table needs capture", "invoices", fix]).await;
    operator.forbid_scripts().await;
    walk(&["1 table needs capture", "invoices", fix]).await;
    operator.heard_no_complaint().await;
    week.served.stop().await;
}
