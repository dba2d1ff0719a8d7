//! What programs read.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    database::TestDb,
    host::Host,
    retention::{capture, host},
};

/// A command line of every command that has `--json`, in an order in which each finds something.
pub(crate) const COMMANDS: [&str; 22] = [
    "continuity",
    "continuity baseline --table items --dry-run",
    "continuity baseline --table items --execute",
    "verify-coverage",
    "health coverage",
    "health findings",
    "policy show",
    "timeline",
    "export --dry-run",
    "export-jobs",
    "history items 1",
    "as-of items 1 --at 0m",
    "transactions",
    "incident 1",
    "views --actor admin:carol",
    "retention show",
    "retention partitions --dry-run",
    "retention partitions --execute",
    "retention purge --dry-run",
    "retention purge --execute",
    "evidence show",
    "evidence show --limit 1",
];

/// The names of the commands with `--json`.
fn printing(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
    if command
        .get_arguments()
        .any(|argument| argument.get_long() == Some("json"))
    {
        found.insert(name.trim().to_owned());
    }
    for command in command.get_subcommands() {
        printing(command, &format!("{name} {}", command.get_name()), found);
    }
}

pub(crate) fn captured(name: &str) -> (Host, TestDb) {
    let (host, test) = host(name);
    host.write(
        "threadline.toml",
        "[tables.items]\n[retention]\nkeep_days = 10\n",
    );
    test.run("INSERT INTO items VALUES (1, 'a'), (2, 'b')");
    capture(&test);
    (host, test)
}

#[test]
fn every_json_result_says_its_version() {
    let mut expected = BTreeSet::new();
    printing(&threadline_cli::definition(), "", &mut expected);
    let is_of = |line: &str, name: &str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let (host, _test) = captured("json");
    let mut seen = BTreeSet::new();
    for line in COMMANDS {
        let said = host.run(line.split(' ').chain(["--json"]));
        assert!(matches!(said.code, Some(0 | 1)), "{line}: {said:?}");
        let json: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(json["schema_version"], 1, "{line}: {json}");
        assert_eq!(
            said.stdout.matches("\"schema_version\"").count(),
            1,
            "{line}"
        );
        let name = expected
            .iter()
            .filter(|name| is_of(line, name))
            .max_by_key(|name| name.len());
        seen.insert(name.unwrap().clone());
    }
    assert_eq!(seen, expected);
}
