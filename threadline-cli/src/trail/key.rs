use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use threadline::{
    AuditChange, JsonText, Op, Record, codegen::TableName, record, telemetry::SqlState, timeline,
};

use crate::{error::Error, output::visible};

/// The columns of a key and their values.
type Columns = BTreeMap<String, JsonText>;

/// Why a text is no key of a record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum KeyError {
    /// It begins like an object and is none.
    #[error("the key `{text}` is no JSON object")]
    Json {
        text: String,
        #[source]
        err: serde_json::Error,
    },

    /// One value for several columns, or the wrong columns.
    #[error("the key `{text}` does not fit: the key of `{table}` is {}", expected.join(", "))]
    Columns {
        text: String,
        table: TableName,
        expected: Vec<String>,
    },

    /// A value is not of its column's type.
    #[error("the key `{text}` has a value that its column in `{table}` does not take")]
    Value {
        text: String,
        table: TableName,
        #[source]
        err: Box<threadline::Error>,
    },

    /// The trail has nothing of the table.
    #[error("the trail has no change of a row of `{table}`")]
    Unknown { table: TableName },

    /// The table was dropped or renamed.
    #[error("the table `{table}` is not there any more")]
    Dropped {
        table: TableName,
        #[source]
        err: Box<threadline::Error>,
    },
}

impl KeyError {
    /// What to do about it.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::Json { .. } => {
                "write one value like `42`, or an object like `{\"order_id\": 7, \"line\": 1}`"
                    .to_owned()
            }
            Self::Columns { expected, .. } => {
                let members: Vec<_> = expected
                    .iter()
                    .map(|name| format!("{}: …", serde_json::Value::from(name.as_str())))
                    .collect();
                format!("write it as `{{{}}}`", members.join(", "))
            }
            Self::Value { .. } => "write the value as PostgreSQL prints it".to_owned(),
            Self::Unknown { .. } => {
                "check the spelling, and with `cargo threadline health coverage` whether the table is \
                 captured; changes of a partition are those of its root"
                    .to_owned()
            }
            Self::Dropped { table, .. } => {
                format!("its changes are listed by `cargo threadline timeline --table '{table}'`")
            }
        }
    }
}

/// The record that table and key name.
///
/// The key is looked for as the trail has it: the table may be gone, and its key may have had other columns
/// once. One that is not found so is read by the table, by the columns of its newest key.
///
/// # Errors
/// When the key does not fit the table, the trail knows nothing of the table, or the database fails.
pub(crate) async fn find_record<C: ConnectionTrait>(
    table: &TableName,
    text: &str,
    db: &C,
) -> Result<Record, Error> {
    let given = if text.trim_start().starts_with('{') {
        Some(object(text).map_err(|err| KeyError::Json {
            text: text.to_owned(),
            err,
        })?)
    } else {
        None
    };
    if let Some(record) = recorded(table, text, given.as_ref(), db).await? {
        return Ok(record);
    }
    let newest = newest(table, db).await?;
    let newest = newest.ok_or_else(|| KeyError::Unknown {
        table: table.clone(),
    })?;
    let expected = object(newest.table_pk.as_str()).map_err(Error::Json)?;
    let columns = || KeyError::Columns {
        text: text.to_owned(),
        table: table.clone(),
        expected: expected.keys().map(|name| visible(name)).collect(),
    };
    let key = match given {
        Some(given) if given.keys().eq(expected.keys()) => given,
        Some(_) => return Err(columns().into()),
        None if expected.len() == 1 => {
            let value = quoted(text).map_err(Error::Json)?;
            expected
                .into_keys()
                .map(|name| (name, value.clone()))
                .collect()
        }
        None => return Err(columns().into()),
    };
    Ok(record(table.clone(), json(&key).map_err(Error::Json)?))
}

/// The record whose key the trail has exactly so.
async fn recorded<C: ConnectionTrait>(
    table: &TableName,
    text: &str,
    given: Option<&Columns>,
    db: &C,
) -> Result<Option<Record>, Error> {
    let mut candidates = Vec::new();
    match given {
        // The key of a TRUNCATE is empty, and that of no record.
        Some(columns) if columns.is_empty() => {}
        Some(columns) => candidates.push(columns.clone()),
        None => {
            let changes = timeline().schema(table.schema()).table(table.table());
            let number = text.parse::<i64>().ok();
            let number = number.map(|number| number.to_string());
            let number = number.filter(|number| number == text);
            let number = number.map(|number| serde_json::from_str::<JsonText>(&number));
            for key in changes.fetch_keys(1, db).await? {
                let name = object(key.as_str())
                    .map_err(Error::Json)?
                    .into_keys()
                    .next();
                for value in number.iter().flatten().cloned().chain(quoted(text)) {
                    candidates.extend(name.clone().map(|name| Columns::from([(name, value)])));
                }
            }
        }
    }
    candidates.dedup();
    for key in candidates {
        let record = record(table.clone(), json(&key).map_err(Error::Json)?).as_recorded();
        let found = record.clone().history().count(1, db).await?;
        if found.value > 0 || found.capped {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Explains what the database says of a table or a key that it does not take.
pub(crate) fn known(table: &TableName, text: &str, err: threadline::Error) -> Error {
    let state = SqlState::of(&err);
    let (table, err) = (table.clone(), Box::new(err));
    match state.as_ref().map(SqlState::as_str) {
        Some("42704" | "42P01" | "3F000") => KeyError::Dropped { table, err }.into(),
        // Class 22: data exceptions.
        Some(state) if state.starts_with("22") => KeyError::Value {
            text: text.to_owned(),
            table,
            err,
        }
        .into(),
        _ => Error::Trail(err),
    }
}

fn object(text: &str) -> serde_json::Result<Columns> {
    serde_json::from_str(text)
}

fn quoted(text: &str) -> serde_json::Result<JsonText> {
    serde_json::from_str(&serde_json::Value::from(text).to_string())
}

fn json(columns: &Columns) -> serde_json::Result<JsonText> {
    serde_json::from_str(&serde_json::to_string(columns)?)
}

/// The newest change of a row of the table. A TRUNCATE has no key, and a page can end before its first
/// change where tables of other schemas have the same name.
async fn newest<C: ConnectionTrait>(
    table: &TableName,
    db: &C,
) -> threadline::Result<Option<AuditChange>> {
    let mut query = timeline()
        .schema(table.schema())
        .table(table.table())
        .page_size(1);
    loop {
        let mut page = query.fetch(db).await?;
        let newest = page.entries.pop();
        if newest
            .as_ref()
            .is_some_and(|change| change.op != Op::Truncate)
        {
            return Ok(newest);
        }
        match page.next {
            Some(next) => query = query.after(next),
            None => return Ok(None),
        }
    }
}
