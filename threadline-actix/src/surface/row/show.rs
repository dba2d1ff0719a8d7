use chrono::TimeDelta;
use threadline::{
    Error, JsonText, Op, PAGE_BYTES, Record, Snapshot, codegen::TableName, image_diff,
    telemetry::SqlState,
};

use super::{key, model::RowPage, question::Question};
use crate::surface::{failure::Failure, reads::Reads, visit::Visit};

/// How many changes a page of the history has.
const PAGE_SIZE: u64 = 25;
/// How many stops the slider has on each side.
const STOPS: u64 = 20;
/// How many changes are counted.
const COUNTED: u64 = 1_000;
/// How many pages of a table's timeline are looked through for one of its keys.
const PAGES_FOR_KEY: usize = 3;

/// Shows a record.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<RowPage, Failure> {
    let question = Question::read(visit.parameters()?)?;
    let table: TableName = visit.segment("table")?.parse().map_err(|_| missing())?;
    let text = visit.last_segment("key")?;
    let other = any_key(&table, reads).await?.ok_or_else(missing)?;
    let key = key::read(&text, &other).ok_or_else(missing)?;
    let record = reads.record(table.clone(), key.clone());

    let history = record.clone().history().page_size(PAGE_SIZE);
    let first = question.after.is_none() && question.before.is_none();
    let count = history.count(COUNTED, reads.db()).await.map_err(no_value)?;
    if count.value == 0 && !count.capped {
        return Err(missing());
    }
    let history = match (question.after.clone(), question.before.clone()) {
        (Some(token), _) => history.after(token),
        (None, Some(token)) => history.before(token),
        (None, None) => history,
    };
    let page = history.fetch_within(PAGE_BYTES, reads.db()).await?;
    // As the trail has it: with the types of the columns.
    let own = |change: &&threadline::AuditChange| change.op != Op::Truncate;
    let key = page
        .entries
        .iter()
        .find(own)
        .map_or(key, |change| change.table_pk.clone());

    let asked = match question.stop {
        None => question.at,
        Some(stop) => Some(stop_of(stop, &record, reads).await?),
    };
    let at = asked.unwrap_or(question.now);
    let other_at = question.compare.unwrap_or(question.now);
    let snapshot = record.fetch_image(at, reads.db()).await?;
    let other = if other_at == at {
        None
    } else {
        Some(record.fetch_image(other_at, reads.db()).await?)
    };
    let differences = other.as_ref().and_then(|other| {
        let (earlier, later) = if at < other_at {
            (&snapshot, other)
        } else {
            (other, &snapshot)
        };
        Some(image_diff(there(earlier)?, there(later)?))
    });
    Ok(RowPage {
        table_schema: table.schema().to_owned(),
        table_name: table.table().to_owned(),
        key,
        now: question.now,
        asked,
        compared: question.compare,
        at,
        snapshot,
        other_at: other.as_ref().map(|_| other_at),
        other,
        differences,
        moments: record.fetch_moments(at, STOPS, reads.db()).await?,
        count,
        first,
        groups: reads.groups(page.entries).await?,
        older: page.next.map(|token| token.to_string()),
        newer: page.previous.map(|token| token.to_string()),
        scoped: visit.is_scoped(),
    })
}

fn missing() -> Failure {
    Failure::NotFound { what: "record" }
}

/// What a key's columns do not take, and a table that is gone, name no record.
fn no_value(error: Error) -> Failure {
    let state = SqlState::of(&error);
    let state = state.as_ref().map(SqlState::as_str).unwrap_or_default();
    match state {
        "42704" | "42P01" | "3F000" => missing(),
        state if state.starts_with("22") => missing(),
        _ => error.into(),
    }
}

/// The image if the record was there, nothing if it was not. `None` where that is not known.
fn there<I>(snapshot: &Snapshot<I>) -> Option<Option<&I>> {
    match snapshot {
        Snapshot::Present(image) => Some(Some(image)),
        Snapshot::Deleted { .. } => Some(None),
        Snapshot::BeforeHorizon => None,
    }
}

/// The key of any record of the table, for the names of its columns.
async fn any_key(table: &TableName, reads: &Reads) -> Result<Option<JsonText>, Failure> {
    let mut query = reads
        .timeline()
        .schema(table.schema())
        .table(table.table())
        .page_size(1);
    for _ in 0..PAGES_FOR_KEY {
        let page = query.fetch(reads.db()).await?;
        // A TRUNCATE has no key.
        let found = page
            .entries
            .into_iter()
            .find(|change| change.op != Op::Truncate);
        match (found, page.next) {
            (Some(change), _) => return Ok(Some(change.table_pk)),
            (None, Some(next)) => query = query.after(next),
            (None, None) => break,
        }
    }
    Ok(None)
}

/// The instant of a stop of the slider.
async fn stop_of(
    (window, step): (chrono::DateTime<chrono::Utc>, usize),
    record: &Record,
    reads: &Reads,
) -> Result<chrono::DateTime<chrono::Utc>, Failure> {
    let before = window - TimeDelta::microseconds(1);
    let moments = record.fetch_moments(before, 2 * STOPS, reads.db()).await?;
    let stop = moments.later.get(step - 1);
    stop.map(|stop| stop.captured_at)
        .ok_or(Failure::NotFound { what: "change" })
}
