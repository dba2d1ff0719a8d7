//! The record that somebody names by its table and by what they write for its key.

use threadline::{JsonText, Record, codegen::TableName};

use super::{failure::Failure, reads::Reads, written_key::WrittenKey};

/// A record that was named.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Its key.
    pub(crate) key: JsonText,
    pub(crate) record: Record,
}

/// The record that a table and a written key name; `None` where the trail has no such key.
///
/// What the trail has is looked for first, as it has it: the table may be gone, and its key may have had other columns
/// once. Only what is not found so is left to the table's own columns to read. The database fails then, as soon as
/// something is asked of the record, where there is no such table, or a column does not take its value.
///
/// # Errors
/// When the database fails; see [`Failure::is_of_value`].
pub(crate) async fn named(
    table: &TableName,
    text: &str,
    reads: &Reads,
) -> Result<Option<Named>, Failure> {
    let Some(written) = WrittenKey::read(text) else {
        return Ok(None);
    };
    let others = match written {
        // It names its columns itself.
        WrittenKey::Columns(_) => Vec::new(),
        WrittenKey::Value(_) => reads.keys(table, 1).await?,
    };
    for key in written.as_recorded(&others) {
        let record = reads.record(table.clone(), key.clone()).as_recorded();
        let count = record.clone().history().count(1, reads.db()).await?;
        if count.value > 0 || count.capped {
            return Ok(Some(Named { key, record }));
        }
    }
    // Within a scope the database is asked only of a table, and of the columns of a key, that the operator can see: what
    // it says of any other would tell what there is.
    if reads.is_scoped() && matches!(written, WrittenKey::Columns(_)) {
        let seen = reads.keys(table, written.columns()).await?;
        if !seen.iter().any(|other| written.is_like(other)) {
            return Ok(None);
        }
    }
    let key = written.to_be_read(&others);
    Ok(key.map(|key| Named {
        record: reads.record(table.clone(), key.clone()),
        key,
    }))
}
