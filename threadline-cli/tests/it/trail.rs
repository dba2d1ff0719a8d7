//! `cargo threadline timeline`, `history`, `as-of` and `incident`, as a role that may only read.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, ColumnKind, ColumnSpec, TableSpec},
};

use crate::{
    database::TestDb,
    host::{Host, Said},
};

const CONTEXT: &str = r#"{"actor": {"type": "user", "id": "alice"}, "request_id": "r1", "correlation_id": "c1", "source": "web"}"#;

/// Three transactions: alice adds two posts and says so, nobody edits one, nobody deletes the other.
pub(crate) fn trail(name: &str) -> (Host, TestDb) {
    let mut host = Host::empty();
    let test = TestDb::new(name);
    test.run(&codegen::base_schema(&SchemaName::default()).up);
    test.run(
        "CREATE TABLE posts (id int PRIMARY KEY, title text, note text, email text, salary int);
         CREATE TABLE lines (order_id int, line text, n numeric, PRIMARY KEY (order_id, line))",
    );
    let policy = CapturePolicy {
        mask: vec!["email".to_owned()],
        exclude: vec!["salary".to_owned()],
        ..CapturePolicy::default()
    };
    capture(
        &test,
        "posts",
        &["id"],
        &["id", "title", "note", "email", "salary"],
        policy,
    );
    capture(
        &test,
        "lines",
        &["order_id", "line"],
        &["order_id", "line", "n"],
        CapturePolicy::default(),
    );
    test.run(&format!(
        "BEGIN; SELECT threadline.set_context('{CONTEXT}');
         INSERT INTO posts VALUES (1, 'a', NULL, 'a@b', 7), (2, '', 'NULL', NULL, 8);
         SELECT threadline.record_action('{{\"name\": \"post.imported\", \"reason\": \"migration\"}}'); COMMIT"
    ));
    test.run("UPDATE posts SET title = E'b\\u001b[31m\\u009b31m\\u202e', email = 'c@d', note = 'x' WHERE id = 1");
    test.run("DELETE FROM posts WHERE id = 2");
    test.run("INSERT INTO lines VALUES (7, 'x', 1.2345678901234567890100)");
    let and = if test.url.contains('?') { '&' } else { '?' };
    host.use_database(&format!("{}{and}options[role]=threadline_reader", test.url));
    (host, test)
}

fn capture(test: &TestDb, table: &str, key: &[&str], columns: &[&str], policy: CapturePolicy) {
    let column = |name: &&str| ColumnSpec {
        name: (*name).to_owned(),
        kind: match *name {
            "n" => ColumnKind::Numeric,
            _ => ColumnKind::Plain,
        },
    };
    let spec = TableSpec {
        name: table.parse().unwrap(),
        key: key.iter().map(|&name| name.to_owned()).collect(),
        columns: columns.iter().map(column).collect(),
        partitioned: false,
        policy,
    };
    let sql = codegen::capture(&SchemaName::default(), &spec, None).unwrap();
    test.run(&sql.up);
}

/// Replaces instants and page tokens, which differ from run to run.
fn redacted(text: &str) -> String {
    let word = |word: &str| {
        if chrono::DateTime::parse_from_rfc3339(word.trim_end_matches([',', ':', ';'])).is_ok() {
            let tail = word.trim_start_matches(|c: char| {
                c != ',' && !c.is_whitespace() && c != ';' && c != 'Z'
            });
            return format!("INSTANT{}", tail.trim_start_matches('Z'));
        }
        word.to_owned()
    };
    let words = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(|line| words(line) + "\n").collect()
}

/// Takes away the line of the server's source that an error comes from: each version has its own.
fn without_server_lines(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" at line ") {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn read(host: &Host, args: &[&str]) -> Value {
    let text = host.done([args, &["--json"]].concat());
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|err| panic!("{err}: {text}"));
    assert_eq!(json["schema_version"], 1, "{json}");
    json
}

