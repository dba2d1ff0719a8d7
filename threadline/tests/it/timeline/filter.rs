use chrono::TimeDelta;
use threadline::{ActorKind, ActorRef, Error, Op, Timeline, timeline};

use super::{
    paged,
    seed::{Line, post, seeded, shop_post},
    streamed,
};
use crate::support::TestDb;

/// The query finds exactly the lines that the predicate picks, in their order, by whatever way.
#[track_caller]
fn ids(lines: &[Line], pick: impl Fn(&Line) -> bool) -> Vec<i64> {
    let picked = lines.iter().filter(|line| pick(line));
    picked.map(|line| line.id).collect()
}

async fn check(
    test: &TestDb,
    lines: &[Line],
    name: &str,
    query: Timeline,
    pick: impl Fn(&Line) -> bool,
) {
    let expected = ids(lines, pick);
    assert!(
        !expected.is_empty(),
        "{name}: the seed has something to find"
    );
    assert!(
        expected.len() < lines.len(),
        "{name}: the seed has something to leave out"
    );
    for size in [1, 3, 1_000] {
        assert_eq!(
            paged(&query, size, &test.db).await,
            expected,
            "{name}, pages of {size}"
        );
    }
    assert_eq!(
        streamed(&query, &test.db).await,
        expected,
        "{name}, streamed"
    );
    let count = query.count(1_000, &test.db).await.unwrap();
    assert_eq!(
        (count.value, count.capped),
        (expected.len() as u64, false),
        "{name}"
    );
}

fn by(kind: ActorKind, id: &'static str) -> impl Fn(&Line) -> bool {
    move |line| {
        line.actor_type.as_deref() == Some(kind.as_str()) && line.actor_id.as_deref() == Some(id)
    }
}

#[tokio::test]
async fn each_filter_gives_what_a_hand_filtered_list_gives() {
    let (test, lines) = seeded().await;
    let check = async |name: &str, query: Timeline, pick: &dyn Fn(&Line) -> bool| {
        check(&test, &lines, name, query, pick).await;
    };
    let alice = || ActorRef::user("alice").unwrap();
    check("entity", timeline().entity(post::Entity), &|line| {
        line.schema == "public" && line.table == "posts"
    })
    .await;
    check(
        "entity of a schema",
        timeline().entity(shop_post::Entity),
        &|line| line.schema == "shop",
    )
    .await;
    check("table", timeline().table("posts"), &|line| {
        line.table == "posts"
    })
    .await;
    check("schema", timeline().schema("public"), &|line| {
        line.schema == "public"
    })
    .await;
    check(
        "schema and table",
        timeline().schema("shop").table("posts"),
        &|line| line.schema == "shop",
    )
    .await;
    check(
        "user",
        timeline().actor(alice()),
        &by(ActorKind::User, "alice"),
    )
    .await;
    let admin = ActorRef::admin("alice").unwrap();
    check(
        "admin",
        timeline().actor(admin),
        &by(ActorKind::Admin, "alice"),
    )
    .await;
    check(
        "anonymous",
        timeline().actor(ActorRef::anonymous()),
        &|line| line.actor_type.as_deref() == Some("anonymous"),
    )
    .await;
    check(
        "actors of a kind",
        timeline().actor_kind(ActorKind::User),
        &|line| line.actor_type.as_deref() == Some("user"),
    )
    .await;
    check("no actor", timeline().no_actor(), &|line| {
        line.actor_type.is_none()
    })
    .await;
    check("request", timeline().request_id("r-1"), &|line| {
        line.request.as_deref() == Some("r-1")
    })
    .await;
    check("correlation", timeline().correlation_id("c-1"), &|line| {
        line.correlation.as_deref() == Some("c-1")
    })
    .await;
    for op in [Op::Insert, Op::Update, Op::Delete, Op::Truncate] {
        check("op", timeline().op(op), &|line| line.op == op.as_str()).await;
    }
    check(
        "changed column",
        timeline().changed_column("title"),
        &|line| line.fields.iter().any(|field| field == "title"),
    )
    .await;
    check("action", timeline().action("post.created"), &|line| {
        line.actions.iter().any(|name| name == "post.created")
    })
    .await;
    let transaction = lines[20].transaction;
    check(
        "transaction",
        timeline().transaction(transaction),
        &|line| line.transaction == transaction,
    )
    .await;
    let (from, to) = (lines[40].at, lines[10].at);
    check("from", timeline().from(from), &|line| line.at >= from).await;
    check("to", timeline().to(to), &|line| line.at <= to).await;
    check("from and to", timeline().from(from).to(to), &|line| {
        line.at >= from && line.at <= to
    })
    .await;
}

