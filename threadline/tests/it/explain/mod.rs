//! Every query of the library uses the index that is there for it.

mod cost;
mod export;
mod health;
mod plan;
mod retention;
mod round_trips;
mod saved_view;
mod seed;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QuerySelect, QueryTrait, Statement};
use threadline::{
    ActorRef, Audited, ChangeScope, Op, PageToken, Timeline, Transactions, actor_history, as_of,
    incident, record, timeline, transaction_summaries, transactions,
};

use self::{
    plan::Plan,
    seed::{post, seeded, setting},
};

use crate::support::TestDb;

const PAGE: u64 = 50;
/// The indexes that a query may use, all of them together or some.
const TIME: &str = "audit_changes_pkey";
const TABLE: &str = "audit_changes_table_idx";
const ROW: &str = "audit_changes_row_idx";
const TRANSACTION: &str = "audit_changes_transaction_idx";
const CONTEXT: &str = "audit_transactions_pkey";
const CORRELATION: &str = "audit_transactions_correlation_idx";
const REQUEST: &str = "audit_transactions_request_idx";
const ACTOR: &str = "audit_transactions_actor_idx";
const ACTION: &str = "audit_actions_name_idx";
const ACTIONS: &str = "audit_actions_transaction_idx";

struct Case {
    name: &'static str,
    statements: Vec<Statement>,
    indexes: &'static [&'static str],
    /// The most rows that may be read.
    rows: i64,
}

fn case(
    name: &'static str,
    statements: impl Into<Statements>,
    indexes: &'static [&'static str],
    rows: i64,
) -> Case {
    Case {
        name,
        statements: statements.into().0,
        indexes,
        rows,
    }
}

fn is_good(case: &Case, plan: &Plan) -> bool {
    plan.scanned.is_empty()
        && plan.read <= case.rows
        && plan.sorted <= case.rows
        && plan
            .indexes
            .iter()
            .all(|index| case.indexes.contains(&index.as_str()))
        && (case.rows == 0 || !plan.indexes.is_empty())
}

/// Each case, planned for its values, and as PostgreSQL plans it once it has seen it often.
async fn check(db: &impl ConnectionTrait, cases: Vec<Case>) {
    let mut bad = Vec::new();
    for case in &cases {
        for mode in ["force_custom_plan", "auto"] {
            let mut plan = Plan::default();
            for statement in &case.statements {
                plan.add(self::plan::plan(db, statement, mode).await);
            }
            if !is_good(case, &plan) {
                bad.push(format!(
                    "{}, {mode}: {plan:?}, not {:?} and {} rows",
                    case.name, case.indexes, case.rows
                ));
            }
        }
    }
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

/// One statement, or all those of one page.
struct Statements(Vec<Statement>);

impl From<Statement> for Statements {
    fn from(statement: Statement) -> Self {
        Self(vec![statement])
    }
}

/// A pool that notes what is sent through it.
struct Listener {
    db: DatabaseConnection,
    heard: Arc<Mutex<Vec<Statement>>>,
}

impl Listener {
    async fn new(test: &TestDb) -> Self {
        let mut db = test.pool(1).await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&heard);
        db.set_metric_callback(move |info| note.lock().unwrap().push(info.statement.clone()));
        Self { db, heard }
    }

    fn heard(&self) -> Statements {
        Statements(std::mem::take(&mut *self.heard.lock().unwrap()))
    }

    /// What the first page of a timeline sends.
    async fn page(&self, query: Timeline) -> Statements {
        self.heard();
        query.page_size(PAGE).fetch(&self.db).await.unwrap();
        self.heard()
    }

    /// What something sends.
    async fn heard_of(
        &self,
        ask: impl AsyncFnOnce(&DatabaseConnection) -> threadline::Result<()>,
    ) -> Statements {
        self.heard();
        ask(&self.db).await.unwrap();
        self.heard()
    }

    /// What the way back from a page far down sends.
    async fn newer(&self, query: Timeline) -> Statements {
        let token = self.far_down(&query).await;
        self.page(query.before(token)).await
    }

    /// What a page far down sends.
    async fn deep(&self, query: Timeline) -> Statements {
        let token = self.far_down(&query).await;
        self.page(query.after(token)).await
    }

    async fn far_down(&self, query: &Timeline) -> PageToken {
        let mut place = query.clone().page_size(1_000);
        let mut token: Option<PageToken> = None;
        for _ in 0..15 {
            let next = place.fetch(&self.db).await.unwrap().next.unwrap();
            place = place.after(next.clone());
            token = Some(next);
        }
        token.unwrap()
    }
}

