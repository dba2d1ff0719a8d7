//! Random lives of rows, random policies: what the trail says after a purge, or after months were dropped, is what it said
//! before, or that it does not know.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt, Image, Snapshot,
    retention::{Hold, RetentionPolicy, partitions, purge},
};

use super::{ITEMS, item, partitions::past_months};
use crate::support::{TestDb, run as sql};

const IDS: i32 = 4;

#[derive(Clone, Debug)]
enum Step {
    Write { sql: String, held: bool },
    Age(u32),
}

#[derive(Clone, Debug)]
struct Policy {
    days: u32,
    keep_last: bool,
    hold: bool,
    class: Option<u32>,
    /// Whether the rows of the table `quiet` stay, whatever becomes of the items.
    quiet_stays: bool,
    /// Whether months are dropped, not changes purged one by one.
    months: bool,
    /// How many batches of it are done before it is killed; `None` lets it end.
    batches: Option<u8>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = 1..=IDS;
    let write = prop_oneof![
        4 => id.clone().prop_map(|id| format!("INSERT INTO items VALUES ({id}, md5(random()::text)) ON CONFLICT (id) DO UPDATE SET title = excluded.title")),
        2 => id.clone().prop_map(|id| format!("UPDATE items SET title = md5(random()::text) WHERE id >= {id}")),
        2 => id.clone().prop_map(|id| format!("DELETE FROM items WHERE id = {id}")),
        1 => (id.clone(), id).prop_map(|(from, to)| format!("UPDATE items SET id = {to} WHERE id = {from} AND NOT EXISTS (SELECT FROM items WHERE id = {to})")),
        1 => Just("TRUNCATE items".to_owned()),
    ];
    let step = prop_oneof![
        3 => (write, prop::bool::weighted(0.25)).prop_map(|(sql, held)| Step::Write { sql, held }),
        1 => (1..35_u32).prop_map(Step::Age),
    ];
    vec(step, 5..40)
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let policy = (
        1..60_u32,
        any::<bool>(),
        any::<bool>(),
        prop::option::of(1..60_u32),
        any::<bool>(),
        prop::option::of(1..8_u8),
    );
    let policy = policy.prop_map(|(days, keep_last, hold, class, months, batches)| Policy {
        days,
        keep_last,
        hold,
        class,
        quiet_stays: false,
        months,
        batches,
    });
    vec(policy, 1..4)
}

/// Lives beside a table whose rows never change: a month of it outlives what came after it. Without
/// TRUNCATE, whose marker has no last version of its own.
fn steps_beside_quiet_rows() -> impl Strategy<Value = Vec<Step>> {
    let id = 1..=IDS;
    let write = prop_oneof![
        3 => id.clone().prop_map(|id| format!("INSERT INTO items VALUES ({id}, md5(random()::text)) ON CONFLICT (id) DO UPDATE SET title = excluded.title")),
        2 => id.prop_map(|id| format!("DELETE FROM items WHERE id = {id}")),
        1 => Just("INSERT INTO quiet DEFAULT VALUES".to_owned()),
    ];
    let step = prop_oneof![
        2 => write.prop_map(|sql| Step::Write { sql, held: false }),
        1 => (10..35_u32).prop_map(Step::Age),
    ];
    vec(step, 5..30)
}

fn policies_of_months() -> impl Strategy<Value = Vec<Policy>> {
    let policy = (1..40_u32, any::<bool>()).prop_map(|(days, keep_last)| Policy {
        days,
        keep_last,
        hold: false,
        class: None,
        quiet_stays: true,
        months: true,
        batches: None,
    });
    vec(policy, 1..3)
}

fn held() -> ActorRef {
    ActorRef::user("held").unwrap()
}

impl Policy {
    fn policy(&self) -> RetentionPolicy {
        let mut policy = RetentionPolicy::keep_days(self.days)
            .unwrap()
            .keep_last(self.keep_last);
        if self.hold {
            policy = policy.hold(Hold::actor(held())).unwrap();
        }
        if let Some(days) = self.class {
            policy = policy
                .class("items", days, ["items".parse().unwrap()])
                .unwrap();
        }
        if self.quiet_stays {
            policy = policy
                .class("quiet", self.days, ["quiet".parse().unwrap()])
                .and_then(|policy| policy.keep_last_of("quiet", true))
                .unwrap();
        }
        policy
    }

    fn days(&self) -> u32 {
        self.class.unwrap_or(self.days)
    }

    /// Drops the months that may go, and says whether any was.
    async fn drop_months(&self, test: &TestDb) -> bool {
        let prepared = partitions(&self.policy()).months_ahead(0);
        let plan = prepared.preview(&test.db).await.unwrap();
        let would: Vec<_> = plan.drop.into_iter().map(|month| month.name).collect();
        let done = prepared.run(&test.db).await.unwrap();
        assert_eq!(
            (&would, &plan.keep),
            (&done.dropped, &done.kept),
            "the preview is what the run does: {self:?}"
        );
        !would.is_empty()
    }

    /// Purges, and says that old changes may be gone.
    async fn purge(&self, test: &TestDb) -> bool {
        if let Some(batches) = self.batches {
            self.break_off(test, batches).await;
            return true;
        }
        let prepared = purge(&self.policy())
            .batch_size(2)
            .pause(std::time::Duration::ZERO);
        let preview = prepared.preview(&test.db).await.unwrap();
        let run = prepared.run(&test.db).await.unwrap();
        assert_eq!(
            preview.may_go(),
            run.deleted_changes.unsigned_abs(),
            "the preview is what the run does: {self:?}"
        );
        true
    }

