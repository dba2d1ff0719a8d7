//! `cargo threadline retention`, `continuity` and `evidence`, killed in the middle too.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, ColumnKind, ColumnSpec, TableSpec},
};

use crate::{database::TestDb, host::Host};

const POLICY: &str = "[retention]\nkeep_days = 10\n";

/// A host without sources, and a database with a captured table.
pub(crate) fn host(name: &str) -> (Host, TestDb) {
    let mut host = Host::empty();
    host.write("threadline.toml", POLICY);
    let test = TestDb::new(name);
    host.use_database(&test.url);
    test.run(&codegen::base_schema(&SchemaName::default()).up);
    test.run("CREATE TABLE items (id int PRIMARY KEY, title text)");
    (host, test)
}

pub(crate) fn capture(test: &TestDb) {
    let column = |name: &str| ColumnSpec {
        name: name.to_owned(),
        kind: ColumnKind::Plain,
    };
    let spec = TableSpec {
        name: "items".parse().unwrap(),
        key: vec!["id".to_owned()],
        columns: vec![column("id"), column("title")],
        partitioned: false,
        policy: CapturePolicy::default(),
    };
    test.run(
        &codegen::capture(&SchemaName::default(), &spec, None)
            .unwrap()
            .up,
    );
}

/// Makes the trail a month older, as only a superuser can who turns the triggers off.
fn age(test: &TestDb) {
    test.run(
        "BEGIN; SET LOCAL session_replication_role = replica;
         UPDATE threadline.audit_changes SET captured_at = captured_at - interval '30 days';
         UPDATE threadline.audit_transactions SET occurred_at = occurred_at - interval '30 days'; COMMIT",
    );
}

pub(crate) fn old_items(name: &str, rows: u32) -> (Host, TestDb) {
    let (host, test) = host(name);
    capture(&test);
    test.run(&format!(
        "INSERT INTO items SELECT n, 'a' FROM generate_series(1, {rows}) n; UPDATE items SET title = 'b'; DELETE FROM items WHERE id % 2 = 0"
    ));
    age(&test);
    (host, test)
}

fn count(test: &TestDb) -> u32 {
    let count = test.texts("SELECT count(*)::text FROM threadline.audit_changes");
    count[0].parse().unwrap()
}

/// Starts a command and kills it, as `kill -9` does, once it is in the middle of its work.
pub(crate) fn kill_in_the_middle(host: &Host, args: &[&str], middle: impl Fn() -> bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cargo-threadline"))
        .current_dir(host.root())
        .args(args)
        .env("DATABASE_URL", host.database_url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !middle() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it does not come to the middle"
        );
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be killed"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_purge_that_is_killed_in_the_middle_comes_to_the_same_end_when_it_is_run_again() {
    let (host, test) = old_items("purge_killed", 300);
    let (other, untouched) = old_items("purge_whole", 300);
    let args = [
        "retention",
        "purge",
        "--execute",
        "--batch-size",
        "5",
        "--pause",
        "20",
    ];
    kill_in_the_middle(&host, &args, || count(&test) < 600);
    let left = count(&test);
    assert!(left > 150, "{left}");
    assert_eq!(
        test.texts("SELECT status FROM threadline.audit_retention_runs"),
        ["running"]
    );
    host.done(["retention", "purge", "--execute"]);
    other.done(["retention", "purge", "--execute"]);
    let trail = "SELECT concat_ws(' ', op, table_pk, data_after) FROM threadline.audit_changes ORDER BY captured_at, id";
    assert_eq!(test.texts(trail), untouched.texts(trail));
    assert_eq!(test.texts(trail).len(), 150);
    assert_eq!(
        test.texts("SELECT status FROM threadline.audit_retention_runs ORDER BY id"),
        ["abandoned", "completed"]
    );
    let deleted =
        test.texts("SELECT sum(deleted_changes)::text FROM threadline.audit_retention_runs");
    assert_eq!(
        deleted,
        ["600"],
        "what was deleted before the kill is in the record as well"
    );
    let orphans = test.texts("SELECT count(*)::text FROM threadline.audit_transactions t WHERE NOT EXISTS (SELECT FROM threadline.audit_changes c WHERE c.transaction_id = t.id)");
    assert_eq!(orphans, ["0"]);
}

