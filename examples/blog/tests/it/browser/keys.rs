//! What the keyboard does on pages with scripts.

use serde_json::{Value, json};

use super::{
    operator::Operator,
    session::{ENTER, ESCAPE, LEFT},
    week::Week,
};

/// What the page answers to a question in its own language.
async fn asked(operator: &Operator, question: &str) -> Value {
    let script = format!("return {question}");
    operator.browser.execute(&script).await
}

#[actix_web::test]
async fn an_entry_without_a_page_of_its_own_takes_the_focus() {
    let week = Week::new("keys_entries").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    operator.visit("/audit/policy/redaction").await;
    let place = "[...document.querySelectorAll('[data-entry]')].indexOf(document.activeElement)";
    for (key, expected) in [('j', 0), ('j', 1), ('k', 0)] {
        operator.browser.press([key]).await;
        assert_eq!(asked(&operator, place).await, json!(expected), "{key}");
    }
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn the_slider_waits_for_enter_and_keeps_the_comparison() {
    let week = Week::new("keys_slider").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let path = "/audit/rows/public.posts/2?compare=2040-01-01";
    operator.visit(path).await;
    operator.read(&["The record is there"]).await;
    operator
        .tab_to("Change, counted from the oldest shown")
        .await;
    let value = "document.getElementById('step').value";
    let newest: i64 = asked(&operator, value)
        .await
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(newest > 1);
    operator.browser.press([LEFT]).await;
    let older = asked(&operator, value).await;
    assert_eq!(older, json!((newest - 1).to_string()));
    assert_eq!(
        asked(&operator, "location.search").await,
        json!("?compare=2040-01-01")
    );
    operator.browser.press([ENTER]).await;
    operator
        .read(&["The record was there", "What changed between"])
        .await;
    let search = asked(&operator, "location.search").await;
    let search = search.as_str().unwrap();
    assert!(
        search.contains("compare=2040-01-01") && search.contains("step="),
        "{search}"
    );
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn single_keys_can_be_switched_off_and_on_again() {
    let week = Week::new("keys_off").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let searching = "document.activeElement.id == 'q'";
    let switch = async || {
        operator.choose("Keys").await;
        operator.tab_to("These keys are on").await;
        operator.browser.press([' ', ESCAPE]).await;
    };
    operator.visit("/audit/timeline").await;
    switch().await;
    for _ in 0..2 {
        operator.browser.press(['/']).await;
        assert_eq!(asked(&operator, searching).await, json!(false));
        operator.visit("/audit/timeline?from=all").await;
    }
    switch().await;
    operator.browser.press(['/']).await;
    assert_eq!(asked(&operator, searching).await, json!(true));
    operator.heard_no_complaint().await;
    week.served.stop().await;
}