fn day(month: u32, day: u32) -> DateTime<Utc> {
    format!("2024-{month:02}-{day:02}T00:00:00Z")
        .parse()
        .unwrap()
}

fn user(id: &str) -> ActorRef {
    ActorRef::user(id).unwrap()
}

fn import() -> ActorRef {
    ActorRef::system("import").unwrap()
}

#[tokio::test]
async fn every_query_reads_by_its_index_and_little_more_than_its_page() {
    let (test, db) = seeded().await;
    let listener = Listener::new(&test).await;
    check(&db, of_time_and_tables(&listener).await).await;
    check(&db, of_contexts(&listener).await).await;
    check(&db, of_what_has_no_index(&listener).await).await;
    check(&db, of_records()).await;
}

#[tokio::test]
async fn every_query_of_the_pages_reads_by_its_index_and_little_more_than_its_page() {
    let (test, db) = seeded().await;
    let listener = Listener::new(&test).await;
    check(&db, of_the_way_forth(&listener).await).await;
    check(&db, of_scopes(&listener).await).await;
    check(&db, of_transactions(&listener).await).await;
    check(&db, of_one_record(&listener).await).await;
}

async fn of_the_way_forth(db: &Listener) -> Vec<Case> {
    let posts = || timeline().entity(post::Entity);
    let import = || timeline().actor(import());
    vec![
        case("newer", db.newer(timeline()).await, &[TIME], 60),
        case(
            "newer of a table",
            db.newer(posts()).await,
            &[TABLE, TIME],
            150,
        ),
        case(
            "newer of a frequent actor",
            db.newer(import()).await,
            &[TIME, CONTEXT, TRANSACTION, ACTOR],
            3_500,
        ),
    ]
}

/// What is in scope is found by looking, no further than the limit.
async fn of_scopes(db: &Listener) -> Vec<Case> {
    let all = ChangeScope::column_is("title", "t");
    let none = ChangeScope::column_is("title", "other");
    let some = |query: Timeline| query.scan_limit(2_000);
    vec![
        case(
            "all in scope",
            db.page(timeline().in_scope(&all)).await,
            &[TIME],
            150,
        ),
        case(
            "nothing in scope",
            db.page(some(timeline().in_scope(&none))).await,
            &[TIME],
            4_100,
        ),
        case(
            "nothing of a table in scope",
            db.page(some(timeline().in_scope(&none).entity(post::Entity)))
                .await,
            &[TABLE],
            4_100,
        ),
        case(
            "incident in scope",
            db.heard_of(async |db| incident(777).in_scope(&all).fetch(db).await.map(drop))
                .await,
            &[TRANSACTION, CONTEXT, ACTIONS],
            30,
        ),
        case(
            "transactions of an actor in scope",
            db.heard_of(async |db| {
                let query = actor_history(user("77")).in_scope(&all).page_size(20);
                query.fetch(db).await.map(drop)
            })
            .await,
            &[TRANSACTION, CONTEXT, ACTOR],
            500,
        ),
        case(
            "transactions of a frequent actor, none in scope",
            db.heard_of(async |db| {
                let query = actor_history(self::import())
                    .in_scope(&none)
                    .scan_limit(100);
                query.fetch(db).await.map(drop)
            })
            .await,
            &[TRANSACTION, CONTEXT, ACTOR],
            1_500,
        ),
    ]
}

