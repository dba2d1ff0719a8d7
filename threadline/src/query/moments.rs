use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult, QuerySelect};
use serde::Serialize;

use super::{
    filter::{Filter, RecordKey},
    scope::ChangeScope,
    search::Search,
    timeline::DEFAULT_SCAN_LIMIT,
    way::Way,
};
use crate::{
    entity::audit_change::{Column, Op},
    error::Result,
};

/// When a record changed, around an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Moments {
    /// The changes at the instant and before, newest first.
    pub earlier: Vec<Moment>,
    /// Whether there may be more before them.
    pub more_earlier: bool,
    /// The changes after the instant, oldest first.
    pub later: Vec<Moment>,
    /// Whether there may be more after them.
    pub more_later: bool,
}

/// One change of a record, without the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
#[non_exhaustive]
pub struct Moment {
    /// When it was captured.
    pub captured_at: DateTime<Utc>,
    /// Tells changes of the same instant apart.
    pub id: i64,
    /// What happened.
    pub op: Op,
    /// The transaction it belongs to.
    pub transaction_id: i64,
}

/// The most changes on each side.
const MAX: u64 = 1_000;

pub(crate) async fn moments<C: ConnectionTrait>(
    record: &RecordKey,
    scope: Option<&ChangeScope>,
    at: DateTime<Utc>,
    number: u64,
    db: &C,
) -> Result<Moments> {
    let filter = Filter {
        record: Some(record.clone()),
        scope: scope.cloned(),
        ..Filter::default()
    };
    let number = number.clamp(1, MAX);
    // Whole microseconds, as the trail has them: what is at the instant is below the next one.
    let next = at.checked_add_signed(TimeDelta::microseconds(1));
    let edge = next.unwrap_or(at);
    let (earlier, more_earlier) = on(Way::Older, &filter, (edge, i64::MIN), number, db).await?;
    let (later, more_later) = on(Way::Newer, &filter, (at, i64::MAX), number, db).await?;
    Ok(Moments {
        earlier,
        more_earlier,
        later,
        more_later,
    })
}

async fn on<C: ConnectionTrait>(
    way: Way,
    filter: &Filter,
    edge: (DateTime<Utc>, i64),
    number: u64,
    db: &C,
) -> Result<(Vec<Moment>, bool)> {
    let mut search = Search::new(filter, way, Some(edge), DEFAULT_SCAN_LIMIT);
    let mut found: Vec<Moment> = Vec::new();
    let wanted = number + 1;
    while (found.len() as u64) < wanted {
        let missing = wanted - found.len() as u64;
        let Some(step) = search.step(missing, db).await? else {
            break;
        };
        let columns = [
            Column::CapturedAt,
            Column::Id,
            Column::Op,
            Column::TransactionId,
        ];
        let step = step.select_only().columns(columns);
        let moments = step.into_model::<Moment>().all(db).await?;
        let last = moments.last().map(|moment| (moment.captured_at, moment.id));
        search.found(moments.len() as u64, last, db).await?;
        found.extend(moments);
    }
    let more = found.len() as u64 == wanted || search.stopped().is_some();
    found.truncate(usize::try_from(number).unwrap_or(usize::MAX));
    Ok((found, more))
}
