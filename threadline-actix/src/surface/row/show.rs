use chrono::TimeDelta;
use threadline::{Op, PAGE_BYTES, Record, codegen::TableName, image_diff};

use super::{model::RowPage, question::Question, state::there};
use crate::surface::{
    failure::Failure,
    place::Place,
    reads::Reads,
    record::{Named, named},
    visit::Visit,
};

/// How many changes a page of the history has.
const PAGE_SIZE: u64 = 25;
/// How many stops the slider has on each side.
const STOPS: u64 = 20;
/// How many changes are counted.
const COUNTED: u64 = 1_000;

/// Shows a record.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<RowPage, Failure> {
    let question = Question::read(visit.parameters()?, reads.now())?;
    let table: TableName = visit.segment("table")?.parse().map_err(|_| missing())?;
    let text = visit.last_segment("key")?;
    let named = named(&table, &text, reads).await.map_err(no_record)?;
    let Named { key, record } = named.ok_or_else(missing)?;

    let history = record.clone().history().page_size(PAGE_SIZE);
    let count = history.count(COUNTED, reads.db()).await;
    let count = count.map_err(|err| no_record(err.into()))?;
    if count.value == 0 && !count.capped {
        return Err(missing());
    }
    let history = match question.place.clone() {
        Some(Place::After(token)) => history.after(token),
        Some(Place::Before(token)) => history.before(token),
        None => history,
    };
    let page = history.fetch_within(PAGE_BYTES, reads.db()).await;
    let page = page.map_err(|err| Place::blamed(question.place.as_ref(), err.into()))?;
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
        first: question.place.is_none(),
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
fn no_record(failure: Failure) -> Failure {
    if failure.is_of_table() || failure.is_of_value() {
        missing()
    } else {
        failure
    }
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
