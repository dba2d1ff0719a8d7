//! Whether every measurement works. Nobody judges a time here.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

const SINGLE: &str = "insert update update4 delete tx100 context wide toast redacted concurrent8";
const BULK: &str = "bulk_insert bulk_update bulk_delete copy";

/// The least that audits a table, in another way than Threadline's.
const OTHER: &str = "
CREATE TABLE public.log (row jsonb);
CREATE FUNCTION public.log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.log VALUES (to_jsonb(coalesce(NEW, OLD)));
  RETURN NULL;
END $$;
CREATE TRIGGER log AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION public.log();
";

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

fn variant_file(sql: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.sql");
    fs::write(&path, sql).unwrap();
    let argument = format!("other={}", path.display());
    (directory, argument)
}

#[test]
fn every_capture_scenario_is_measured_on_every_variant() {
    let (_directory, variant) = variant_file(OTHER);
    let scenarios = measured(&["capture", "--quick", "--json", "--variant", &variant]);
    let both = SINGLE
        .split(' ')
        .flat_map(|name| [(name, "on"), (name, "off")]);
    let once = BULK.split(' ').map(|name| (name, "on"));
    let expected: Vec<_> = both.chain(once).collect();
    for variant in [Value::Null, "other".into()] {
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
    assert!(scenarios.iter().any(|scenario| scenario["page"] == 1));
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
    let (_directory, variant) = variant_file("SELECT no_such_function()");
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