/// The ops and keys of the changes that a timeline finds.
#[track_caller]
fn finds(host: &Host, filters: &[&str], expected: &[&str]) {
    let json = read(host, &[&["timeline"], filters].concat());
    let found: Vec<_> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry["op"].as_str().unwrap(), entry["table_pk"]))
        .collect();
    assert_eq!(found, expected, "{filters:?}");
}

fn instants(test: &TestDb, condition: &str) -> Vec<String> {
    test.texts(&format!(
        "SELECT to_char(captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM threadline.audit_changes WHERE {condition} ORDER BY captured_at, id"
    ))
}

#[test]
fn every_filter_of_the_timeline_finds_its_changes_and_no_others() {
    let (host, test) = trail("trail_filters");
    let (first, second) = (r#"insert {"id":1}"#, r#"insert {"id":2}"#);
    let (update, delete) = (r#"update {"id":1}"#, r#"delete {"id":2}"#);
    let line = r#"insert {"line":"x","order_id":7}"#;
    finds(&host, &[], &[line, delete, update, second, first]);
    finds(
        &host,
        &["--table", "posts"],
        &[delete, update, second, first],
    );
    finds(&host, &["--table", "other.posts"], &[]);
    finds(&host, &["--schema", "other"], &[]);
    finds(
        &host,
        &["--schema", "public"],
        &[line, delete, update, second, first],
    );
    finds(&host, &["--schema", "public", "--table", "lines"], &[line]);
    finds(&host, &["--table", "posts", "--key", "1"], &[update, first]);
    let key = r#"--key={"order_id": "7", "line": "x"}"#;
    finds(&host, &["--table", "lines", key], &[line]);
    finds(
        &host,
        &[
            "--table=posts",
            "--key=2",
            "--actor=user:alice",
            "--from=4w",
        ],
        &[second],
    );
    finds(&host, &["--actor", "user:alice"], &[second, first]);
    finds(&host, &["--actor", "user:bob"], &[]);
    finds(&host, &["--actor", "user"], &[second, first]);
    finds(&host, &["--actor", "job"], &[]);
    finds(&host, &["--actor", "none"], &[line, delete, update]);
    finds(&host, &["--action", "post.imported"], &[second, first]);
    finds(&host, &["--correlation", "c1"], &[second, first]);
    finds(&host, &["--correlation", "r1"], &[]);
    finds(&host, &["--request", "r1"], &[second, first]);
    finds(&host, &["--op", "delete"], &[delete]);
    finds(&host, &["--changed-column", "title"], &[update]);
    finds(&host, &["--changed-column", "id"], &[]);
    let at = &instants(&test, "op = 'update'")[0];
    finds(&host, &["--from", at, "--to", at], &[update]);
    finds(&host, &["--from", at], &[line, delete, update]);
    finds(&host, &["--from", "1h", "--table", "lines"], &[line]);
    finds(&host, &["--to", "1h"], &[]);
}

#[test]
fn pages_go_on_with_the_printed_filters_until_every_change_was_shown_once() {
    let (host, _test) = trail("trail_pages");
    let mut args: Vec<String> = ["timeline", "--limit", "2", "--from", "1h"]
        .map(str::to_owned)
        .to_vec();
    let mut pages = Vec::new();
    loop {
        let text = host.done(&args);
        pages.push(
            text.lines()
                .filter(|line| line.contains("transaction"))
                .count(),
        );
        let Some((_, more)) = text.split_once("more: the same with ") else {
            break;
        };
        args = ["timeline", "--limit", "2"].map(str::to_owned).to_vec();
        args.extend(more.split_whitespace().map(str::to_owned));
    }
    assert_eq!(pages, [2, 2, 1]);

    let page = read(&host, &["history", "posts", "1", "--limit", "1"]);
    assert_eq!(page["entries"][0]["op"], "update");
    let next = page["next"].as_str().unwrap();
    let page = read(
        &host,
        &["history", "posts", "1", "--limit", "1", "--after", next],
    );
    assert_eq!(page["entries"][0]["op"], "insert");
    assert_eq!(page["next"], Value::Null);
    // A token of one record is none of another, or of a timeline.
    for args in [&["history", "posts", "2"][..], &["timeline"]] {
        let said = host.refused(2, &[args, &["--after", next]].concat());
        assert!(said.contains("a query with other filters"), "{said}");
    }
}

#[test]
fn a_piped_timeline_has_no_colour_and_nothing_in_the_data_acts_on_the_terminal() {
    let (host, _test) = trail("trail_text");
    let text = host.done(["timeline"]);
    insta::assert_snapshot!("timeline", redacted(&text));
    for args in [
        &["timeline"][..],
        &["timeline", "--json"],
        &["history", "posts", "1"],
        &["history", "posts", "1", "--json"],
        &["as-of", "posts", "1", "--at", "0m"],
        &["as-of", "posts", "1", "--at", "0m", "--json"],
        &["incident", "2"],
        &["incident", "2", "--json"],
    ] {
        let text = host.done(args);
        let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(acts), "{args:?}: {text:?}");
        assert!(
            text.contains("9b"),
            "{args:?}: the value is missing: {text}"
        );
    }
    let json = read(&host, &["history", "posts", "1"]);
    let title = "b\u{1b}[31m\u{9b}31m\u{202e}";
    assert_eq!(json["entries"][0]["data_after"]["title"], title);
}

#[test]
fn json_has_every_digit_the_diff_and_the_transaction() {
    let (host, _test) = trail("trail_json");
    let text = host.done(["timeline", "--table", "lines", "--json"]);
    assert!(text.contains("1.2345678901234567890100"), "{text}");
    let text = host.done([
        "as-of",
        "lines",
        r#"{"order_id": 7, "line": "x"}"#,
        "--at",
        "0m",
        "--json",
    ]);
    assert!(text.contains("1.2345678901234567890100"), "{text}");
    let json = read(&host, &["timeline", "--op", "update"]);
    let entry = &json["entries"][0];
    assert_eq!(entry["transaction"]["actor"], Value::Null);
    assert_eq!(
        entry["diff"]["fields"][2],
        json!({"name": "email", "before": {"state": "masked"}, "after": {"state": "masked"}})
    );
    assert_eq!(
        read(&host, &["timeline", "--actor", "user:alice"])["entries"][0]["transaction"]["actor"]["id"],
        "alice"
    );
    assert_eq!(
        read(&host, &["incident", "1"])["actions"][0]["name"],
        "post.imported"
    );
}

#[test]
fn a_record_is_found_by_one_value_or_by_an_object() {
    let (host, _test) = trail("trail_history");
    let one = host.done(["history", "posts", "1"]);
    assert_eq!(one, host.done(["history", "public.posts", r#"{"id": 1}"#]));
    insta::assert_snapshot!("history", redacted(&one));
    let line = host.done(["history", "lines", r#"{"line": "x", "order_id": "7"}"#]);
    insta::assert_snapshot!("history_composite", redacted(&line));
    assert_eq!(host.done(["history", "posts", "99"]), "no changes\n");
}

#[test]
fn a_record_outlives_its_table_and_the_columns_of_its_key() {
    let (host, test) = trail("trail_outlives");
    test.run("DROP TABLE lines");
    let line = r#"{"line": "x", "order_id": 7}"#;
    finds(
        &host,
        &["--table", "lines", "--key", line],
        &[r#"insert {"line":"x","order_id":7}"#],
    );
    let json = read(&host, &["history", "lines", line]);
    assert_eq!(json["entries"].as_array().unwrap().len(), 1);
    let shown = host.done(["as-of", "lines", line, "--at", "0m"]);
    assert!(shown.contains("1.2345678901234567890100"), "{shown}");

    test.run("ALTER TABLE posts DROP CONSTRAINT posts_pkey, ADD PRIMARY KEY (id, title)");
    capture(
        &test,
        "posts",
        &["id", "title"],
        &["id", "title", "note", "email", "salary"],
        CapturePolicy::default(),
    );
    test.run("INSERT INTO posts VALUES (3, 'c')");
    let update = r#"update {"id":1}"#;
    finds(
        &host,
        &["--table=posts", "--key=1"],
        &[update, r#"insert {"id":1}"#],
    );
    let json = read(&host, &["history", "posts", r#"{"id": 2}"#]);
    assert_eq!(json["entries"][0]["op"], "delete");
    let json = read(&host, &["history", "posts", r#"{"id": 3, "title": "c"}"#]);
    assert_eq!(json["entries"][0]["op"], "insert");
}

#[test]
fn a_truncate_hides_neither_the_key_nor_the_history() {
    let (host, test) = trail("trail_truncate");
    test.run("TRUNCATE posts");
    let text = host.done(["history", "posts", "1", "--limit", "1"]);
    assert!(text.contains("truncate  posts, every row"), "{text}");
    let said = host.run(["as-of", "posts", "1", "--at", "0m"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("was deleted at"), "{said:?}");
}

#[test]
fn as_of_tells_present_deleted_and_unknown_apart_by_text_json_and_exit_code() {
    let (host, test) = trail("trail_as_of");
    let check = |key: &str, at: &str, code: i32, state: &str| {
        let args = ["as-of", "posts", key, "--at", at];
        let json = host.run([&args[..], &["--json"]].concat());
        let value: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(
            (json.code, &value["snapshot"]["state"]),
            (Some(code), &json!(state))
        );
        let Said {
            code: text_code,
            stdout,
            stderr,
        } = host.run(args);
        assert_eq!((text_code, stderr.as_str()), (Some(code), ""));
        redacted(&stdout)
    };
    let inserted = &instants(&test, "op = 'insert'")[0];
    let texts = [
        check("1", inserted, 0, "present"),
        check("2", "0m", 1, "deleted"),
        check("1", "1d", 1, "before_horizon"),
    ];
    insta::assert_snapshot!("as_of", texts.join("---\n"));
}

#[test]
fn an_incident_shows_context_actions_and_changes_and_says_when_it_is_cut() {
    let (host, _test) = trail("trail_incident");
    insta::assert_snapshot!("incident", redacted(&host.done(["incident", "1"])));
    let cut = host.done(["incident", "1", "--limit", "1"]);
    assert!(cut.contains("more: the same with --after "), "{cut}");
}

#[test]
fn transactions_are_listed_by_whose_they_are_also_those_that_changed_nothing() {
    let (host, test) = trail("trail_transactions");
    test.run(&format!(
        "BEGIN; SELECT threadline.set_context('{CONTEXT}');
         SELECT threadline.record_action('{{\"name\": \"post.viewed\"}}'); COMMIT"
    ));
    let ids = |filters: &[&str]| {
        let json = read(&host, &[&["transactions"], filters].concat());
        let entries = json["entries"].as_array().unwrap().iter();
        entries
            .map(|entry| entry["transaction"]["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), [5, 4, 3, 2, 1]);
    for (filter, value) in [
        ("--actor", "user:alice"),
        ("--correlation", "c1"),
        ("--request", "r1"),
    ] {
        assert_eq!(ids(&[filter, value]), [5, 1], "{filter}");
        assert_eq!(ids(&[filter, value, "--from", "1h"]), [5, 1], "{filter}");
        assert_eq!(ids(&[filter, value, "--to", "1h"]), [0; 0], "{filter}");
    }
    assert_eq!(ids(&["--actor", "user:bob"]), [0; 0]);
    insta::assert_snapshot!("transactions", redacted(&host.done(["transactions"])));
    let bob = ["transactions", "--actor", "user:bob"];
    assert_eq!(host.done(bob), "no transactions\n");

    let first = ["transactions", "--actor=user:alice", "--limit=1"];
    let text = host.done(first);
    let (_, more) = text.split_once("more: the same with ").unwrap();
    let rest: Vec<_> = first
        .into_iter()
        .chain(more.split_whitespace())
        .chain(["--json"])
        .collect();
    let json: Value = serde_json::from_str(&host.done(rest)).unwrap();
    assert_eq!(json["entries"][0]["transaction"]["id"], 1);
    assert_eq!(json["entries"][0]["changes"]["value"], 2);
    assert_eq!(json["next"], Value::Null);
}

#[test]
fn the_views_of_an_operator_are_listed_and_no_others() {
    let (host, test) = trail("trail_views");
    for (id, name, table) in [
        ("carol", "deletes", "posts"),
        ("carol", "odd", "a\u{1b}[2J"),
        ("dave", "mine", "posts"),
    ] {
        let actor = json!({"type": "admin", "id": id});
        let filters = json!({"table": table, "op": "delete"});
        test.run(&format!(
            "SELECT threadline.save_view('{actor}', '{name}', '{filters}')"
        ));
    }
    let json = read(&host, &["views", "--actor", "admin:carol"]);
    let entries = json["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{json}");
    assert_eq!(entries[0]["filters"]["table"], "posts");
    let text = host.done(["views", "--actor", "admin:carol"]);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("VIEW  NAME     FILTERS"), "{text}");
    assert!(
        lines[1].starts_with("1     deletes  op=delete table=posts"),
        "{text}"
    );
    assert!(
        lines[2].starts_with(r"2     odd      op=delete table=a\u{1b}[2J"),
        "{text}"
    );
    let none = host.done(["views", "--actor", "admin:erin"]);
    assert_eq!(none, "no views\n");
}

#[test]
fn the_exports_of_everybody_are_listed_and_those_of_one_actor() {
    let (host, test) = trail("trail_export_jobs");
    assert_eq!(host.done(["export-jobs"]), "no jobs\n");
    for (id, table) in [
        ("carol", "posts"),
        ("dave", "a\u{1b}[2J"),
        ("carol", "tags"),
    ] {
        let actor = json!({"type": "admin", "id": id});
        let filters = json!({"table": table});
        test.run(&format!(
            "SELECT threadline.enqueue_export('{actor}', 'csv', '{filters}', 10, 3600, 3)"
        ));
    }
    let listed = |args: &[&str]| {
        let json = read(&host, &[&["export-jobs"], args].concat());
        let entries = json["entries"].as_array().unwrap().iter();
        entries
            .map(|job| job["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]), [3, 2, 1]);
    assert_eq!(listed(&["--actor", "admin:carol"]), [3, 1]);
    assert_eq!(listed(&["--below", "3", "--limit", "1"]), [2]);
    let text = host.done(["export-jobs"]);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("JOB  ORDERED"), "{text}");
    assert!(
        lines[2].contains("admin:dave") && lines[2].contains("queued") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn the_name_of_a_table_does_not_act_on_the_terminal() {
    let (host, test) = trail("trail_names");
    let name = "\"a\u{1b}[2J\"";
    test.run(&format!("CREATE TABLE {name} (id int PRIMARY KEY)"));
    capture(&test, name, &["id"], &["id"], CapturePolicy::default());
    test.run(&format!("INSERT INTO {name} VALUES (1)"));
    for args in [
        &["timeline", "--table", name][..],
        &["transactions"],
        &["continuity"],
        &["continuity", "baseline", "--table", name, "--dry-run"],
        &["health", "coverage"],
        &["history", name, "2,x"],
    ] {
        let said = host.run(args);
        let text = said.stdout + &said.stderr;
        assert!(text.contains("a\\u{1b}[2J"), "{args:?}: {text}");
        assert!(!text.contains('\u{1b}'), "{args:?}: {text:?}");
    }
}

#[test]
fn what_is_wrong_is_named_with_what_is_allowed_and_the_fix() {
    let (host, test) = trail("trail_refusals");
    test.run("DROP TABLE lines");
    let object = r#"{"order_id": 8, "line": "x"}"#;
    let mut said = String::new();
    for (code, args) in [
        (2, &["timeline", "--table", "a.b.c"][..]),
        (2, &["timeline", "--actor", "robot:1"]),
        (2, &["timeline", "--op", "upsert"]),
        (2, &["timeline", "--from", "yesterday"]),
        (
            2,
            &[
                "timeline",
                "--from",
                "2026-01-02T00:00:00Z",
                "--to",
                "2026-01-01T00:00:00Z",
            ],
        ),
        (2, &["timeline", "--request", ""]),
        (2, &["timeline", "--after", "x"]),
        (2, &["timeline", "--limit", "1001"]),
        (2, &["history", "posts", "{1}"]),
        (2, &["history", "posts", "one"]),
        (2, &["history", "posts", r#"{"nr": 1}"#]),
        (2, &["history", "lines", "7"]),
        (2, &["history", "lines", object]),
        (2, &["history", "nothing", "1"]),
        (2, &["timeline", "--key", "1"]),
        (2, &["timeline", "--table", "posts", "--key", "one"]),
        (2, &["timeline", "--schema", "a", "--table", "b.posts"]),
        (2, &["transactions", "--from", "1h", "--to", "2h"]),
        (2, &["transactions", "--request", ""]),
        (2, &["as-of", "lines", object, "--at", "0m"]),
        (2, &["as-of", "posts", "1"]),
        (2, &["as-of", "posts", "one", "--at", "0m"]),
        (1, &["incident", "99"]),
    ] {
        let text = host.refused(code, args);
        said += &format!("{}\n{}---\n", args.join(" "), without_server_lines(&text));
    }
    insta::assert_snapshot!("trail_refusals", said);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error_and_a_full_disk_is_one() {
    let (host, test) = trail("trail_pipe");
    test.run("INSERT INTO posts SELECT n, repeat('x', 150) FROM generate_series(10, 1500) n");
    let start = |stdout: Stdio| {
        Command::new(env!("CARGO_BIN_EXE_cargo-threadline"))
            .current_dir(host.root())
            .args(["timeline", "--limit", "1000"])
            .env("DATABASE_URL", host.database_url())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut child = start(Stdio::piped());
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("insert  posts"), "{line}");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));

    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = start(full.into()).wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr.starts_with("error: the result cannot be printed"),
        "{stderr}"
    );
}

#[test]
fn a_table_of_the_same_name_in_another_schema_is_another_table() {
    let (host, test) = trail("trail_schemas");
    test.run("CREATE SCHEMA blog; CREATE TABLE blog.posts (nr int PRIMARY KEY); GRANT USAGE ON SCHEMA blog TO threadline_reader");
    capture(
        &test,
        "blog.posts",
        &["nr"],
        &["nr"],
        CapturePolicy::default(),
    );
    test.run("INSERT INTO blog.posts VALUES (1), (3)");
    finds(
        &host,
        &["--table", "blog.posts"],
        &[r#"insert {"nr":3}"#, r#"insert {"nr":1}"#],
    );
    finds(
        &host,
        &["--schema", "blog"],
        &[r#"insert {"nr":3}"#, r#"insert {"nr":1}"#],
    );
    finds(
        &host,
        &["--table", "posts", "--op", "insert"],
        &[
            r#"insert {"nr":3}"#,
            r#"insert {"nr":1}"#,
            r#"insert {"id":2}"#,
            r#"insert {"id":1}"#,
        ],
    );
    let nr = &["--table", "posts", "--schema", "blog", "--key", "3"];
    finds(&host, nr, &[r#"insert {"nr":3}"#]);
    let json = read(&host, &["history", "posts", "1"]);
    assert_eq!(json["entries"].as_array().unwrap().len(), 2);
    // The table says which key is asked for, not the newest change of a namesake.
    assert!(
        host.refused(2, &["history", "posts", r#"{"nr": 1}"#])
            .contains("is id")
    );
}