async fn of_transactions(db: &Listener) -> Vec<Case> {
    let page = async |query: Transactions| {
        db.heard_of(async |db| query.page_size(PAGE).fetch(db).await.map(drop))
            .await
    };
    let ids = || (1..=50).map(|n| n * 900);
    vec![
        case(
            "transactions of a request",
            page(transactions().request_id("r-20001")).await,
            &[REQUEST],
            5,
        ),
        case(
            "transactions of a correlation",
            page(transactions().correlation_id("c-1234")).await,
            &[CORRELATION],
            20,
        ),
        case(
            "transactions of a frequent correlation",
            page(transactions().correlation_id("nightly")).await,
            &[CORRELATION, CONTEXT],
            200,
        ),
        case(
            "transactions of nobody known",
            page(actor_history(ActorRef::anonymous())).await,
            &[ACTOR],
            60,
        ),
        case(
            "transactions of an actor in a request",
            page(transactions().request_id("r-20001").actor(user("1"))).await,
            &[REQUEST],
            10,
        ),
        case(
            "transactions of a frequent actor long ago",
            page(actor_history(import()).until(day(1, 3)).scan_limit(500)).await,
            &[ACTOR, CONTEXT],
            3_100,
        ),
        case(
            "summaries",
            db.heard_of(async |db| transaction_summaries(ids()).fetch(db).await.map(drop))
                .await,
            &[TRANSACTION, CONTEXT, ACTIONS],
            500,
        ),
        case(
            "summaries in scope",
            db.heard_of(async |db| {
                let all = ChangeScope::column_is("title", "t");
                let query = transaction_summaries(ids()).in_scope(&all).samples(2);
                query.fetch(db).await.map(drop)
            })
            .await,
            &[TRANSACTION, CONTEXT, ACTIONS],
            1_200,
        ),
    ]
}

