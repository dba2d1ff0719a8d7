//! The objects that the rendered SQL makes, as the catalogue should show them.
//!
//! Health compares a database with these, so that there is one home of what is generated: the
//! templates. Only what stands at the beginning of a line is an object; what a `DO` block makes is
//! not seen.

use std::collections::BTreeMap;

use minijinja::context;
use sha2::{Digest, Sha256};

use super::{
    InvalidSpec, TableSpec, base_schema, capture,
    template::{SCHEMA_OBJECTS, render},
};
use crate::schema::SchemaName;

const FUNCTION: &str = "CREATE OR REPLACE FUNCTION ";
const TRIGGER: &str = "CREATE OR REPLACE TRIGGER ";

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenderedFunction {
    /// The bare name.
    pub(crate) name: String,
    /// The SHA-256 of the body, in hex.
    pub(crate) body: String,
    /// The settings that it pins, as [`setting`] writes them, sorted.
    pub(crate) settings: Vec<String>,
    /// Whether it runs with the rights of its owner.
    pub(crate) security_definer: bool,
    /// The whole statement.
    pub(crate) sql: String,
}

/// A trigger of a table of the audit schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenderedTrigger {
    /// The name.
    pub(crate) name: String,
    /// The bare name of the table.
    pub(crate) table: String,
    /// The bare name of the function.
    pub(crate) function: String,
    /// `pg_trigger.tgtype`.
    pub(crate) kind: i32,
    /// The whole statement.
    pub(crate) sql: String,
}

/// The functions that capture a table.
///
/// # Errors
/// As for [`capture`].
pub(crate) fn capture_functions(
    schema: &SchemaName,
    spec: &TableSpec,
) -> Result<Vec<RenderedFunction>, InvalidSpec> {
    Ok(functions(schema, &capture(schema, spec, None)?.up))
}

/// The functions of the audit schema itself.
pub(crate) fn schema_functions(schema: &SchemaName) -> Vec<RenderedFunction> {
    functions(schema, &base_schema(schema).up)
}

/// The triggers of the audit tables.
pub(crate) fn schema_triggers(schema: &SchemaName) -> Vec<RenderedTrigger> {
    let up = base_schema(schema).up;
    let statements = up.lines().filter(|line| line.starts_with(TRIGGER));
    statements.filter_map(|sql| trigger(schema, sql)).collect()
}

/// The part of the installation that says who owns and who may do what.
pub(crate) fn schema_privileges(schema: &SchemaName) -> String {
    let parts = SCHEMA_OBJECTS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.ends_with("privileges"));
    let parts: Vec<_> = parts
        .map(|name| render(name, schema, context! {}))
        .collect();
    parts.join("\n")
}

/// The roles that the installation makes.
pub(crate) fn schema_roles(schema: &SchemaName) -> Vec<String> {
    let sql = render("schema/roles", schema, context! {});
    let list = sql.split_once("ARRAY[").map_or("", |(_, rest)| rest);
    let list = list.split_once(']').map_or("", |(list, _)| list);
    let names = list.split(',').map(|name| name.trim().trim_matches('\''));
    names.map(str::to_owned).collect()
}

/// The functions of the audit schema that the installation lets roles execute, each with its role.
pub(crate) fn schema_grants(schema: &SchemaName) -> Vec<(String, String)> {
    let privileges = schema_privileges(schema);
    let prefix = format!("{}.", schema.quoted());
    let mut grants = Vec::new();
    for grant in privileges.split("'GRANT EXECUTE ON FUNCTION ").skip(1) {
        let Some((list, rest)) = grant.split_once(" TO ") else {
            continue;
        };
        let Some((role, _)) = ident(rest) else {
            continue;
        };
        let functions = list.split(&prefix).skip(1);
        let names = functions.filter_map(|function| function.split_once('('));
        grants.extend(names.map(|(name, _)| (name.to_owned(), role.clone())));
    }
    grants
}

/// One setting in the form in which two of them compare: `timezone=UTC`.
pub(crate) fn setting(text: &str) -> String {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let plain = value.trim().trim_matches('\'');
    format!("{}={plain}", name.trim().to_ascii_lowercase())
}