#[tokio::test]
async fn filters_combine_by_and() {
    let (test, lines) = seeded().await;
    let check = async |name: &str, query: Timeline, pick: &dyn Fn(&Line) -> bool| {
        check(&test, &lines, name, query, pick).await;
    };
    let alice = || ActorRef::user("alice").unwrap();
    let from = lines[50].at;
    check(
        "request without actor",
        timeline().request_id("r-1").no_actor(),
        &|line| line.request.as_deref() == Some("r-1") && line.actor_type.is_none(),
    )
    .await;
    check(
        "actor, correlation, entity, op",
        timeline()
            .actor(alice())
            .correlation_id("c-1")
            .entity(post::Entity)
            .op(Op::Update),
        &|line| {
            by(ActorKind::User, "alice")(line)
                && line.correlation.as_deref() == Some("c-1")
                && line.schema == "public"
                && line.table == "posts"
                && line.op == "update"
        },
    )
    .await;
    check(
        "action, column, from",
        timeline()
            .action("post.announced")
            .changed_column("n")
            .from(from),
        &|line| {
            line.actions.iter().any(|name| name == "post.announced")
                && line.fields.iter().any(|field| field == "n")
                && line.at >= from
        },
    )
    .await;
    let last = lines[0].transaction;
    let nothing = timeline().actor(alice()).transaction(last);
    assert_eq!(paged(&nothing, 5, &test.db).await, [0i64; 0]);
    assert_eq!(nothing.count(9, &test.db).await.unwrap().value, 0);
}

#[tokio::test]
async fn bounds_of_time_are_inclusive_to_the_microsecond() {
    let (test, lines) = seeded().await;
    let at = lines[7].at;
    let microsecond = TimeDelta::microseconds(1);
    let of = async |query: Timeline| paged(&query, 1_000, &test.db).await;
    let exactly = ids(&lines, |line| line.at == at);
    assert_eq!(of(timeline().from(at).to(at)).await, exactly);
    assert_eq!(
        of(timeline().from(at + microsecond)).await,
        ids(&lines, |line| line.at > at)
    );
    assert_eq!(
        of(timeline().to(at - microsecond)).await,
        ids(&lines, |line| line.at < at)
    );
}

#[tokio::test]
async fn a_filter_that_can_not_be_meant_is_refused() {
    let (test, lines) = seeded().await;
    let cases = [
        ("table", timeline().table("")),
        ("schema", timeline().schema("")),
        ("request_id", timeline().request_id("")),
        ("correlation_id", timeline().correlation_id("a\0b")),
        ("changed_column", timeline().changed_column("")),
        ("action", timeline().action("")),
        ("from", timeline().from(lines[0].at).to(lines[1].at)),
        ("table", timeline().entity(post::Entity).table("posts")),
        ("table", timeline().entity(post::Entity).schema("public")),
    ];
    for (filter, query) in cases {
        let refused =
            |err: Error| matches!(err, Error::InvalidFilter { filter: f, .. } if f == filter);
        assert!(
            refused(query.fetch(&test.db).await.unwrap_err()),
            "{filter}"
        );
        assert!(
            refused(query.count(1, &test.db).await.unwrap_err()),
            "{filter}"
        );
    }
}
