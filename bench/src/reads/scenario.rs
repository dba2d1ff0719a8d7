//! What is read: each scenario is one kind of question, asked with several values.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, QuerySelect as _, Statement, TryGetable,
    Value,
};
use threadline::{
    ActorRef, AuditChange, Audited as _, MAX_PAGE_SIZE, Op, Timeline, Transactions, actor_history,
    as_of, incident, timeline,
};

use super::{
    bare::{Bare, Place, position},
    record::Entity as Record,
};
use crate::error::Result;

/// The size of a page.
const PAGE: u64 = 50;
/// The page that is deep.
const DEEP: u64 = 1_000;
/// What a count counts to.
const CAP: u64 = 10_000;

/// A kind of question.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) page: u64,
    pub(super) questions: Vec<Question>,
}

/// A question, and the barest statement for the rows of its answer.
#[derive(Debug)]
pub(super) struct Question {
    read: Read,
    pub(super) bare: Option<Bare>,
    pub(super) rows: usize,
}

/// What is asked through the library.
#[derive(Debug)]
enum Read {
    Timeline(Timeline),
    Count(Timeline),
    History(i64),
    AsOf(i64, DateTime<Utc>),
    Incident(i64),
    ActorHistory(Transactions),
}

impl Question {
    /// Asks.
    pub(super) async fn ask(&self, db: &DatabaseConnection) -> Result<()> {
        self.read.ask(db).await.map(drop)
    }
}

impl Read {
    /// Gives how many rows the answer has.
    async fn ask(&self, db: &DatabaseConnection) -> Result<usize> {
        Ok(match self {
            Self::Timeline(query) => query.fetch(db).await?.entries.len(),
            Self::Count(query) => {
                query.count(CAP, db).await?;
                1
            }
            Self::History(id) => Record::history(*id).limit(PAGE).all(db).await?.len(),
            Self::AsOf(id, at) => {
                as_of::<Record>(*id, *at).fetch_image(db).await?;
                1
            }
            Self::Incident(id) => incident(*id)
                .fetch(db)
                .await?
                .map_or(0, |incident| incident.changes.len()),
            Self::ActorHistory(query) => query.fetch(db).await?.entries.len(),
        })
    }

    async fn with(self, bare: Option<Bare>, db: &DatabaseConnection) -> Result<Question> {
        let rows = self.ask(db).await?;
        Ok(Question {
            read: self,
            bare,
            rows,
        })
    }
}

/// All scenarios that a trail has the data for.
pub(super) async fn scenarios(db: &DatabaseConnection) -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for (name, queries) in timelines(db).await? {
        for page in [1, DEEP] {
            if page == DEEP && !DEEP_ONES.contains(&name) {
                continue;
            }
            let questions = pages(name, &queries, page, db).await?;
            if !questions.is_empty() {
                scenarios.push(Scenario {
                    name,
                    page,
                    questions,
                });
            }
        }
    }
    scenarios.extend(records(db).await?);
    scenarios.extend(transactions(db).await?);
    scenarios.extend(counts(db).await?);
    Ok(scenarios)
}

const DEEP_ONES: [&str; 4] = [
    "timeline",
    "timeline_table",
    "timeline_actor_frequent",
    "timeline_correlation_frequent",
];