async fn of_one_record(db: &Listener) -> Vec<Case> {
    let hot = || {
        record(
            "posts".parse().unwrap(),
            serde_json::from_str(r#"{"id": 7}"#).unwrap(),
        )
    };
    let none = ChangeScope::column_is("title", "other");
    vec![
        case(
            "history of a hot record by name",
            db.page(timeline().record(&hot())).await,
            &[ROW],
            60,
        ),
        case(
            "newer history of a hot record",
            db.newer(timeline().record(&hot())).await,
            &[ROW],
            60,
        ),
        case(
            "a hot record in February",
            db.page(timeline().record(&hot()).from(day(2, 1)).to(day(2, 20)))
                .await,
            &[ROW],
            60,
        ),
        case(
            "a hot record, nothing in scope",
            db.page(timeline().record(&hot()).in_scope(&none).scan_limit(1_000))
                .await,
            &[ROW],
            2_100,
        ),
        case(
            "moments of a hot record",
            db.heard_of(async |db| hot().fetch_moments(day(3, 1), PAGE, db).await.map(drop))
                .await,
            &[ROW],
            110,
        ),
        case(
            "a hot record as recorded",
            db.page(timeline().record(&hot().as_recorded())).await,
            &[ROW],
            60,
        ),
        case(
            "keys of a table whose newest changes are markers",
            db.heard_of(async |db| {
                let comments = timeline().schema("public").table("comments");
                comments.fetch_keys(1, db).await.map(drop)
            })
            .await,
            &[TABLE],
            50,
        ),
        case(
            "keys of a table that has none such",
            db.heard_of(async |db| {
                let comments = timeline().schema("public").table("comments");
                let near = comments.scan_limit(1_000);
                near.fetch_keys(2, db).await.map(drop)
            })
            .await,
            &[TABLE],
            4_100,
        ),
        case(
            "image of a hot record in scope",
            db.heard_of(async |db| {
                let record = hot().in_scope(&none);
                record.fetch_image(day(3, 1), db).await.map(drop)
            })
            .await,
            &[ROW],
            5,
        ),
    ]
}

async fn of_time_and_tables(db: &Listener) -> Vec<Case> {
    let posts = || timeline().entity(post::Entity);
    vec![
        case("first page", db.page(timeline()).await, &[TIME], 60),
        case("deep page", db.deep(timeline()).await, &[TIME], 60),
        case(
            "two days",
            db.page(timeline().from(day(2, 1)).to(day(2, 3))).await,
            &[TIME],
            60,
        ),
        // Of a table with half of all changes, every second one on the way is its own.
        case(
            "large table",
            db.page(timeline().table("posts")).await,
            &[TABLE, TIME],
            150,
        ),
        case("large entity", db.page(posts()).await, &[TABLE, TIME], 150),
        case(
            "large entity, deep page",
            db.deep(posts()).await,
            &[TABLE, TIME],
            150,
        ),
        case(
            "small table",
            db.page(timeline().table("settings")).await,
            &[TABLE],
            20,
        ),
        // Whose schema has to be looked at: a page that is not full asks where it ended.
        case(
            "small entity",
            db.page(timeline().entity(setting::Entity)).await,
            &[TABLE],
            40,
        ),
        case(
            "unknown table",
            db.page(timeline().table("nothing")).await,
            &[TABLE],
            0,
        ),
    ]
}

async fn of_contexts(db: &Listener) -> Vec<Case> {
    let correlation = async |id: &'static str| db.page(timeline().correlation_id(id)).await;
    let request = || timeline().request_id("r-20001");
    let actor = |actor: ActorRef| timeline().actor(actor);
    let action = async |name: &'static str| db.page(timeline().action(name)).await;
    // What is rare is found by its transactions, what is frequent on the way back through time.
    // How frequent it is, is counted before: up to 800 transactions here.
    vec![
        case(
            "rare correlation",
            correlation("c-1234").await,
            &[TRANSACTION, CORRELATION],
            50,
        ),
        case(
            "frequent correlation",
            correlation("nightly").await,
            &[TIME, CONTEXT, TRANSACTION, CORRELATION],
            3_500,
        ),
        case(
            "unknown correlation",
            correlation("none").await,
            &[TRANSACTION, CORRELATION],
            0,
        ),
        case(
            "request",
            db.page(request()).await,
            &[TRANSACTION, REQUEST],
            6,
        ),
        case(
            "request and entity",
            db.page(request().entity(post::Entity)).await,
            &[TRANSACTION, REQUEST],
            6,
        ),
        case(
            "rare actor",
            db.page(actor(user("rare"))).await,
            &[TRANSACTION, ACTOR],
            6,
        ),
        case(
            "usual actor",
            db.page(actor(user("77"))).await,
            &[TRANSACTION, ACTOR],
            200,
        ),
        case(
            "usual actor and entity",
            db.page(actor(user("77")).entity(post::Entity)).await,
            &[TRANSACTION, ACTOR],
            200,
        ),
        case(
            "frequent actor",
            db.page(actor(import())).await,
            &[TIME, CONTEXT, TRANSACTION, ACTOR],
            3_500,
        ),
        case(
            "frequent actor, deep page",
            db.deep(actor(import())).await,
            &[TIME, CONTEXT, TRANSACTION, ACTOR],
            3_500,
        ),
        case(
            "rare action",
            action("post.rare").await,
            &[TRANSACTION, ACTION],
            6,
        ),
        case(
            "transaction",
            db.page(timeline().transaction(777)).await,
            &[TRANSACTION],
            4,
        ),
        case(
            "incident",
            incident(777).changes().build(DbBackend::Postgres),
            &[TRANSACTION],
            4,
        ),
    ]
}

async fn of_what_has_no_index(db: &Listener) -> Vec<Case> {
    let some = |query: Timeline| query.scan_limit(2_000);
    let posts = || timeline().entity(post::Entity);
    vec![
        case(
            "frequent op",
            db.page(timeline().op(Op::Update)).await,
            &[TIME],
            110,
        ),
        case(
            "rare op of all",
            db.page(some(timeline().op(Op::Insert))).await,
            &[TIME],
            4_100,
        ),
        case(
            "rare op of a table",
            db.page(some(posts().op(Op::Insert))).await,
            &[TABLE],
            4_100,
        ),
        case(
            "no actor",
            db.page(timeline().no_actor()).await,
            &[TIME, CONTEXT],
            10_000,
        ),
        case(
            "unknown column",
            db.page(some(timeline().changed_column("nothing"))).await,
            &[TIME],
            4_100,
        ),
    ]
}

fn of_records() -> Vec<Case> {
    let history = |id: i64| {
        post::Entity::history(id)
            .limit(PAGE)
            .build(DbBackend::Postgres)
    };
    let as_of = |id: i64| as_of::<post::Entity>(id, day(3, 3)).statement(DbBackend::Postgres);
    let actor_history = |query: Transactions| {
        let select = query.select().unwrap().limit(PAGE + 1);
        select.build(DbBackend::Postgres)
    };
    let (usual, frequent) = (
        actor_history(self::actor_history(user("77"))),
        self::actor_history(import()),
    );
    vec![
        case("history", history(24), &[ROW], 20),
        case("history of a hot record", history(7), &[ROW], 60),
        case("history of nothing", history(-1), &[ROW], 0),
        case("as of", as_of(24), &[ROW], 5),
        case("as of, a hot record", as_of(7), &[ROW], 5),
        // An actor with a third of all transactions is met as often on the way back through them.
        case("actor history", usual, &[ACTOR], 60),
        case(
            "actor history, frequent",
            actor_history(frequent.clone()),
            &[ACTOR, CONTEXT],
            200,
        ),
        case(
            "actor history since",
            actor_history(frequent.since(day(2, 1))),
            &[ACTOR, CONTEXT],
            200,
        ),
    ]
}
