//! The templates of the pages, from `templates/audit`.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};

use super::prose::prose;
use super::text::{number, spelled, visible};

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/audit/", $name, ".html.jinja")))),*]
    };
}

/// Every template: what is shared, then one for each page.
const TEMPLATES: &[(&str, &str)] = &templates![
    "layout",
    "part/value",
    "part/search",
    "part/change",
    "part/policy",
    "part/views",
    "denied",
    "notice",
    "timeline",
    "home",
    "row",
    "activity",
    "coverage",
    "redaction",
    "retention",
    "export_jobs",
    "transaction",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .expect("the default delimiters are valid"),
    );
    env.add_filter("visible", visible);
    env.add_filter("spelled", spelled);
    env.add_filter("number", number);
    env.add_filter("prose", prose);
    for (name, source) in TEMPLATES {
        env.add_template(name, source)
            .expect("a template of this crate parses");
    }
    env
});

/// Renders a template.
pub(super) fn render(name: &str, context: Value) -> Result<String, minijinja::Error> {
    ENVIRONMENT.get_template(name)?.render(context)
}