/// A name and the queries of different values.
type Queries = (&'static str, Vec<Timeline>);

async fn timelines(db: &DatabaseConnection) -> Result<Vec<Queries>> {
    let many = |make: fn(u32) -> Timeline| (1..=10).map(make).collect::<Vec<_>>();
    let requests = column::<String>(
        "SELECT request_id FROM threadline.audit_transactions WHERE id % 7919 = 1 AND request_id IS NOT NULL LIMIT 10",
        db,
    )
    .await?;
    let correlations = column::<String>(
        "SELECT correlation_id FROM threadline.audit_transactions WHERE id % 1931 = 1 AND correlation_id LIKE 'correlation-%' LIMIT 10",
        db,
    )
    .await?;
    let of = |ids: Vec<String>, filter: fn(Timeline, String) -> Timeline| {
        ids.into_iter()
            .map(|id| filter(timeline(), id))
            .collect::<Vec<_>>()
    };
    let user = |id: u32| Ok::<_, crate::error::Error>(timeline().actor(actor("user", id)?));
    let usual = (21..=30).map(user).collect::<Result<_>>()?;
    let rare = (15_001..=15_010).map(user).collect::<Result<_>>()?;
    let service =
        |kind: &str, id: &str| Ok::<_, crate::error::Error>(timeline().actor(actor(kind, id)?));
    Ok(vec![
        ("timeline", vec![timeline()]),
        (
            "timeline_table",
            many(|n| timeline().table(format!("table_{n:02}"))),
        ),
        ("timeline_table_rare", vec![timeline().table("table_50")]),
        ("timeline_table_past", vec![timeline().table("table_49")]),
        (
            "timeline_actor_frequent",
            vec![service("system", "import")?],
        ),
        ("timeline_actor_usual", usual),
        ("timeline_actor_rare", rare),
        (
            "timeline_actor_past",
            vec![service("service_account", "mirror")?],
        ),
        ("timeline_no_actor", vec![timeline().no_actor()]),
        (
            "timeline_correlation",
            of(correlations, Timeline::correlation_id),
        ),
        (
            "timeline_correlation_frequent",
            vec![timeline().correlation_id("nightly")],
        ),
        ("timeline_request", of(requests, Timeline::request_id)),
        (
            "timeline_action_frequent",
            vec![timeline().action("order.placed")],
        ),
        (
            "timeline_action_rare",
            vec![timeline().action("order.refunded")],
        ),
        ("timeline_op_frequent", vec![timeline().op(Op::Delete)]),
        ("timeline_op_rare", vec![timeline().op(Op::Truncate)]),
        (
            "timeline_column_frequent",
            vec![timeline().changed_column("title")],
        ),
        (
            "timeline_column_rare",
            vec![timeline().changed_column("archived_at")],
        ),
    ])
}

fn actor(kind: &str, id: impl ToString) -> Result<ActorRef> {
    let kind = kind.parse().map_err(threadline::Error::from)?;
    Ok(ActorRef::new(kind, Some(&id.to_string())).map_err(threadline::Error::from)?)
}

/// A page of each query; none of those that have not as many pages.
async fn pages(
    name: &str,
    queries: &[Timeline],
    page: u64,
    db: &DatabaseConnection,
) -> Result<Vec<Question>> {
    let mut questions = Vec::new();
    for query in queries {
        let query = query.clone().page_size(PAGE);
        let (query, place) = match page {
            1 => (query, None),
            _ => {
                let Some(place) = place(&query, (page - 1) * PAGE, db).await? else {
                    continue;
                };
                (query.after(place.token.clone()), Some(place))
            }
        };
        let entries = query.fetch(db).await?.entries;
        let bare = bare(name, &entries, place.as_ref());
        questions.push(Read::Timeline(query).with(Some(bare), db).await?);
    }
    Ok(questions)
}

/// The place behind so many changes, if more follow.
async fn place(query: &Timeline, changes: u64, db: &DatabaseConnection) -> Result<Option<Place>> {
    let mut next = query.clone();
    let mut left = changes;
    loop {
        let page = next.page_size(left.min(MAX_PAGE_SIZE)).fetch(db).await?;
        left -= page.entries.len() as u64;
        let Some((token, last)) = page.next.zip(page.entries.into_iter().next_back()) else {
            return Ok(None);
        };
        if left == 0 {
            return Ok(Some(Place { token, last }));
        }
        next = query.clone().after(token);
    }
}

/// Rows that lie together are a range of an index; the others are known by their keys.
fn bare(name: &str, entries: &[AuditChange], place: Option<&Place>) -> Bare {
    let newest = "c.captured_at DESC, c.id DESC";
    let behind = place.map(|place| position(&place.last));
    let values = |table: Option<&str>| {
        let table = table.map(Value::from);
        let position = behind.clone().into_iter().flatten();
        table.into_iter().chain(position).collect::<Vec<_>>()
    };
    let table = entries.first().map(|change| change.table_name.as_str());
    match (name, table, place) {
        ("timeline", _, None) => Bare::range("true", newest, [], entries.len()),
        ("timeline", _, Some(_)) => Bare::range(
            "c.captured_at <= $1 AND (c.captured_at, c.id) < ($1, $2)",
            newest,
            values(None),
            entries.len(),
        ),
        ("timeline_table" | "timeline_table_rare", Some(table), None) => Bare::range(
            "c.table_name = $1",
            newest,
            values(Some(table)),
            entries.len(),
        ),
        ("timeline_table", Some(table), Some(_)) => Bare::range(
            "c.table_name = $1 AND c.captured_at <= $2 AND (c.captured_at, c.id) < ($2, $3)",
            newest,
            values(Some(table)),
            entries.len(),
        ),
        _ => Bare::keys(entries),
    }
}

async fn records(db: &DatabaseConnection) -> Result<Vec<Scenario>> {
    let ids = column::<i64>(
        "SELECT (table_pk ->> 'id')::bigint FROM (SELECT table_pk FROM threadline.audit_changes WHERE table_name = 'table_01' \
           AND op = 'update' AND table_pk <> '{\"id\": 1}' ORDER BY captured_at DESC, id DESC LIMIT 10 OFFSET 2000) AS c",
        db,
    )
    .await?;
    let now = Utc::now();
    let mut scenarios = Vec::new();
    for (history, as_of, ids) in [
        ("history", "as_of", ids),
        ("history_hot", "as_of_hot", vec![1]),
    ] {
        let (mut histories, mut snapshots) = (Vec::new(), Vec::new());
        for id in ids {
            let changes = Record::history(id).limit(PAGE).all(db).await?;
            let Some(key) = changes.first().map(|change| change.row_key) else {
                continue;
            };
            let newest = "c.captured_at DESC, c.id DESC";
            let range = |rows| {
                let values = [key.into(), now.into()];
                Bare::range(
                    "c.row_key = $1 AND c.captured_at <= $2",
                    newest,
                    values,
                    rows,
                )
            };
            // Markers of a TRUNCATE lie elsewhere.
            let bare = if changes.iter().all(|change| change.row_key == key) {
                range(changes.len())
            } else {
                Bare::keys(&changes)
            };
            histories.push(Read::History(id).with(Some(bare), db).await?);
            snapshots.push(Read::AsOf(id, now).with(Some(range(1)), db).await?);
        }
        scenarios.push(Scenario::new(history, histories));
        scenarios.push(Scenario::new(as_of, snapshots));
    }
    Ok(scenarios)
}

async fn transactions(db: &DatabaseConnection) -> Result<Vec<Scenario>> {
    let ids = column::<i64>(
        "SELECT id FROM threadline.audit_transactions WHERE id % 1009 = 5 ORDER BY id DESC LIMIT 10",
        db,
    )
    .await?;
    let mut incidents = Vec::new();
    for id in ids {
        let rows = Read::Incident(id).ask(db).await?;
        let bare = Bare::range("c.transaction_id = $1", "c.id", [id.into()], rows);
        incidents.push(Read::Incident(id).with(Some(bare), db).await?);
    }
    let mut scenarios = vec![Scenario::new("incident", incidents)];
    for (name, kind, ids) in [
        (
            "actor_history",
            "user",
            (21..=30).map(|id| id.to_string()).collect(),
        ),
        (
            "actor_history_frequent",
            "system",
            vec!["import".to_owned()],
        ),
    ] {
        let mut questions = Vec::new();
        for id in ids {
            let read = Read::ActorHistory(actor_history(actor(kind, &id)?).page_size(PAGE));
            let rows = read.ask(db).await?;
            let sql = format!(
                "SELECT * FROM threadline.audit_transactions WHERE actor_type = $1 AND actor_id = $2 ORDER BY id DESC LIMIT {rows}"
            );
            let bare = Bare::statement(sql, [kind.into(), id.into()], rows);
            questions.push(read.with(Some(bare), db).await?);
        }
        scenarios.push(Scenario::new(name, questions));
    }
    Ok(scenarios)
}

/// Counts to a cap, beside counting as many entries of the index.
async fn counts(db: &DatabaseConnection) -> Result<Vec<Scenario>> {
    let counted = |condition: &str, values: Vec<Value>| {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM threadline.audit_changes WHERE {condition} \
             ORDER BY captured_at DESC, id DESC LIMIT {}) AS c",
            CAP + 1
        );
        Some(Bare::statement(sql, values, 1))
    };
    let import = timeline().actor(actor("system", "import")?);
    let table = || timeline().table("table_01");
    let mut scenarios = Vec::new();
    for (name, query, bare) in [
        ("count", timeline(), counted("true", vec![])),
        (
            "count_table",
            table(),
            counted("table_name = $1", vec!["table_01".into()]),
        ),
        ("count_actor", import, None),
    ] {
        let question = Read::Count(query).with(bare, db).await?;
        scenarios.push(Scenario::new(name, vec![question]));
    }
    Ok(scenarios)
}

impl Scenario {
    fn new(name: &'static str, questions: Vec<Question>) -> Self {
        Self {
            name,
            page: 1,
            questions,
        }
    }
}

/// The only column of what a statement finds.
async fn column<T: TryGetable>(sql: &str, db: &DatabaseConnection) -> Result<Vec<T>> {
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect::<Result<_, _>>()?)
}
