//! Random programs of three connections against a model.

mod model;
mod program;
mod run;
mod table;

use threadline::CapturePolicy;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::{program::programs, run::Run, table::DDL};
use crate::support::{TestDb, statements};

#[test]
fn whatever_is_written_the_trail_tells_every_row_at_every_instant() {
    check(CapturePolicy::default(), 32);
}

#[test]
fn whatever_is_written_the_trail_by_statement_tells_every_row_at_every_instant() {
    check(statements(), 12);
}

fn check(policy: CapturePolicy, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let test = runtime.block_on(async {
        let test = TestDb::new().await;
        test.run(DDL).await;
        for table in ["items", "slots"] {
            test.capture(table, policy.clone()).await;
        }
        test
    });
    let config = Config {
        cases,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, rng).run(&programs(), |steps| {
        runtime.block_on(async { Run::new(&test).await.program(&steps).await })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
