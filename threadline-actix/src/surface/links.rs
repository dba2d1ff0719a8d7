//! Where things are: every address on a page is built here, from the place where the surface is mounted. Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use threadline::codegen::{TableName, quote_ident};

/// What stays as it is in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What stays as it is in a path that is one already, escapes included.
const PATH: &AsciiSet = &SEGMENT
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b',')
    .remove(b'%');

/// The extension of a page's JSON twin.
pub(super) const JSON: &str = ".json";
/// The extension that says that the page is meant, where a name ends like an extension.
pub(super) const HTML: &str = ".html";

/// Builds addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    base: String,
}

impl Links {
    /// Below a path such as `/audit`; the root is the empty path.
    pub(super) fn below(path: &str) -> Self {
        let base = utf8_percent_encode(path.trim_end_matches('/'), PATH).to_string();
        Self { base }
    }

    /// Any path of the surface, with an encoded query or none.
    pub(crate) fn to(&self, path: &str, query: &str) -> String {
        match query {
            "" => format!("{}{path}", self.base),
            query => format!("{}{path}?{query}", self.base),
        }
    }

    /// The JSON twin of the page at a path of the surface.
    pub(super) fn twin(&self, path: &str, query: &str) -> String {
        let path = match path.strip_suffix(HTML).unwrap_or(path) {
            "" | "/" => "/index",
            path => path,
        };
        let path = utf8_percent_encode(path, PATH);
        self.to(&format!("{path}{JSON}"), query)
    }

    /// The home page.
    pub(crate) fn home(&self) -> String {
        self.to("/", "")
    }

    /// The timeline; the query is that of a filter.
    pub(crate) fn timeline(&self, query: &str) -> String {
        self.to("/timeline", query)
    }

    /// The timeline as a file. The extension is `csv`, `json` or `ndjson`.
    pub(crate) fn export(&self, extension: &str, query: &str) -> String {
        self.to(&format!("/export.{extension}"), query)
    }

    /// One transaction.
    pub(crate) fn transaction(&self, id: i64) -> String {
        self.to(&format!("/transactions/{id}"), "")
    }

    /// One record. The key is JSON, as the trail has it.
    pub(crate) fn row(&self, schema: &str, table: &str, key: &str) -> String {
        let table = utf8_percent_encode(&table_segment(schema, table), SEGMENT).to_string();
        self.to(&format!("/rows/{table}/{}", name(&key_segment(key))), "")
    }

    /// One record, by what somebody wrote for its key: the value of the one column, or JSON.
    pub(crate) fn record(&self, table: &TableName, key: &str) -> String {
        let table = table_segment(table.schema(), table.table());
        let table = utf8_percent_encode(&table, SEGMENT);
        self.to(&format!("/rows/{table}/{}", name(key)), "")
    }

    /// What an actor did; an anonymous one has no id.
    pub(crate) fn actor(&self, kind: &str, id: Option<&str>) -> String {
        let kind = utf8_percent_encode(kind, SEGMENT);
        match id {
            Some(id) => self.to(&format!("/actors/{kind}/{}", name(id)), ""),
            None => self.to(&format!("/actors/{kind}"), ""),
        }
    }

    /// What carries a correlation id.
    pub(crate) fn correlation(&self, id: &str) -> String {
        self.to(&format!("/correlations/{}", name(id)), "")
    }

    /// What happened in a request.
    pub(crate) fn request(&self, id: &str) -> String {
        self.to(&format!("/requests/{}", name(id)), "")
    }

    /// The changes of one table, as far back as a timeline goes by itself.
    pub(crate) fn timeline_of(&self, schema: &str, table: &str) -> String {
        let pairs = [("schema", schema), ("table", table)];
        let query = serde_urlencoded::to_string(pairs).expect("pairs of texts can be written");
        self.timeline(&query)
    }

    /// Which tables are captured.
    pub(crate) fn coverage(&self, query: &str) -> String {
        self.to("/coverage", query)
    }

    /// What is redacted.
    pub(crate) fn redaction(&self) -> String {
        self.to("/policy/redaction", "")
    }

    /// How long changes are kept.
    pub(crate) fn retention(&self, query: &str) -> String {
        self.to("/policy/retention", query)
    }