/// The SHA-256 of a body, in hex.
pub(crate) fn digest(body: &str) -> String {
    let digest = Sha256::digest(body);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn functions(schema: &SchemaName, sql: &str) -> Vec<RenderedFunction> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(at) = start_of_line(rest, FUNCTION) {
        let text = &rest[at..];
        let Some((function, end)) = function(schema, text) else {
            rest = &text[FUNCTION.len()..];
            continue;
        };
        found.push(function);
        rest = &text[end..];
    }
    found
}

fn start_of_line(text: &str, what: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find(what) {
        let at = from + at;
        if at == 0 || text[..at].ends_with('\n') {
            return Some(at);
        }
        from = at + what.len();
    }
    None
}

/// The function at the beginning of the text, and where its statement ends.
fn function(schema: &SchemaName, text: &str) -> Option<(RenderedFunction, usize)> {
    let rest = text[FUNCTION.len()..].strip_prefix(&format!("{}.", schema.quoted()))?;
    let (name, rest) = ident(rest)?;
    let start = text.len() - rest.len();
    let attributes = start + rest.find("\nLANGUAGE ")?;
    let quote = attributes + text[attributes..].find(" AS $")? + " AS ".len();
    let tag_end = quote + 1 + text[quote + 1..].find('$')? + 1;
    let tag = &text[quote..tag_end];
    let body = &text[tag_end..tag_end + text[tag_end..].find(tag)?];
    let end = tag_end + body.len() + tag.len();
    let end = end + text[end..].find(';')? + 1;
    let attributes: Vec<_> = text[attributes..quote - " AS ".len()]
        .split_whitespace()
        .collect();
    let attributes = attributes.join(" ");
    let mut parts = attributes.split(" SET ");
    let security_definer = parts.next()?.contains("SECURITY DEFINER");
    // The last value of a setting counts.
    let settings: BTreeMap<_, _> = parts
        .map(setting)
        .filter_map(|text| Some((text.split_once('=')?.0.to_owned(), text)))
        .collect();
    let mut settings: Vec<_> = settings.into_values().collect();
    settings.sort_unstable();
    let function = RenderedFunction {
        name,
        body: digest(body),
        settings,
        security_definer,
        sql: text[..end].to_owned(),
    };
    Some((function, end))
}

/// The name at the beginning of the text, without its quotes, and what follows.
fn ident(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut from = 0;
    loop {
        let at = from + quoted[from..].find('"')?;
        if !quoted[at + 1..].starts_with('"') {
            return Some((quoted[..at].replace("\"\"", "\""), &quoted[at + 1..]));
        }
        from = at + 2;
    }
}

fn trigger(schema: &SchemaName, sql: &str) -> Option<RenderedTrigger> {
    let prefix = format!("{}.", schema.quoted());
    let (name, rest) = sql.strip_prefix(TRIGGER)?.split_once(' ')?;
    let (when, rest) = rest.split_once(&format!(" ON {prefix}"))?;
    let (table, rest) = rest.split_once(" FOR EACH ")?;
    let (level, rest) = rest.split_once(&format!(" EXECUTE FUNCTION {prefix}"))?;
    let (function, _) = rest.split_once('(')?;
    let mut kind = if level == "ROW" { ROW } else { 0 };
    let (timing, events) = when.split_once(' ')?;
    if timing == "BEFORE" {
        kind |= BEFORE;
    }
    for event in events.split(" OR ") {
        kind |= event_bit(event)?;
    }
    Some(RenderedTrigger {
        name: name.to_owned(),
        table: table.to_owned(),
        function: function.to_owned(),
        kind,
        sql: sql.to_owned(),
    })
}

/// The bit of a row trigger in `pg_trigger.tgtype`.
pub(crate) const ROW: i32 = 1;
/// The bit of a BEFORE trigger.
pub(crate) const BEFORE: i32 = 2;

