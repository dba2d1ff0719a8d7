//! `cargo threadline export`, killed in the middle too.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    database::TestDb,
    host::Host,
    retention::{kill_in_the_middle, old_items},
};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|err| panic!("{err}: {text}"))
}

/// The ids of the changes in a file of lines, and its last record.
fn lines(text: &str) -> (Vec<i64>, Value) {
    let mut records: Vec<_> = text.lines().map(json).collect();
    let end = records.pop().unwrap();
    let ids = records.iter().filter_map(|record| record["id"].as_i64());
    (ids.collect(), end)
}

fn items(name: &str) -> (Host, TestDb) {
    old_items(name, 30)
}

#[test]
fn an_export_is_a_file_with_an_end_a_digest_and_evidence() {
    let (host, test) = items("export_file");
    let said = host.done(["export", "-o", "items.csv", "--json"]);
    let said = json(&said);
    assert_eq!(said["schema_version"], 1);
    assert_eq!(
        (&said["format"], &said["complete"]),
        (&"csv".into(), &true.into())
    );
    let text = host.read("items.csv");
    assert_eq!(said["bytes"], text.len());
    assert!(text.starts_with("record,captured_at,id,"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("end,"));
    let recorded = test.texts(
        "SELECT reference || ' ' || verdict || ' ' || (provenance ->> 'rows') FROM threadline.audit_evidence WHERE subject = 'export'",
    );
    let digest = said["sha256"].as_str().unwrap();
    assert_eq!(
        recorded,
        [format!("sha256:{digest} proven {}", said["rows"])]
    );
    let sum = Command::new("sha256sum")
        .arg(host.root().join("items.csv"))
        .output()
        .unwrap();
    assert!(String::from_utf8(sum.stdout).unwrap().starts_with(digest));
    // Nothing else is left, and nobody else may read it.
    let names: Vec<_> = host.files().into_keys().collect();
    assert!(
        !names
            .iter()
            .any(|name| name.to_string_lossy().contains(".part")),
        "{names:?}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(host.root().join("items.csv"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_role_that_may_only_read_exports_and_leaves_no_evidence() {
    let (mut host, test) = items("export_reader");
    let and = if test.url.contains('?') { '&' } else { '?' };
    host.use_database(&format!("{}{and}options[role]=threadline_reader", test.url));
    let said = json(&host.done(["export", "--output", "a.ndjson", "--json"]));
    assert_eq!(
        (&said["evidence"], &said["format"]),
        (&Value::Null, &"ndjson".into())
    );
    let said = host.done(["export", "--output", "b.json"]);
    assert!(
        said.contains("no evidence: this role or this server may only read the trail"),
        "{said}"
    );
    assert_eq!(json(&host.read("b.json"))["end"]["complete"], true);
    let none = test.texts("SELECT 'x' FROM threadline.audit_evidence WHERE subject = 'export'");
    assert!(none.is_empty());
}

#[test]
fn standard_output_holds_the_export_and_nothing_else() {
    let (host, _test) = items("export_stdout");
    let said = host.run(["export", "--format", "ndjson", "--op", "insert"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let (ids, end) = lines(&said.stdout);
    assert_eq!((ids.len(), &end["complete"]), (30, &true.into()));
    let said = host.refused(2, &["export", "--json"]);
    assert!(said.contains("add `--output FILE`"), "{said}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cargo-threadline"))
        .args(["export"])
        .env("DATABASE_URL", host.database_url())
        .current_dir(host.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let rest = child.wait_with_output().unwrap();
    assert_eq!(
        (rest.status.code(), rest.stderr.as_slice()),
        (Some(0), &b""[..]),
        "a reader that goes is no error"
    );
}

#[test]
fn an_export_that_is_cut_exits_with_4_and_its_token_gives_the_rest() {
    let (host, _test) = items("export_cut");
    let whole = host.run(["export", "--format", "ndjson"]);
    let (all, _) = lines(&whole.stdout);
    let said = host.run(["export", "--limit", "7", "-o", "1.ndjson", "--json"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    let summary = json(&said.stdout);
    assert_eq!(
        (&summary["complete"], &summary["cut_by"]),
        (&false.into(), &"limit".into())
    );
    let token = summary["next"].as_str().unwrap();
    let (mut ids, end) = lines(&host.read("1.ndjson"));
    assert_eq!(
        (&end["complete"], &end["next"], ids.len()),
        (&false.into(), &token.into(), 7)
    );
    let said = host.run(["export", "--limit", "7", "--format", "ndjson"]);
    assert_eq!(said.code, Some(4));
    assert!(
        said.stderr.contains(&format!("--after {token}")),
        "{}",
        said.stderr
    );
    let rest = ["export", "--after", token, "--dry-run", "--json"];
    assert_eq!(json(&host.done(rest))["rows"], all.len() - 7);
    host.done(["export", "--after", token, "-o", "2.ndjson"]);
    ids.extend(lines(&host.read("2.ndjson")).0);
    assert_eq!(ids, all);
    let said = host.refused(2, &["export", "--op", "insert", "--after", token]);
    assert!(said.contains("other filters"), "{said}");
}

#[test]
fn a_rehearsal_counts_and_writes_nothing() {
    let (host, test) = items("export_dry");
    let before = host.files();
    let args = ["export", "-o", "items.csv", "--op", "insert", "--dry-run"];
    let said = host.done(args);
    assert!(
        said.starts_with("30 changes would be exported, about "),
        "{said}"
    );
    let said = json(&host.done([&args[..], &["--json", "--limit", "20"]].concat()));
    assert_eq!((&said["rows"], &said["cut"]), (&20.into(), &true.into()));
    assert_eq!(host.files(), before);
    host.done(["export", "-o", "items.csv", "--op", "insert"]);
    let estimated = json(&host.done([&args[..], &["--json"]].concat()))["estimated_bytes"]
        .as_u64()
        .unwrap();
    let bytes = fs::metadata(host.root().join("items.csv")).unwrap().len();
    assert!(estimated.abs_diff(bytes) < bytes / 5, "{estimated} {bytes}");
    assert_eq!(
        test.texts("SELECT 'x' FROM threadline.audit_evidence WHERE subject = 'export'")
            .len(),
        1
    );
}

#[test]
fn an_export_that_can_not_begin_leaves_the_one_that_was_interrupted() {
    let (mut host, _test) = items("export_begin");
    host.write("items.csv.part", "record,captured_at,");
    host.write("items.csv.part.json", "{}");
    let token = json(&host.done(["timeline", "--op", "insert", "--limit", "1", "--json"]));
    let token = token["next"].as_str().unwrap();
    for filter in [
        &["--request", ""][..],
        &["--after", token],
        &["--table", "items", "--key", "x"],
        &["--schema", "a", "--table", "b.c"],
    ] {
        host.refused(2, &[&["export", "-o", "items.csv"], filter].concat());
    }
    let url = host.database_url().to_owned();
    host.use_database("postgres://127.0.0.1:1/none");
    host.refused(3, &["export", "-o", "items.csv"]);
    host.use_database(&url);
    host.done(["export", "-o", "items.csv"]);
    assert!(!host.root().join("items.csv.part.json").exists());
}

/// Makes of a whole file of lines one that lacks its end.
fn leave_a_part(host: &Host, name: &str, edit: impl FnOnce(&mut Value)) {
    let text = host.read(name);
    let (body, end) = text.trim_end().rsplit_once('\n').unwrap();
    let end = json(end);
    let mut checkpoint = serde_json::json!({
        "head": end, "bytes": body.len() + 1, "rows": end["rows"], "next": end["next"], "snapshots": 1,
    });
    edit(&mut checkpoint);
    fs::remove_file(host.root().join(name)).unwrap();
    host.write(&format!("{name}.part"), &format!("{body}\n"));
    host.write(&format!("{name}.part.json"), &checkpoint.to_string());
}

#[test]
fn an_export_that_goes_on_is_cut_as_the_one_that_was_begun() {
    let (host, _test) = items("export_resumed_cut");
    let from = "2000-01-01T00:00:00.000000Z";
    let args = ["export", "--from", from, "--limit", "7", "-o", "a.ndjson"];
    let begun = host.run(args);
    assert_eq!(begun.code, Some(4), "{begun:?}");
    leave_a_part(&host, "a.ndjson", |_| {});
    let said = host.run(["export", "--resume", "-o", "a.ndjson"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    let rest = |text: &str| text.lines().last().unwrap().to_owned();
    assert!(
        rest(&said.stdout).contains(&format!("the rest: the same with --from {from} --after ")),
        "{said:?}"
    );
    assert_eq!(rest(&said.stdout), rest(&begun.stdout));
}

#[test]
fn a_checkpoint_that_can_not_be_used_is_named() {
    let (host, _test) = items("export_checkpoint");
    host.done(["export", "-o", "a.ndjson"]);
    leave_a_part(&host, "a.ndjson", |checkpoint| {
        checkpoint["head"]["schema_version"] = 99.into();
    });
    let said = host.refused(3, &["export", "--resume", "-o", "a.ndjson"]);
    assert!(
        said.starts_with("error: `a.ndjson.part.json` is not a checkpoint"),
        "{said}"
    );
    assert!(said.contains("version 99"), "{said}");
}

#[test]
fn a_whole_file_is_a_success_whatever_becomes_of_its_evidence() {
    let (host, test) = items("export_evidence");
    test.run("ALTER TABLE threadline.audit_evidence ADD CHECK (subject <> 'export')");
    let said = host.run(["export", "-o", "a.ndjson", "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr
            .starts_with("warning: the evidence of the export was not recorded: "),
        "{said:?}"
    );
    assert_eq!(json(&said.stdout)["evidence"], Value::Null);
    assert_eq!(lines(&host.read("a.ndjson")).1["complete"], true);
}

#[test]
fn the_export_of_a_record_holds_its_changes_alone() {
    let (host, _test) = items("export_record");
    host.done(["export", "--table=items", "--key=2", "-o", "a.ndjson"]);
    let (ids, end) = lines(&host.read("a.ndjson"));
    assert_eq!(ids.len(), 3);
    assert_eq!(end["filters"]["record"]["table"], "items");
    let args = ["export", "--table=items", "--key=2", "--dry-run", "--json"];
    assert_eq!(json(&host.done(args))["rows"], 3);
}

#[test]
fn an_existing_file_is_replaced_only_if_that_was_asked_for() {
    let (host, _test) = items("export_exists");
    host.write("items.csv", "mine");
    let said = host.refused(1, &["export", "-o", "items.csv"]);
    assert!(said.contains("--overwrite"), "{said}");
    let said = host.refused(1, &["export", "-o", "other.csv", "--resume"]);
    assert!(said.contains("no interrupted export"), "{said}");
    host.refused(3, &["export", "-o", "no/such/directory.csv"]);
    host.refused(2, &["export", "-o", "x.csv", "--resume", "--op", "insert"]);
    host.refused(2, &["export", "-o", "x.csv", "--limit", "0"]);
    host.done(["export", "-o", "items.csv", "--overwrite"]);
    assert!(host.read("items.csv").starts_with("record,"));
}

#[test]
fn two_exports_never_write_the_same_file() {
    let (host, _test) = items("export_lock");
    let part = File::create(host.root().join("items.csv.part")).unwrap();
    part.lock().unwrap();
    let said = host.refused(1, &["export", "-o", "items.csv"]);
    assert!(said.contains("another export is writing"), "{said}");
    drop(part);
    host.done(["export", "-o", "items.csv"]);
    #[cfg(unix)]
    {
        host.write("precious", "mine");
        std::os::unix::fs::symlink(host.root().join("precious"), host.root().join("b.csv.part"))
            .unwrap();
        host.refused(1, &["export", "-o", "b.csv"]);
        assert_eq!(host.read("precious"), "mine");
    }
}

#[test]
fn an_export_that_is_killed_in_the_middle_comes_to_the_same_file_when_it_is_run_again() {
    let (host, test) = items("export_killed");
    test.run("INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1000, 12000) i");
    host.done(["export", "-o", "whole.ndjson"]);
    let whole = host.read("whole.ndjson");
    let (all, _) = lines(&whole);
    let exists = |name: &str| host.root().join(name).exists();
    let kill = |name: &str| {
        let noted = format!("{name}.part.json");
        kill_in_the_middle(&host, &["export", "-o", name], || exists(&noted));
        assert!(!exists(name), "half a file has the name of a whole one");
        assert!(exists(&format!("{name}.part")));
    };
    // Begun again.
    kill("a.ndjson");
    let said = host.done(["export", "-o", "a.ndjson"]);
    assert!(said.contains("`--resume` would have gone on"), "{said}");
    // Gone on with, though somebody wrote meanwhile, and killed once more.
    kill("b.ndjson");
    test.run("UPDATE items SET title = 'later' WHERE id = 1000");
    let noted = host.read("b.ndjson.part.json");
    let before = fs::metadata(host.root().join("b.ndjson.part.json"))
        .unwrap()
        .modified()
        .unwrap();
    kill_in_the_middle(&host, &["export", "-o", "b.ndjson", "--resume"], || {
        fs::metadata(host.root().join("b.ndjson.part.json"))
            .unwrap()
            .modified()
            .unwrap()
            > before
    });
    assert_ne!(host.read("b.ndjson.part.json"), noted);
    let said = json(&host.done(["export", "-o", "b.ndjson", "--resume", "--json"]));
    assert_eq!(
        (&said["complete"], &said["snapshots"]),
        (&true.into(), &3.into())
    );
    for name in ["a.ndjson", "b.ndjson"] {
        let text = host.read(name);
        let (ids, end) = lines(&text);
        assert_eq!(ids, all, "{name}");
        assert_eq!(
            (&end["complete"], end["rows"].as_u64()),
            (&true.into(), Some(all.len() as u64))
        );
        let changes = |text: &str| {
            text.lines()
                .skip(1)
                .take(all.len())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert!(changes(&text) == changes(&whole), "{name}");
        assert!(!exists(&format!("{name}.part")) && !exists(&format!("{name}.part.json")));
    }
    let sum = Command::new("sha256sum")
        .arg(host.root().join("b.ndjson"))
        .output()
        .unwrap();
    assert!(
        String::from_utf8(sum.stdout)
            .unwrap()
            .starts_with(said["sha256"].as_str().unwrap())
    );
}
