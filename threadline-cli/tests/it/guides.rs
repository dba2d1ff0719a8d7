//! The commands of the README and of the guides do what they are there for.

use crate::{database::TestDb, health::up, host::Host, trail::trail};

const POSTS: &str =
    "CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, author_email text NOT NULL)";

/// The `cargo threadline …` lines, in order.
fn commands(markdown: &str) -> Vec<Vec<&str>> {
    markdown
        .lines()
        .filter_map(|line| line.strip_prefix("$ cargo threadline "))
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn the_commands_of_the_first_hour_write_their_migrations_and_see_what_they_did() {
    for (guide, name) in [
        (include_str!("../../../README.md"), "readme"),
        (
            include_str!("../../../docs/getting-started.md"),
            "first_hour",
        ),
    ] {
        let db = TestDb::new(name);
        db.run(POSTS);
        let mut host = Host::new();
        host.use_database(&db.url);
        let commands = commands(guide);
        for (command, written) in commands
            .iter()
            .zip(["_threadline_install.rs", "_threadline_capture"])
        {
            let said = host.done(command.as_slice());
            assert!(said.contains(written), "{said}");
            let name = host.written().pop().unwrap();
            db.run(&up(&host.read(&format!("migration/src/{name}"))));
        }
        for command in &commands[2..] {
            let said = host.done(command.as_slice());
            assert!(said.contains("posts  covered"), "{said}");
        }
    }
}

#[test]
fn the_commands_of_an_upgrade_write_what_is_missing_and_find_nothing_then() {
    let guide = include_str!("../../../docs/upgrading.md");
    let db = TestDb::new("upgrading");
    db.run(POSTS);
    let mut host = Host::new();
    host.use_database(&db.url);
    host.write(
        "threadline.toml",
        "[health]\napplication_roles = ['pg_monitor']\n",
    );
    host.done(["install"]);
    host.done(["gen-triggers", "--all"]);
    let apply = |host: &Host, name: &String| {
        db.run(&up(&host.read(&format!("migration/src/{name}"))));
    };
    let before = host.written();
    for name in &before {
        apply(&host, name);
        host.edit(&format!("migration/src/{name}"), "version 1", "version 0");
    }
    let commands = commands(guide);
    let [install, capture, findings] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    host.done(install.as_slice());
    host.done(capture.as_slice());
    let after = host.written();
    assert_eq!(after.len(), before.len() + 2);
    for name in &after[before.len()..] {
        apply(&host, name);
    }
    assert_eq!(host.done(findings.as_slice()), "nothing found\n");
}

#[test]
fn the_commands_of_the_playbook_and_of_the_guide_to_indexes_answer() {
    let (host, _test) = trail("playbook");
    let playbook = include_str!("../../../docs/incident-playbook.md");
    let (_, toml) = playbook.split_once("```toml\n").unwrap();
    host.write("threadline.toml", toml.split("```").next().unwrap());
    let commands = commands(playbook);
    assert_eq!(commands.len(), 14);
    for command in commands {
        let said = host.run(command.as_slice());
        // Findings that are more than a note, and an instant before the first change, are answers too.
        let expected = match command[0] {
            "health" | "as-of" => 1,
            _ => 0,
        };
        assert_eq!(said.code, Some(expected), "{command:?}: {said:?}");
        assert!(!said.stdout.is_empty(), "{command:?}");
    }
    for command in self::commands(include_str!("../../../docs/indexing.md")) {
        host.done(command.as_slice());
    }
}

#[test]
fn the_commands_of_the_export_guide_do_what_it_says() {
    let (mut host, test) = trail("guide_export");
    host.use_database(&test.url);
    for command in commands(include_str!("../../../docs/export.md")) {
        if command.contains(&"--resume") {
            leave_a_part(&host, "posts.csv");
        }
        let said = host.run(&command);
        assert_eq!(said.code, Some(0), "{command:?}: {said:?}");
        assert_ne!(said.stdout, "", "{command:?}");
    }
    assert!(host.read("posts.csv").contains("\"\"snapshots\"\":2"));
    assert!(host.read("alice.ndjson").contains("\"record\":\"end\""));
}

/// Makes of a whole file one that lacks its end.
fn leave_a_part(host: &Host, name: &str) {
    let text = host.read(name);
    let (body, end) = text.trim_end().rsplit_once("\r\n").unwrap();
    let (_, summary) = end.split_once('"').unwrap();
    let summary = summary.trim_end_matches('"').replace("\"\"", "\"");
    let end: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let checkpoint = serde_json::json!({
        "head": end, "bytes": body.len() + 2, "rows": end["rows"], "next": null, "snapshots": 1,
    });
    std::fs::remove_file(host.root().join(name)).unwrap();
    host.write(&format!("{name}.part"), &format!("{body}\r\nhalf a ro"));
    host.write(&format!("{name}.part.json"), &checkpoint.to_string());
}
