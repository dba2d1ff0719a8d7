//! The commands of the README and of the guides do what they are there for.

use crate::{host::Host, trail::trail};

/// The `cargo threadline …` lines, in order.
fn commands(markdown: &str) -> Vec<Vec<&str>> {
    markdown
        .lines()
        .filter_map(|line| line.strip_prefix("$ cargo threadline "))
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn the_commands_of_the_first_hour_write_their_migrations() {
    for guide in [
        include_str!("../../../README.md"),
        include_str!("../../../docs/getting-started.md"),
    ] {
        let host = Host::new();
        let said: Vec<_> = commands(guide)
            .iter()
            .map(|command| host.done(command.as_slice()))
            .collect();
        let [install, capture] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert!(install.contains("_threadline_install.rs"), "{install}");
        assert!(capture.contains("_threadline_capture"), "{capture}");
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
