use serde_json::Value;

use super::session::Session;

/// axe-core, as npm has it.
const AXE: &str = include_str!("axe/axe.min.js");

/// What axe finds wrong with a page, if it is serious.
const SERIOUS: &str = "
    const done = arguments[arguments.length - 1];
    const shown = ({id, impact, help, nodes}) => ({
        id, impact, help, nodes: nodes.map(node => ({html: node.html, summary: node.failureSummary})),
    });
    axe.run(document, {resultTypes: ['violations']}).then(
        ({violations, passes}) => done({
            passed: passes.length,
            violations: violations.filter(({impact}) => ['serious', 'critical'].includes(impact)).map(shown),
        }),
        error => done({error: String(error)}),
    );
";

/// Fails if the page that is open has a serious or critical fault of accessibility.
pub(crate) async fn assert_accessible(browser: &Session, page: &str) {
    browser.execute(AXE).await;
    let found: Value = browser.execute_async(SERIOUS).await;
    // So that a check which looked at nothing is no success.
    assert!(found["passed"].as_u64() > Some(10), "{page}: {found:#}");
    assert_eq!(
        found["violations"],
        Value::Array(Vec::new()),
        "{page}: {found:#}"
    );
}
