//! The statements that take the present state of a table into the trail.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use super::{InvalidSpec, TableSpec, capture::body_context, spec::Pin, template::render};
use crate::schema::SchemaName;

/// The statements for one table or one leaf of a partitioned table. `$1` is a limit in the looks,
/// and the places of rows in the others; `$2` the key after which a look goes on.
pub(crate) struct BaselineSql {
    pub(crate) look: String,
    pub(crate) look_on: String,
    pub(crate) lock: String,
    pub(crate) capture: String,
}

/// A key column and its type as SQL spells it.
#[derive(Debug, Serialize)]
pub(crate) struct KeyType {
    pub(crate) name: String,
    pub(crate) r#type: String,
}

/// The leaf is quoted; `leaf_name` is how the capture function names it.
pub(crate) fn baseline(
    schema: &SchemaName,
    spec: &TableSpec,
    leaf: &str,
    leaf_name: &str,
    key_types: &[KeyType],
) -> Result<BaselineSql, InvalidSpec> {
    spec.check()?;
    let part = |part: &str| {
        let more = context! {
            part => part,
            leaf => leaf,
            leaf_name => leaf_name,
            key_types => Value::from(Serde(key_types)),
            ..body_context(spec)
        };
        render("baseline/chunk", schema, more)
    };
    Ok(BaselineSql {
        look: part("look"),
        look_on: part("look_on"),
        lock: part("lock"),
        capture: part("capture"),
    })
}

/// Every setting that a capture function may pin, for this transaction.
pub(crate) fn pins() -> String {
    let pins: Vec<_> = Pin::ALL
        .iter()
        .map(|pin| format!("SET LOCAL {}", pin.sql()))
        .collect();
    pins.join(";\n")
}
