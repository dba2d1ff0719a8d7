use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use actix_web::web;
use chrono::DateTime;
use threadline::PageToken;

use crate::support::Blog;

const WALK: &str = "<!-- walk -->";

#[actix_web::test]
async fn the_walk_of_the_readme_answers_what_the_readme_says() {
    let blog = Blog::new("readme").await;
    let served = blog.serve();

    let steps: Vec<Step> = blocks()
        .into_iter()
        .filter(|block| block.walk)
        .flat_map(|block| block.steps)
        .collect();
    assert!(steps.len() > 4, "{steps:?}");
    let mut wrong = String::new();
    for step in steps {
        let command = step
            .command
            .replace("localhost:4000", &served.address.to_string());
        let output = web::block(move || shell(&command)).await.unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        if constant(answer.trim_end()) != constant(&step.answer) {
            wrong += &format!("$ {}\n{answer}\n\n", step.command);
        }
    }
    served.stop().await;
    assert!(wrong.is_empty(), "these answered otherwise:\n\n{wrong}");
}

#[test]
fn every_other_command_of_the_readme_exists() {
    let others = blocks().into_iter().filter(|block| !block.walk);
    let commands: Vec<_> = others.flat_map(|block| block.steps).collect();
    assert!(!commands.is_empty());
    for Step { command, .. } in commands {
        let words: Vec<_> = command.split(' ').collect();
        match words[..] {
            ["cargo", "run", "-p", package] => assert_eq!(package, env!("CARGO_PKG_NAME")),
            // What these do is tested where it is written.
            ["cargo", "threadline", "install" | "gen-triggers", ..] => {}
            ["cargo", "add" | "install", ref crates @ ..] => {
                for name in crates {
                    let manifest = root().join(name).join("Cargo.toml");
                    assert!(manifest.is_file(), "there is no crate `{name}`");
                }
            }
            [program] => assert!(root().join(program).is_file(), "there is no `{program}`"),
            _ => panic!("nothing shows that `{command}` works"),
        }
    }
}

#[test]
fn the_demo_shows_timeline_incident_and_as_of_and_stops() {
    let output = Command::new(env!("CARGO_BIN_EXE_blog"))
        .args(["--demo", "--database", "installed"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    for path in [
        "/api/timeline?correlation_id=demo",
        "/api/audit_transactions/1/changes",
        "/api/posts/1/as_of?at=",
    ] {
        assert!(shown.contains(path), "no {path} in {shown}");
    }
    assert!(shown.contains("post.created_via_api"), "{shown}");
    assert!(shown.contains("\"state\": \"present\""), "{shown}");
    assert!(shown.contains("[REDACTED]"), "{shown}");
}

/// A fenced block of commands.
struct Block {
    walk: bool,
    steps: Vec<Step>,
}

/// A command and the lines below it.
#[derive(Debug)]
struct Step {
    command: String,
    answer: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blocks() -> Vec<Block> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut pieces = readme.split("```console\n");
    let mut before = pieces.next().unwrap();
    let mut blocks = Vec::new();
    for piece in pieces {
        let (body, after) = piece.split_once("\n```").unwrap();
        let mut steps: Vec<Step> = Vec::new();
        for line in body.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let (command, answer) = (command.to_owned(), String::new());
                steps.push(Step { command, answer });
            } else {
                let step = steps.last_mut().unwrap();
                assert!(step.answer.is_empty(), "an answer is one line: {line}");
                step.answer = line.to_owned();
            }
        }
        blocks.push(Block {
            walk: before.trim_end().ends_with(WALK),
            steps,
        });
        before = after;
    }
    blocks
}

/// Runs a line as a reader would.
fn shell(line: &str) -> Output {
    let curl = Command::new("curl").arg("--version").output();
    assert!(
        curl.is_ok(),
        "the README is tested with curl, which is not installed: apt-get install curl"
    );
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    output
}

/// The text with a word instead of everything that differs from run to run.
fn constant(text: &str) -> String {
    let mut key = "";
    let mut constant = Vec::new();
    for (n, part) in text.split('"').enumerate() {
        // What stands between quotes has an odd number.
        let inside = n % 2 == 1;
        constant.push(match part {
            _ if inside && key == "xid" => "(xid)",
            _ if inside && DateTime::parse_from_rfc3339(part).is_ok() => "(instant)",
            _ if inside && is_uuid(part) => "(uuid)",
            _ if inside && part.parse::<PageToken>().is_ok() => "(token)",
            part => part,
        });
        if inside {
            key = part;
        } else if part != ":" {
            key = "";
        }
    }
    constant.join("\"")
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[test]
fn only_what_differs_from_run_to_run_is_overlooked() {
    let one = r#"{"at":"2026-11-23T09:00:00.000001Z","xid":"741","name":"741","id":1}"#;
    let other = r#"{"at":"2027-01-01T00:00:00Z","xid":"9","name":"741","id":1}"#;
    assert_eq!(constant(one), constant(other));
    let id = r#""01a205f9-a0d5-7346-b1c1-8bb720b20954""#;
    let other_id = r#""01a205f9-a0d5-7346-b1c1-8bb720b20955""#;
    assert_eq!(constant(id), constant(other_id));
    for (one, other) in [
        (r#"{"id":1}"#, r#"{"id":2}"#),
        (r#"{"name":"741"}"#, r#"{"name":"742"}"#),
        (r#"{"at":"2026-11-23T09:00:00Z"}"#, r#"{"at":null}"#),
        (r#"{"xid":"7"}"#, r#"{"xid":7}"#),
    ] {
        assert_ne!(constant(one), constant(other));
    }
}