/// The bit of an event.
pub(crate) fn event_bit(event: &str) -> Option<i32> {
    match event {
        "INSERT" => Some(4),
        "DELETE" => Some(8),
        "UPDATE" => Some(16),
        "TRUNCATE" => Some(32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CapturePolicy,
        codegen::{ColumnKind, ColumnSpec, TableName, capture_body, capture_function},
    };

    fn spec() -> TableSpec {
        let column = |name: &str, kind| ColumnSpec {
            name: name.to_owned(),
            kind,
        };
        TableSpec {
            name: TableName::new("we\"ird", "a $threadline$ AS $x$ b").expect("a name"),
            key: vec!["id".into()],
            columns: vec![
                column("id", ColumnKind::Plain),
                column("at", ColumnKind::Interval),
            ],
            partitioned: true,
            policy: CapturePolicy::default(),
        }
    }

    #[test]
    fn the_functions_of_a_capture_are_found_with_the_body_that_the_comment_signs() {
        let (schema, spec) = (SchemaName::default(), spec());
        let functions = capture_functions(&schema, &spec).expect("the spec is valid");
        let names: Vec<_> = functions.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(
            names,
            [capture_function(&spec), spec.name.object("truncate")]
        );
        let body = capture_body(&schema, &spec).expect("the spec is valid");
        assert_eq!(functions[0].body, digest(&body));
        assert_eq!(functions[0].settings, ["intervalstyle=postgres"]);
        assert!(functions.iter().all(|function| function.security_definer));
        assert_eq!(functions[1].settings, ["search_path=pg_catalog, pg_temp"]);
    }

    #[test]
    fn every_function_and_trigger_of_the_audit_schema_is_found() {
        let schema = SchemaName::default();
        let up = base_schema(&schema).up;
        let lines = |start: &str| up.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(schema_functions(&schema).len(), lines(FUNCTION));
        assert_eq!(schema_triggers(&schema).len(), lines(TRIGGER));
        assert!(lines(FUNCTION) > 10 && lines(TRIGGER) > 5);
        for function in schema_functions(&schema) {
            assert!(function.sql.ends_with("$threadline$;"), "{}", function.sql);
        }
    }

    #[test]
    fn the_roles_and_what_each_may_execute_are_known_from_the_text() {
        let schema = SchemaName::default();
        let roles = schema_roles(&schema);
        for role in ["owner", "capture", "reader", "writer", "retention"] {
            assert!(roles.contains(&format!("threadline_{role}")), "{roles:?}");
        }
        let grants = schema_grants(&schema);
        let may = |role: &str, function: &str| {
            grants.contains(&(function.to_owned(), format!("threadline_{role}")))
        };
        assert!(may("reader", "row_key") && may("reader", "row_ref"));
        assert!(may("writer", "set_context") && may("writer", "current_transaction"));
        assert!(!may("reader", "set_context") && !may("writer", "begin_transaction"));
        assert!(may("owner", "begin_transaction"));
        assert!(may("retention", "purge_batch") && !may("writer", "purge_batch"));
        // Grants are told one by one, or a function that was not granted would be taken for granted.
        let bulk = format!("ON ALL FUNCTIONS IN SCHEMA {}", schema.quoted());
        let privileges = schema_privileges(&schema);
        for line in privileges.lines().filter(|line| line.contains(&bulk)) {
            assert!(
                line.contains("REVOKE") || line.contains("threadline_capture"),
                "{line}"
            );
        }
    }

    #[test]
    fn the_lines_of_a_header_may_break_anywhere() {
        let sql = "CREATE OR REPLACE FUNCTION \"threadline\".f(a bigint) RETURNS SETOF \"threadline\".t\nLANGUAGE plpgsql SECURITY DEFINER\nSET c = 'e' SET a = b SET c = 'd' AS $x$ SET e = f $x$;";
        let [function] = &functions(&SchemaName::default(), sql)[..] else {
            panic!("one function")
        };
        assert_eq!(function.settings, ["a=b", "c=d"]);
        assert!(function.security_definer);
        assert_eq!((function.name.as_str(), function.sql.as_str()), ("f", sql));
    }

    #[test]
    fn settings_compare_as_the_catalogue_writes_them() {
        assert_eq!(setting("timezone = 'UTC'"), setting("TimeZone=UTC"));
        assert_eq!(
            setting("datestyle = 'ISO, YMD'"),
            setting("DateStyle=ISO, YMD")
        );
        assert_ne!(setting("a = 1"), setting("a = 2"));
    }
}
