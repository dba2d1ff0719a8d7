//! Every query of the library uses the index that is there for it.

mod health;
mod plan;
mod seed;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QuerySelect, QueryTrait, Statement};
use threadline::{
    ActorHistory, ActorRef, Audited, PageToken, Timeline, actor_history, as_of, incident, timeline,
};

use self::{
    plan::{Plan, plan},
    seed::{post, seeded, setting},
};

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

struct Case {
    name: &'static str,
    statement: Statement,
    indexes: &'static [&'static str],
    /// The most rows that may be read.
    rows: i64,
}

fn case(
    name: &'static str,
    statement: Statement,
    indexes: &'static [&'static str],
    rows: i64,
) -> Case {
    Case {
        name,
        statement,
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
            let plan = plan(db, &case.statement, mode).await;
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

fn page(query: Timeline) -> Statement {
    let select = query.select().unwrap().limit(PAGE + 1);
    select.build(DbBackend::Postgres)
}

async fn deep(query: Timeline, db: &DatabaseConnection) -> Statement {
    let mut place = query.clone().page_size(1_000);
    let mut token: Option<PageToken> = None;
    for _ in 0..20 {
        let next = place.fetch(db).await.unwrap().next.unwrap();
        place = place.after(next.clone());
        token = Some(next);
    }
    page(query.after(token.unwrap()))
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
    let (_test, db) = seeded().await;
    check(&db, of_time_and_tables(&db).await).await;
    check(&db, of_contexts(&db).await).await;
    check(&db, of_records()).await;
}

async fn of_time_and_tables(db: &DatabaseConnection) -> Vec<Case> {
    let posts = || timeline().entity(post::Entity);
    vec![
        case("first page", page(timeline()), &[TIME], 60),
        case("deep page", deep(timeline(), db).await, &[TIME], 60),
        case(
            "two days",
            page(timeline().from(day(2, 1)).to(day(2, 3))),
            &[TIME],
            60,
        ),
        // Of a table with half of all changes, every second one on the way is its own.
        case(
            "large table",
            page(timeline().table("posts")),
            &[TABLE, TIME],
            150,
        ),
        case("large entity", page(posts()), &[TABLE, TIME], 150),
        case(
            "large entity, deep page",
            deep(posts(), db).await,
            &[TABLE, TIME],
            150,
        ),
        case(
            "small table",
            page(timeline().table("settings")),
            &[TABLE],
            20,
        ),
        case(
            "small entity",
            page(timeline().entity(setting::Entity)),
            &[TABLE],
            20,
        ),
        case(
            "unknown table",
            page(timeline().table("nothing")),
            &[TABLE],
            0,
        ),
    ]
}

async fn of_contexts(db: &DatabaseConnection) -> Vec<Case> {
    let correlation = |id: &str| page(timeline().correlation_id(id));
    let request = || timeline().request_id("r-20001");
    let actor = |actor: ActorRef| timeline().actor(actor);
    let action = |name: &str| page(timeline().action(name));
    // What is rare is found by its transactions, what is frequent on the way back through time.
    vec![
        case(
            "rare correlation",
            correlation("c-1234"),
            &[TRANSACTION, CORRELATION],
            50,
        ),
        case(
            "frequent correlation",
            correlation("nightly"),
            &[TIME, CONTEXT],
            400,
        ),
        case(
            "unknown correlation",
            correlation("none"),
            &[TRANSACTION, CORRELATION],
            0,
        ),
        case("request", page(request()), &[TRANSACTION, REQUEST], 5),
        case(
            "request and entity",
            page(request().entity(post::Entity)),
            &[TRANSACTION, REQUEST],
            5,
        ),
        case(
            "rare actor",
            page(actor(user("rare"))),
            &[TRANSACTION, ACTOR],
            5,
        ),
        case(
            "usual actor",
            page(actor(user("77"))),
            &[TRANSACTION, ACTOR],
            170,
        ),
        case(
            "usual actor and entity",
            page(actor(user("77")).entity(post::Entity)),
            &[TRANSACTION, ACTOR],
            170,
        ),
        case(
            "frequent actor",
            page(actor(import())),
            &[TIME, CONTEXT],
            400,
        ),
        case(
            "frequent actor, deep page",
            deep(actor(import()), db).await,
            &[TIME, CONTEXT],
            400,
        ),
        case(
            "rare action",
            action("post.rare"),
            &[TRANSACTION, ACTION],
            5,
        ),
        case(
            "transaction",
            page(timeline().transaction(777)),
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

fn of_records() -> Vec<Case> {
    let history = |id: i64| {
        post::Entity::history(id)
            .limit(PAGE)
            .build(DbBackend::Postgres)
    };
    let as_of = |id: i64| as_of::<post::Entity>(id, day(3, 3)).statement(DbBackend::Postgres);
    let actor_history = |query: ActorHistory| {
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
        case("actor history", usual, &[ACTOR], 50),
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
