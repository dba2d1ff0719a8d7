//! `docs/configuration.md` says what the command and `threadline.toml` really take.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory};

use crate::{args::Cli, config::Config, exit_code};

const GUIDE: &str = include_str!("../../docs/configuration.md");
const BEGIN: &str = "<!-- commands -->\n";
const END: &str = "<!-- /commands -->\n";

/// How many commands have a flag before it is explained once for all.
const SEVERAL: usize = 3;

/// The commands that do something, by their names.
fn commands(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
    let is_leaf =
        command.get_subcommands().next().is_none() || command.get_arguments().next().is_some();
    if is_leaf && name.contains(' ') {
        found.push((name.to_owned(), command.clone()));
    }
    for command in command.get_subcommands().filter(|c| c.get_name() != "help") {
        commands(command, &format!("{name} {}", command.get_name()), found);
    }
}

/// The arguments that are ours.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let ours = |argument: &&Arg| !matches!(argument.get_id().as_str(), "help" | "version");
    command.get_arguments().filter(ours)
}

fn name(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())
        .map(|names| format!("<{}>", names[0]));
    match (argument.get_long(), value) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_default(),
    }
}

/// The first line of the help, with the values and the default.
fn meaning(argument: &Arg) -> String {
    let help = argument.get_help().unwrap().to_string();
    let mut text = help.lines().next().unwrap().replace('|', "\\|");
    let values: Vec<_> = argument
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if argument.get_action().takes_values() && !values.is_empty() {
        text += &format!(": {}", values.join(", "));
    }
    for default in argument.get_default_values() {
        if argument.get_action().takes_values() {
            text += &format!(". Default: `{}`", default.to_string_lossy());
        }
    }
    if let Some(variable) = argument.get_env() {
        text += &format!(". Environment: `{}`", variable.to_string_lossy());
    }
    text
}

fn table(arguments: &[&Arg]) -> String {
    let row = |argument: &&Arg| format!("| `{}` | {} |\n", name(argument), meaning(argument));
    let rows: String = arguments.iter().map(row).collect();
    format!("\n| flag | meaning |\n|--|--|\n{rows}")
}

/// The section on commands, as clap has them.
fn section() -> String {
    let mut found = Vec::new();
    commands(&Cli::command(), "cargo threadline", &mut found);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for argument in found.iter().flat_map(|(_, command)| arguments(command)) {
        *counts
            .entry((name(argument), meaning(argument)))
            .or_default() += 1;
    }
    let is_common = |argument: &Arg| counts[&(name(argument), meaning(argument))] >= SEVERAL;
    let common: BTreeMap<_, _> = found
        .iter()
        .flat_map(|(_, command)| arguments(command))
        .filter(|argument| is_common(argument))
        .map(|argument| (name(argument), argument))
        .collect();
    let mut text = "### Flags of several commands\n".to_owned();
    text += &table(&common.into_values().collect::<Vec<_>>());
    for (command, definition) in &found {
        let about = definition.get_about().unwrap().to_string();
        text += &format!("\n### `{command}`\n\n{about}.\n");
        let (common, own): (Vec<_>, Vec<_>) =
            arguments(definition).partition(|argument| is_common(argument));
        if !own.is_empty() {
            text += &table(&own);
        }
        let common: Vec<_> = common
            .iter()
            .map(|argument| format!("`{}`", name(argument)))
            .collect();
        if !common.is_empty() {
            text += &format!("\nAlso {}.\n", common.join(", "));
        }
    }
    text
}

#[test]
fn the_guide_has_every_command_and_flag_with_its_help() {
    let (_, rest) = GUIDE.split_once(BEGIN).unwrap();
    let (written, _) = rest.split_once(END).unwrap();
    let expected = section();
    if written != expected {
        let path = std::env::temp_dir().join("threadline-commands.md");
        std::fs::write(&path, &expected).unwrap();
        panic!(
            "the commands of docs/configuration.md should be what {} holds",
            path.display()
        );
    }
}

/// The keys that a table of threadline.toml may have, as the parser names them.
fn allowed(table: &str) -> BTreeSet<String> {
    let text = format!("{table}\nno_such_key = 1\n");
    let error = toml::from_str::<Config>(&text).unwrap_err().to_string();
    let (_, list) = error.split_once("expected").unwrap();
    list.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_guide_has_every_key_of_the_configuration() {
    for (heading, table) in [
        ("### At the top", ""),
        ("### `[tables.NAME]`", "[tables.posts]"),
        ("### `[coverage]`", "[coverage]"),
        ("### `[health]`", "[health]"),
        ("### `[retention]`", "[retention]"),
        (
            "### `[retention.classes.NAME]`",
            "[retention.classes.short]",
        ),
        ("### `[[retention.holds]]`", "[[retention.holds]]"),
    ] {
        let (_, rest) = GUIDE
            .split_once(&format!("{heading}\n"))
            .unwrap_or_else(|| panic!("no {heading}"));
        let section = rest.split("\n#").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let written: BTreeSet<_> = rows
            .map(|row| row.split('`').next().unwrap().to_owned())
            .collect();
        assert_eq!(written, allowed(table), "{heading}");
    }
}

#[test]
fn the_guide_has_every_exit_code() {
    let codes = [
        exit_code::OK,
        exit_code::REFUSED,
        exit_code::USAGE,
        exit_code::FAILURE,
        exit_code::CUT,
    ];
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| "));
    let written: Vec<u8> = rows
        .filter_map(|row| row.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(written, codes);
}

#[test]
fn the_configuration_of_the_guide_is_one() {
    let blocks = GUIDE.split("```toml\n").skip(1);
    let text: String = blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let config: Config = toml::from_str(&text).unwrap();
    assert!(config.retention.is_some());
}
