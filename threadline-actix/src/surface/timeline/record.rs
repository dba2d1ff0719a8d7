//! The one record that a filter names by its key.

use threadline::{Timeline, codegen::TableName};

use super::{filter::Filter, question::Question};
use crate::surface::{
    failure::Failure,
    reads::Reads,
    record::{Named, named},
};

/// The question as a query over what the operator may see, the place left out.
///
/// # Errors
/// When the key does not fit its table, or the database fails.
pub(crate) async fn query(question: &Question, reads: &Reads) -> Result<Timeline, Failure> {
    let query = question.narrow(reads);
    match &question.filter.key {
        None => Ok(query),
        Some(key) => {
            let Named { record, .. } = of(&question.filter, key, reads)
                .await
                .map_err(|failure| explained(question, failure))?;
            Ok(query.record(&record))
        }
    }
}

/// Says what is wrong with the key or its table, where the database did not take them.
pub(crate) fn explained(question: &Question, failure: Failure) -> Failure {
    if question.filter.key.is_none() {
        failure
    } else if failure.is_of_table() {
        let reason = "there is no such table now that could read the key, and the trail has none that is written so";
        Failure::parameter("table", reason)
    } else if failure.is_of_value() {
        Failure::parameter("key", "it has a value that its column does not take")
    } else {
        failure
    }
}

async fn of(filter: &Filter, key: &str, reads: &Reads) -> Result<Named, Failure> {
    let table: TableName = filter
        .table_name()
        .unwrap_or_default()
        .parse()
        .map_err(|err| Failure::parameter("table", &err))?;
    let named = named(&table, key, reads).await?;
    named.ok_or_else(|| {
        let reason = "write the value of a key of one column, or an object like {\"order_id\": 7, \"line\": 1}";
        Failure::parameter("key", reason)
    })
}
