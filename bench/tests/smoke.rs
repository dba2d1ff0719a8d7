//! Whether every measurement works. Nobody judges a time here.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

const SINGLE: &str = "insert update update4 delete tx100 context wide toast redacted concurrent8";
const BULK: &str = "bulk_insert bulk_update bulk_delete copy";

/// Another way to audit a table than Threadline's.
const FLOOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/variants/floor.sql");

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn measured(arguments: &[&str]) -> Vec<Value> {
    let output = bench(arguments);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
    match document["scenarios"].take() {
        Value::Array(scenarios) => scenarios,
        other => panic!("{other}"),
    }
}

#[track_caller]
fn assert_figures(scenario: &Value, fields: &[&str]) {
    for field in fields {
        let figure = scenario[field].as_f64();
        assert!(
            figure.is_some_and(|figure| figure > 0.0),
            "{field}: {scenario}"
        );
    }
}

#[test]
fn every_capture_scenario_is_measured_on_every_variant() {
    let floor = format!("floor={FLOOR}");
    let scenarios = measured(&["capture", "--quick", "--json", "--variant", &floor]);
    let both = SINGLE
        .split(' ')
        .flat_map(|name| [(name, "on"), (name, "off")]);
    let once = BULK.split(' ').map(|name| (name, "on"));
    let expected: Vec<_> = both.chain(once).collect();
    for variant in [Value::Null, "floor".into()] {
        for (name, sync) in &expected {
            let mut found = scenarios.iter().filter(|scenario| {
                (&scenario["name"], &scenario["sync"]) == (&(*name).into(), &(*sync).into())
                    && scenario["variant"] == variant
            });
            let scenario = found
                .next()
                .unwrap_or_else(|| panic!("{name} {sync} {variant}"));
            assert_eq!(found.next(), None);
            let positive = ["ratio", "micros", "baseline_micros", "rounds", "count"];
            assert_figures(scenario, &positive);
            // Differences of so little may be anything.
            assert!(scenario["wal_bytes"].is_f64(), "{scenario}");
            #[cfg(target_os = "linux")]
            {
                assert_figures(scenario, &["cpu_micros", "baseline_cpu_micros"]);
                assert!(scenario["added_cpu_micros"].is_f64(), "{scenario}");
            }
        }
    }
    assert_eq!(scenarios.len(), 2 * expected.len());
}

#[test]
fn a_request_is_measured_at_one_client_and_at_sixteen() {
    let scenarios = measured(&["stack", "--quick", "--json"]);
    let found: Vec<_> = scenarios
        .iter()
        .map(|scenario| (scenario["name"].as_str(), scenario["clients"].as_u64()))
        .collect();
    let expected = [1, 16]
        .map(|clients| ["post", "post_in_transaction"].map(|name| (Some(name), Some(clients))));
    assert_eq!(found, expected.concat());
    for scenario in &scenarios {
        assert_figures(
            scenario,
            &[
                "p50_ratio",
                "p99_ratio",
                "throughput_ratio",
                "p50_micros",
                "requests_per_second",
            ],
        );
    }
}

#[test]
fn every_read_is_measured() {
    let scenarios = measured(&["reads", "--quick", "--json"]);
    for name in "timeline timeline_table timeline_actor_frequent timeline_actor_rare timeline_no_actor timeline_correlation timeline_request timeline_op_frequent timeline_op_rare timeline_column_frequent timeline_column_rare history as_of incident actor_history count export_csv export_json export_ndjson purge_rows purge_partition".split(' ') {
        let scenario = scenarios.iter().find(|scenario| scenario["name"] == name);
        assert_figures(scenario.unwrap_or_else(|| panic!("{name}")), &["micros", "changes"]);
    }
    assert!(
        scenarios
            .iter()
            .any(|scenario| scenario["name"] == "timeline" && scenario["page"] == 1_000)
    );
    let refused = bench(&["reads", "--only", "typo"]).stderr;
    let listed = String::from_utf8_lossy(&refused);
    for scenario in &scenarios {
        let name = scenario["name"].as_str().unwrap();
        let group = name.split_once('_').map_or(name, |(group, _)| group);
        let mut listed = listed.split([',', ' ', '\n']);
        assert!(
            listed.any(|other| other == name || other == group),
            "{name}"
        );
    }
}

#[test]
fn capture_by_statement_is_measured_with_a_slower_disk_as_often_as_asked() {
    let scenarios = measured(&[
        "capture",
        "--quick",
        "--json",
        "--only",
        "bulk_insert,insert",
        "--by-statement",
        "--rounds",
        "3",
        "--flush-delay",
        "200",
    ]);
    for variant in [Value::Null, "by_statement".into()] {
        for (name, sync) in [("bulk_insert", "on"), ("insert", "on"), ("insert", "off")] {
            let scenario = scenarios.iter().find(|scenario| {
                (&scenario["name"], &scenario["sync"], &scenario["variant"])
                    == (&name.into(), &sync.into(), &variant)
            });
            let scenario = scenario.unwrap_or_else(|| panic!("{name} {sync} {variant}"));
            assert_eq!(scenario["rounds"], 3, "{scenario}");
        }
    }
}

#[test]
fn a_scenario_that_is_not_there_is_named_before_anything_is_measured() {
    let output = bench(&["reads", "--quick", "--only", "timeline,typo"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{log}");
    assert!(output.stdout.is_empty());
    assert!(log.contains("typo") && log.contains("as_of"), "{log}");
}

#[test]
fn every_page_is_measured_beside_its_statements() {
    let scenarios = measured(&["pages", "--quick", "--json"]);
    for name in [
        "timeline",
        "timeline_table",
        "timeline_actor",
        "transaction",
        "row",
        "row_hot",
    ] {
        let scenario = scenarios.iter().find(|scenario| scenario["name"] == name);
        let figures = ["p95_ratio", "p95_micros", "bare_p95_micros", "statements"];
        assert_figures(scenario.unwrap_or_else(|| panic!("{name}")), &figures);
    }
}

#[test]
fn a_variant_that_does_not_work_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.sql");
    fs::write(&path, "SELECT no_such_function()").unwrap();
    let variant = format!("other={}", path.display());
    let output = bench(&[
        "capture",
        "--quick",
        "--only",
        "copy",
        "--variant",
        &variant,
    ]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert!(
        log.contains("scenario `copy` failed on variant `other`")
            && log.contains("no_such_function"),
        "{log}"
    );
}