    /// Begins a run and leaves it in the middle.
    async fn break_off(&self, test: &TestDb, batches: u8) {
        let json = serde_json::json!({
            "keep_days": self.days, "keep_last": self.keep_last,
            "classes": self.class.map(|days| vec![serde_json::json!({"name": "items", "keep_days": days, "tables": [{"schema": "public", "table": "items"}]})]).unwrap_or_default(),
            "holds": if self.hold { vec![serde_json::json!({"actor": {"type": "user", "id": "held"}})] } else { Vec::new() },
        });
        let id: i64 = test
            .one(&format!(
                "SELECT threadline.begin_retention('purge', '{json}', NULL)"
            ))
            .await;
        for _ in 0..batches {
            let status: String = test
                .one(&format!(
                    "SELECT status FROM threadline.purge_batch({id}, 2)"
                ))
                .await;
            if status != "running" {
                return;
            }
        }
    }
}

/// What the trail said of every row at every instant.
type Truth = Vec<(i32, DateTime<Utc>, Snapshot<Image>)>;

async fn truth(test: &TestDb, instants: &[DateTime<Utc>]) -> Truth {
    let mut truth = Vec::new();
    for &at in instants {
        for id in 1..=IDS {
            truth.push((id, at, item(test, id, at).await));
        }
    }
    truth
}

async fn check(test: &TestDb, steps: &[Step], policies: &[Policy]) {
    test.forge(
        "TRUNCATE threadline.audit_changes, threadline.audit_transactions, threadline.audit_actions, threadline.audit_horizons, threadline.audit_retention_runs; TRUNCATE items, quiet",
    )
    .await;
    past_months(test).await;
    let mut instants: Vec<DateTime<Utc>> = Vec::new();
    for step in steps {
        match step {
            Step::Write {
                sql: text,
                held: is_held,
            } => {
                let ctx = if *is_held {
                    AuditContext::for_actor(held())
                } else {
                    AuditContext::without_actor().allow_missing_actor()
                };
                let txn = test.db.begin_audited(&ctx).await.unwrap();
                sql(&txn, text).await;
                txn.commit().await.unwrap();
            }
            Step::Age(days) => {
                instants.push(Utc::now());
                test.age(*days).await;
                for at in &mut instants {
                    *at -= TimeDelta::days((*days).into());
                }
            }
        }
    }
    instants.push(Utc::now());
    let truth = truth(test, &instants).await;
    let mut horizon = DateTime::<Utc>::MIN_UTC;
    let mut lossy = DateTime::<Utc>::MIN_UTC;
    for policy in policies {
        let has_gone = if policy.months {
            policy.drop_months(test).await
        } else {
            policy.purge(test).await
        };
        if has_gone {
            let cutoff = Utc::now() - TimeDelta::days(policy.days().into());
            horizon = horizon.max(cutoff);
            if !policy.keep_last {
                lossy = lossy.max(cutoff);
            }
        }
        for (id, at, before) in &truth {
            let after = item(test, *id, *at).await;
            let about = format!(
                "item {id} at {at}, horizon {horizon}, {policy:?}: {before:?} became {after:?}"
            );
            if *at < horizon {
                assert_eq!(after, Snapshot::BeforeHorizon, "{about}");
                continue;
            }
            match before {
                Snapshot::BeforeHorizon => assert_eq!(&after, before, "{about}"),
                Snapshot::Present(image) if image.captured_at < lossy => {
                    assert_eq!(after, Snapshot::BeforeHorizon, "{about}");
                }
                Snapshot::Present(_) => assert_eq!(&after, before, "{about}"),
                // What ended before the cutoff may be forgotten, never revived or moved.
                Snapshot::Deleted { at: ended, .. } if *ended < horizon => {
                    assert!(
                        after == *before || after == Snapshot::BeforeHorizon,
                        "{about}"
                    );
                }
                Snapshot::Deleted { last, .. } => {
                    assert!(
                        after == *before
                            || after == Snapshot::BeforeHorizon && last.captured_at < lossy,
                        "{about}"
                    );
                }
            }
        }
    }
    // Nothing that is left points to something that is gone, and no transaction is left behind.
    let orphans: Vec<i64> = test.all("SELECT transaction_id FROM threadline.audit_changes c WHERE NOT EXISTS (SELECT FROM threadline.audit_transactions t WHERE t.id = c.transaction_id)").await;
    assert_eq!(orphans, Vec::<i64>::new());
}

/// Tries random cases.
fn run_cases(
    steps: impl Strategy<Value = Vec<Step>>,
    policies: impl Strategy<Value = Vec<Policy>>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let tables = format!("{ITEMS}; CREATE TABLE quiet (id serial PRIMARY KEY)");
    let test = runtime.block_on(TestDb::with_tables(&tables, &["items", "quiet"]));
    let config = Config {
        cases: 48,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result =
        TestRunner::new_with_rng(config, rng).run(&(steps, policies), |(steps, policies)| {
            // A failed assertion is a panic, which the runner takes for the failure of the case.
            runtime.block_on(check(&test, &steps, &policies));
            Ok(())
        });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn after_any_retention_a_row_is_what_it_was_or_unknown() {
    run_cases(steps(), policies());
}

#[test]
fn after_months_went_from_between_quiet_rows_a_row_is_what_it_was_or_unknown() {
    run_cases(steps_beside_quiet_rows(), policies_of_months());
}
