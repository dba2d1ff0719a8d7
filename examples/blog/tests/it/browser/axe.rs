use serde_json::Value;

use super::session::Session;

/// axe-core, as npm has it.
const AXE: &str = include_str!("axe/axe.min.js");

/// What axe finds wrong with a page, if it is serious: a line for each, with the first elements it is about.
const SERIOUS: &str = "
    const done = arguments[arguments.length - 1];
    const line = ({id, impact, nodes}) => nodes.slice(0, 3).map(
        ({html, failureSummary}) => `${impact} ${id}: ${html} ${failureSummary.replaceAll(/\\s+/g, ' ')}`
    ).join('\\n') + (nodes.length > 3 ? `\\n and ${nodes.length - 3} more` : '');
    axe.run(document, {resultTypes: ['violations']}).then(
        ({violations, passes}) => done({
            passed: passes.length,
            serious: violations.filter(({impact}) => ['serious', 'critical'].includes(impact)).map(line),
        }),
        error => done({error: String(error)}),
    );
";

/// The serious and critical faults of accessibility that the page has which is open.
pub(crate) async fn faults(browser: &Session) -> Vec<String> {
    browser.execute(AXE).await;
    let found: Value = browser.execute_async(SERIOUS).await;
    // A check that looked at nothing is no success.
    assert!(found["passed"].as_u64() > Some(10), "{found:#}");
    serde_json::from_value(found["serious"].clone()).unwrap()
}