#[test]
fn a_baseline_that_is_killed_in_the_middle_comes_to_the_same_end_when_it_is_run_again() {
    let (host, test) = host("baseline_killed");
    test.run("INSERT INTO items SELECT n, 'a' || n FROM generate_series(1, 200) n");
    capture(&test);
    let args = [
        "continuity",
        "baseline",
        "--table",
        "items",
        "--execute",
        "--chunk-size",
        "5",
        "--pause",
        "20",
    ];
    kill_in_the_middle(&host, &args, || count(&test) > 20);
    let part = count(&test);
    assert!(part < 200 && part.is_multiple_of(5), "{part}");
    let said = host.done(["continuity", "baseline", "--table", "items", "--execute"]);
    assert!(
        said.contains(&format!("items: {} of 200 rows captured", 200 - part)),
        "{said}"
    );
    let wrong = test.texts(
        "SELECT i.id::text FROM items i WHERE (SELECT count(*) FROM threadline.audit_changes c WHERE c.table_pk = jsonb_build_object('id', i.id) AND c.data_after = to_jsonb(i)) <> 1",
    );
    assert_eq!(wrong, Vec::<String>::new());
    let said = host.done(["continuity", "baseline", "--table", "items", "--dry-run"]);
    assert_eq!(said, "items: 0 of 200 rows would be captured\n");
}

#[test]
fn a_dry_run_deletes_nothing_and_says_what_would_go() {
    let (host, test) = old_items("dry_run", 10);
    let before = count(&test);
    let said = host.done(["retention", "purge", "--dry-run"]);
    assert!(
        said.ends_with("20 changes would go, 5 old ones would stay\n"),
        "{said}"
    );
    let json: Value =
        serde_json::from_str(&host.done(["retention", "purge", "--dry-run", "--json"])).unwrap();
    assert_eq!(json["tables"][0]["may_go"], 20);
    host.done(["retention", "partitions", "--dry-run", "--ahead", "14"]);
    assert_eq!(count(&test), before);
    assert_eq!(
        test.texts("SELECT id::text FROM threadline.audit_retention_runs"),
        Vec::<String>::new()
    );
}

#[test]
fn show_and_evidence_tell_what_a_run_did() {
    let (host, test) = old_items("show", 10);
    host.done(["retention", "purge", "--execute", "--actor", "admin:carol"]);
    let json: Value = serde_json::from_str(&host.done(["retention", "show", "--json"])).unwrap();
    assert_eq!(
        (&json["schema_version"], &json["runs"][0]["deleted_changes"]),
        (&Value::from(1), &Value::from(20))
    );
    assert_eq!(json["runs"][0]["actor_id"], "carol");
    host.write(
        "threadline.toml",
        &format!("{POLICY}[retention.classes.short]\nkeep_days = 5\nkeep_last = false\ntables = ['items']\n"),
    );
    let said = host.done(["retention", "show"]);
    let (rest, short) = said.split_once("\nitems ").unwrap_or((&said, ""));
    let short = short.lines().next().unwrap_or_default();
    assert!(
        rest.contains("10 days  stays") && short.contains("5 days   by age"),
        "{said}"
    );
    host.write("threadline.toml", POLICY);
    assert!(
        said.contains("every other table") && said.contains("completed"),
        "{said}"
    );
    let json: Value = serde_json::from_str(&host.done([
        "evidence",
        "show",
        "--json",
        "--subject",
        "retention_run",
    ]))
    .unwrap();
    assert_eq!(json["entries"][0]["verdict"], "proven");
    assert_eq!(
        host.done(["evidence", "show", "--subject", "nothing"]),
        "no evidence\n"
    );
    let said = host.done(["retention", "partitions", "--execute", "--ahead", "13"]);
    assert_eq!(said, "made 1 partitions\n");
    let json: Value = serde_json::from_str(&host.done(["continuity", "--json"])).unwrap();
    assert_eq!(json["tables"][0]["captured"], true);
    let said = host.done(["continuity"]);
    assert!(
        said.contains("continuity baseline --table 'items' --execute"),
        "{said}"
    );
    assert_eq!(count(&test), 5);
}

#[test]
fn what_is_wrong_is_named_with_the_fix_and_nothing_is_deleted() {
    let (host, test) = old_items("wrong", 4);
    let before = count(&test);
    let mut said = Vec::new();
    let mut refuse = |code: i32, args: &[&str]| {
        said.push(format!(
            "$ {}\n{}",
            args.join(" "),
            host.refused(code, args)
        ));
    };
    refuse(2, &["retention", "purge"]);
    refuse(2, &["retention", "purge", "--dry-run", "--execute"]);
    refuse(2, &["retention", "purge", "--execute", "--batch-size", "0"]);
    refuse(
        2,
        &["retention", "purge", "--execute", "--actor", "robot:1"],
    );
    refuse(
        2,
        &["retention", "partitions", "--execute", "--ahead", "601"],
    );
    refuse(
        2,
        &["continuity", "baseline", "--table", "a.b.c", "--execute"],
    );
    refuse(
        1,
        &["continuity", "baseline", "--table", "itmes", "--execute"],
    );
    refuse(2, &["evidence", "show", "--after", "x"]);
    for policy in [
        "",
        "[retention]\nkeep_days = 0\n",
        "[retention]\nkeep_day = 4\n",
        "[retention]\nkeep_days = 4\n[retention.classes.a]\nkeep_days = 3\ntables = ['items']\n[retention.classes.b]\nkeep_days = 3\ntables = ['items']\n",
        "[retention]\nkeep_days = 4\n[[retention.holds]]\nreason = 'x'\n",
    ] {
        host.write("threadline.toml", policy);
        refuse(2, &["retention", "purge", "--execute"]);
    }
    host.write("threadline.toml", POLICY);
    test.run("CREATE TABLE other (id int PRIMARY KEY)");
    refuse(
        1,
        &["continuity", "baseline", "--table", "other", "--execute"],
    );
    insta::assert_snapshot!(said.join("\n"));
    assert_eq!(count(&test), before);
    assert_eq!(
        test.texts("SELECT id::text FROM threadline.audit_retention_runs"),
        Vec::<String>::new()
    );
    test.run("DROP SCHEMA threadline CASCADE");
    let said = host.refused(3, &["retention", "show"]);
    assert!(said.contains("not installed"), "{said}");
}