    /// The export jobs of everybody.
    pub(crate) fn export_jobs(&self, query: &str) -> String {
        self.to("/exports", query)
    }

    /// Where the form that saves a view is sent.
    pub(crate) fn save_view(&self) -> String {
        self.to("/views", "")
    }

    /// Where the form that deletes a view is sent.
    pub(crate) fn delete_view(&self, id: i64) -> String {
        self.to(&format!("/views/{id}/delete"), "")
    }

    /// Where the surface is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// A file of the surface itself.
    pub(crate) fn asset(&self, name: &str) -> String {
        self.to(&format!("/assets/{name}"), "")
    }
}

/// `schema.table`, quoted where a name has a dot or a quote.
fn table_segment(schema: &str, table: &str) -> String {
    format!("{}.{}", name_part(schema), name_part(table))
}

/// A name as it stands in the name of a table.
pub(super) fn name_part(name: &str) -> String {
    if name.contains(['.', '"']) {
        quote_ident(name)
    } else {
        name.to_owned()
    }
}

/// A key of one number or plain word alone, any other as the JSON that it is.
fn key_segment(key: &str) -> String {
    let object: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(key).ok();
    let single = object.filter(|object| object.len() == 1);
    match single.and_then(|object| object.into_iter().next()) {
        Some((_, serde_json::Value::String(text)))
            if !text.is_empty() && !text.starts_with('{') =>
        {
            text
        }
        Some((_, serde_json::Value::Number(number))) if number.is_i64() || number.is_u64() => {
            number.to_string()
        }
        _ => key.to_owned(),
    }
}

/// The last segment of a path, so that no browser and no suffix changes what it names.
fn name(text: &str) -> String {
    let encoded = utf8_percent_encode(text, SEGMENT);
    if matches!(text, "" | "." | "..") || text.ends_with(JSON) || text.ends_with(HTML) {
        format!("{encoded}{HTML}")
    } else {
        encoded.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_below_the_mount() {
        for (mount, expected) in [
            ("", "/transactions/7"),
            ("/", "/transactions/7"),
            ("/audit", "/audit/transactions/7"),
            ("/tools/audit/", "/tools/audit/transactions/7"),
            ("/orgs/a b/é", "/orgs/a%20b/%C3%A9/transactions/7"),
        ] {
            assert_eq!(Links::below(mount).transaction(7), expected);
        }
    }

    #[test]
    fn what_a_name_holds_never_leaves_its_segment() {
        let links = Links::below("/audit");
        for (id, expected) in [
            ("42", "/audit/actors/user/42"),
            ("a/b?c#d%2F", "/audit/actors/user/a%2Fb%3Fc%23d%252F"),
            ("..", "/audit/actors/user/...html"),
            ("report.json", "/audit/actors/user/report.json.html"),
            ("\"><script>", "/audit/actors/user/%22%3E%3Cscript%3E"),
        ] {
            assert_eq!(links.actor("user", Some(id)), expected);
        }
        assert_eq!(links.actor("anonymous", None), "/audit/actors/anonymous");
    }

    #[test]
    fn a_key_of_one_plain_value_is_that_value_and_any_other_is_json() {
        let links = Links::below("");
        for (key, expected) in [
            (r#"{"id": 42}"#, "42"),
            (r#"{"slug": "a b"}"#, "a%20b"),
            (r#"{"id": true}"#, "%7B%22id%22%3A%20true%7D"),
            (r#"{"n": 1.50}"#, "%7B%22n%22%3A%201.50%7D"),
            (r#"{"slug": "{}"}"#, "%7B%22slug%22%3A%20%22%7B%7D%22%7D"),
            (
                r#"{"a": 1, "b": 2}"#,
                "%7B%22a%22%3A%201%2C%20%22b%22%3A%202%7D",
            ),
        ] {
            assert_eq!(
                links.row("public", "posts", key),
                format!("/rows/public.posts/{expected}")
            );
        }
        assert_eq!(
            links.row("a.b", "c\"d", r#"{"id": 1}"#),
            "/rows/%22a.b%22.%22c%22%22d%22/1"
        );
    }
}
