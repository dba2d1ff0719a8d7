//! The minijinja environment: every SQL text comes from `templates/sql`.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use super::quote::{quote_dollar, quote_ident, quote_literal};
use crate::schema::SchemaName;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/sql/", $name, ".sql.jinja")))),*]
    };
}

type Template = (&'static str, &'static str);

/// The objects of the audit schema, in the order in which they need one another.
pub(super) const SCHEMA_OBJECTS: [Template; 28] = templates![
    "schema/roles",
    "schema/tables",
    "schema/row_key",
    "schema/append_only",
    "schema/partitions",
    "schema/read_context",
    "schema/recall_transaction",
    "schema/own_transaction",
    "schema/begin_transaction",
    "schema/current_transaction",
    "schema/set_context",
    "schema/record_action",
    "schema/exact_values",
    "schema/place_late",
    "schema/place_nested",
    "schema/drift",
    "schema/references",
    "schema/evidence",
    "schema/retention",
    "schema/retention_rules",
    "schema/purge",
    "schema/drop_partition",
    "schema/saved_views",
    "schema/export_jobs",
    "schema/privileges",
    "schema/retention_privileges",
    "schema/saved_view_privileges",
    "schema/export_job_privileges",
];

const OTHERS: [Template; 12] = templates![
    "pinned",
    "schema/drop",
    "capture/guard",
    "capture/function",
    "capture/body",
    "capture/statement_body",
    "capture/truncate",
    "capture/truncate_body",
    "capture/triggers",
    "capture/ownership",
    "capture/drop",
    "baseline/chunk",
];

/// What health asks the catalogue and the trail, and what it offers to run.
const HEALTH: [Template; 23] = templates![
    "health/tables",
    "health/columns",
    "health/triggers",
    "health/leaves",
    "health/functions",
    "health/without_context",
    "health/malformed_context",
    "health/integrity",
    "health/mark_lost",
    "health/partitions",
    "health/stray",
    "health/adopt_default",
    "health/audit_triggers",
    "health/application_roles",
    "health/memberships",
    "health/all_data",
    "health/privileges",
    "health/owned_tables",
    "health/owners",
    "health/hand_over",
    "health/json_casts",
    "health/replica_settings",
    "health/restored",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .expect("the default delimiters are valid"),
    );
    env.add_filter("ident", |name: String| quote_ident(&name));
    env.add_filter("literal", |text: String| quote_literal(&text));
    env.add_filter("dollar_quote", |text: String, tag: Option<String>| {
        quote_dollar(&text, tag.as_deref().unwrap_or("threadline"))
    });
    env.add_filter("text_array", |names: Vec<String>| {
        let names: Vec<_> = names.iter().map(|name| quote_literal(name)).collect();
        format!("ARRAY[{}]::pg_catalog.text[]", names.join(", "))
    });
    for (word, operator) in [
        ("eq", "="),
        ("ne", "<>"),
        ("le", "<="),
        ("gt", ">"),
        ("cat", "||"),
        ("minus", "-"),
        ("get", "->"),
        ("text", "->>"),
        ("path_text", "#>>"),
        ("matches", "~"),
        ("has", "?"),
        ("has_all", "?&"),
        ("has_any", "?|"),
        ("like", "~~"),
        ("contains", "@>"),
    ] {
        env.add_global(word, format!("OPERATOR(pg_catalog.{operator})"));
    }
    for (name, source) in SCHEMA_OBJECTS.iter().chain(&OTHERS).chain(&HEALTH) {
        env.add_template(name, source)
            .expect("a template of this crate parses");
    }
    env
});

/// Renders a template that speaks of the audit schema.
pub(super) fn render(name: &str, schema: &SchemaName, more: Value) -> String {
    let quoted = schema.quoted();
    let secret = quote_literal(&format!("{quoted}.transaction_secret"));
    let seal = move |own: String| seal(&secret, &own);
    let role = |role: &str| format!("{schema}_{role}");
    let common = context! {
        schema => quoted,
        schema_name => schema.as_str(),
        owner_role => role("owner"),
        capture_role => role("capture"),
        reader_role => role("reader"),
        writer_role => role("writer"),
        retention_role => role("retention"),
        seal => Value::from_function(seal),
        may_own => Value::from_function(may_own),
        ..more
    };
    ENVIRONMENT
        .get_template(name)
        .and_then(|template| template.render(common))
        .expect("a template of this crate renders: the tests render every one")
}

/// The text under a `search_path` of its own.
pub(super) fn pinned(schema: &SchemaName, sql: &str) -> String {
    render("pinned", schema, context! { sql => sql })
}

/// The condition that the current role may give objects to a role and go on to grant on them. Since
/// version 16 of PostgreSQL a role is a member of those it created without being able to do so.
fn may_own(role: String, named: Option<bool>) -> String {
    let role = if named.unwrap_or(true) {
        quote_literal(&role)
    } else {
        role
    };
    format!(
        "coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'USAGE') AND CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN true ELSE pg_catalog.pg_has_role(current_user, r.oid, 'SET') END FROM pg_catalog.pg_roles r WHERE r.rolname = {role}), false)"
    )
}

/// The expression that seals `xid:id` of a transaction's row into the cache. The secret is the value of a
/// sequence that only the capture functions may read. A conversion to `SQL_ASCII` takes the bytes as
/// they are and can't fail, whatever the session put into the id.
fn seal(secret: &str, own: &str) -> String {
    let cat = "OPERATOR(pg_catalog.||)";
    format!(
        "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.pg_sequence_last_value({secret}::pg_catalog.regclass)::pg_catalog.text {cat} ':' {cat} {own}, 'SQL_ASCII')), 'hex')"
    )
}