#[test]
fn without_a_database_nothing_is_tried() {
    let host = Host::empty();
    host.write("threadline.toml", POLICY);
    let said = host.refused(2, &["retention", "purge", "--execute"]);
    assert!(said.contains("set DATABASE_URL"), "{said}");
}

#[test]
fn a_purge_that_is_late_is_a_finding_until_the_command_that_it_prints_was_run() {
    let (mut host, test) = old_items("overdue", 10);
    let classes = "[retention.classes.short]\nkeep_days = 5\ntables = ['items']\n";
    host.write("threadline.toml", &format!("{POLICY}{classes}"));
    let found = |host: &Host| -> Vec<Value> {
        let said = host.run(["health", "findings", "--json"]);
        let json: Value = serde_json::from_str(&said.stdout).unwrap();
        let findings = json["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["code"] == "retention-overdue")
            .cloned()
            .collect()
    };
    // Whoever may only read the trail is told as well.
    let and = if test.url.contains('?') { '&' } else { '?' };
    host.use_database(&format!("{}{and}options[role]=threadline_reader", test.url));
    let [finding] = found(&host).try_into().unwrap();
    assert_eq!(finding["severity"], "warning");
    assert_eq!(
        finding["message"],
        "changes of `items` are kept for 5 days; those that were to go 25 days ago are there still"
    );
    host.use_database(&test.url);
    let command = finding["fix"]["text"].as_str().unwrap();
    host.done(
        command
            .strip_prefix("cargo threadline ")
            .unwrap()
            .split(' '),
    );
    assert!(count(&test) > 0, "the last changes of live rows stay");
    assert_eq!(found(&host), Vec::<Value>::new());

    // A shorter time makes the last purge late, and the tables without a class are told of together.
    host.write("threadline.toml", "[retention]\nkeep_days = 1\n");
    let [finding] = found(&host).try_into().unwrap();
    assert_eq!(
        (finding.get("table_name"), finding["message"].as_str()),
        (
            Some(&Value::Null),
            Some(
                "changes of the tables without a class are kept for 1 days; those that were to go 9 days ago are there still"
            )
        )
    );
    host.done(["retention", "purge", "--execute"]);
    assert_eq!(found(&host), Vec::<Value>::new());
}

/// The blocks of a language in a guide.
fn blocks<'a>(guide: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let blocks = guide.split(fence.as_str()).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_guides_policy_grant_and_commands_work_as_they_stand() {
    let retention = include_str!("../../../docs/retention.md");
    let brownfield = include_str!("../../../docs/brownfield-continuity.md");
    let (host, test) = old_items("guides", 4);
    // What the guide holds has to be there.
    test.run(
        r#"INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk)
           VALUES (0, now(), threadline.row_key('public', 'invoices', '{"id": 1017}'), 'public', 'invoices', 'insert', '{"id": 1017}')"#,
    );
    let toml: String = blocks(retention, "toml").concat();
    host.write("threadline.toml", &toml);
    test.run("DROP ROLE IF EXISTS my_operator; CREATE ROLE my_operator");
    for sql in blocks(retention, "sql") {
        test.run(sql);
    }
    test.run("DROP ROLE my_operator");
    let commands: Vec<&str> = [retention, brownfield]
        .iter()
        .flat_map(|guide| blocks(guide, "console"))
        .flat_map(str::lines)
        .collect();
    assert_eq!(commands.len(), 8);
    for command in commands {
        let command = command.strip_prefix("$ cargo threadline ").unwrap();
        host.done(command.split_whitespace());
    }
    let said = host.done(["retention", "show"]);
    for held in [
        "held: actor user:42 (case 12)",
        "held: correlation id migration-7",
        "held: row {\"id\":1017} of invoices",
    ] {
        assert!(said.contains(held), "{said}");
    }
    let kept = test.texts("SELECT status FROM threadline.audit_retention_runs");
    assert_eq!(
        kept,
        ["completed"],
        "the month that is not past its time is no run"
    );
}
