//! The one record that a filter names by its key.

use std::collections::BTreeMap;

use threadline::{AuditChange, JsonText, Op, Record, Timeline, codegen::TableName, record};

use super::{filter::Filter, question::Question};
use crate::surface::{failure::Failure, reads::Reads};

type Columns = BTreeMap<String, JsonText>;

/// How many pages are looked through for a change that has a key.
const PAGES_FOR_KEY: usize = 3;

/// The question as a query over what the operator may see, the place left out.
///
/// # Errors
/// When the key does not fit its table, or the database fails.
pub(crate) async fn query(question: &Question, reads: &Reads) -> Result<Timeline, Failure> {
    let query = question.narrow(reads.timeline());
    match &question.filter.key {
        None => Ok(query),
        Some(key) => Ok(query.record(&named(&question.filter, key, reads).await?)),
    }
}

/// Says what is wrong with the key or its table, where the database did not take them.
pub(crate) fn explained(question: &Question, failure: Failure) -> Failure {
    let Failure::Internal {
        sqlstate: Some(state),
        ..
    } = &failure
    else {
        return failure;
    };
    match state.as_str() {
        _ if question.filter.key.is_none() => failure,
        "42704" | "42P01" | "3F000" => Failure::parameter(
            "table",
            "there is no such table now, so that its keys can't be read",
        ),
        // Class 22: data exceptions.
        state if state.starts_with("22") => {
            Failure::parameter("key", "it has a value that its column does not take")
        }
        _ => failure,
    }
}

async fn named(filter: &Filter, key: &str, reads: &Reads) -> Result<Record, Failure> {
    let table: TableName = filter
        .table_name()
        .unwrap_or_default()
        .parse()
        .map_err(|err| Failure::parameter("table", &err))?;
    let key = match key.starts_with('{') {
        true if !reads.is_scoped() => object(key),
        written => {
            // Within a scope the database is asked only of a table, and of the columns of a key, that the operator can
            // see: what it says of any other would tell what there is.
            let newest = newest(&table, reads).await?;
            newest.and_then(|change| match written {
                true => object(key).filter(|key| are_alike(key, &change.table_pk)),
                false => single(key, &change.table_pk),
            })
        }
    };
    let key = key.ok_or_else(|| {
        let reason = "write the value of a key of one column, or an object like {\"order_id\": 7, \"line\": 1}";
        Failure::parameter("key", reason)
    })?;
    Ok(record(table, key))
}

fn object(text: &str) -> Option<JsonText> {
    let columns: Columns = serde_json::from_str(text).ok()?;
    serde_json::from_str(&serde_json::to_string(&columns).ok()?).ok()
}

/// Whether two keys have the same columns.
fn are_alike(one: &JsonText, other: &JsonText) -> bool {
    let columns = |key: &JsonText| {
        let columns: Option<Columns> = serde_json::from_str(key.as_str()).ok();
        columns.map(|columns| columns.into_keys().collect::<Vec<_>>())
    };
    columns(one).is_some() && columns(one) == columns(other)
}

/// The key with this value, by another key of the table. The database reads the text as a value of the column's type.
fn single(value: &str, other: &JsonText) -> Option<JsonText> {
    let other: Columns = serde_json::from_str(other.as_str()).ok()?;
    let [name] = <[String; 1]>::try_from(other.into_keys().collect::<Vec<_>>()).ok()?;
    let key = serde_json::json!({ name: value }).to_string();
    serde_json::from_str(&key).ok()
}

/// The newest change that has a key. A TRUNCATE has none.
async fn newest(table: &TableName, reads: &Reads) -> Result<Option<AuditChange>, Failure> {
    let mut query = reads
        .timeline()
        .schema(table.schema())
        .table(table.table())
        .page_size(1);
    for _ in 0..PAGES_FOR_KEY {
        let mut page = query.fetch(reads.db()).await?;
        match (
            page.entries
                .pop()
                .filter(|change| change.op != Op::Truncate),
            page.next,
        ) {
            (None, Some(next)) => query = query.after(next),
            (found, _) => return Ok(found),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_value_is_the_one_column_of_the_key() {
        let json = |text: &str| -> JsonText { serde_json::from_str(text).unwrap() };
        let key = |value: &str, other: &str| single(value, &json(other)).map(|key| key.to_string());
        assert_eq!(
            key("4\"2", r#"{"id": 1}"#).as_deref(),
            Some(r#"{"id":"4\"2"}"#)
        );
        assert_eq!(key("42", r#"{"a": 1, "b": 2}"#), None);
        assert_eq!(
            object(r#"{"b": 1.50, "a": "x"}"#)
                .map(|key| key.to_string())
                .as_deref(),
            Some(r#"{"a":"x","b":1.50}"#)
        );
        assert_eq!(object("{"), None);
    }
}
