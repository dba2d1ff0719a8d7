use std::{
    env,
    path::Path,
    process::{Command, Output},
};

use launcher::{TEST_SERVER_VARIABLE, test_server};

use crate::support::{answers, eventually, lives};

const PROBE: &str = "test_server::it_is_one_server_for_the_whole_process";

/// Runs the test below in a process of its own.
fn probe(setting: Option<&str>) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", PROBE, "--nocapture"])
        .env_remove(TEST_SERVER_VARIABLE);
    if let Some(url) = setting {
        command.env(TEST_SERVER_VARIABLE, url);
    }
    command.output().unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "the tests below read it")]
fn it_is_one_server_for_the_whole_process() {
    let server = test_server().unwrap();
    assert!(std::ptr::eq(server, test_server().unwrap()));
    println!("\nurl={}", server.url("notes"));
    if let Some(started) = server.started() {
        assert!(answers(started.port()));
        println!(
            "\npid={}\nrun={}",
            started.pid(),
            started.socket_dir().display()
        );
    }
}

fn value<'a>(output: &'a str, name: &str) -> &'a str {
    output
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .unwrap()
}

#[test]
fn the_variable_names_the_server_of_the_run() {
    let output = probe(Some(
        "postgres://me@db.example:5433/postgres?sslmode=disable",
    ));
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        value(&text, "url"),
        "postgres://me@db.example:5433/notes?sslmode=disable"
    );
    assert!(!text.contains("pid="), "{text}");
}

#[test]
fn a_wrong_variable_fails_the_test() {
    let output = probe(Some("nonsense"));
    assert!(!output.status.success());
}

#[test]
fn a_server_started_for_a_process_ends_with_it() {
    let output = probe(None);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let pid = value(&text, "pid").parse().unwrap();
    let run = Path::new(value(&text, "run"));
    eventually("the directory is removed", || !run.exists());
    assert!(!lives(pid));
}
