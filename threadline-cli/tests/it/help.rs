use std::process::Command;

use crate::host::Host;

#[track_caller]
fn help(args: &[&str]) -> String {
    let said = Host::empty().run(args);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    said.stdout
}

#[test]
fn the_help_is_the_documentation_of_every_command() {
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_install", help(&["install", "--help"]));
    insta::assert_snapshot!("help_gen_triggers", help(&["gen-triggers", "--help"]));
    insta::assert_snapshot!("help_verify_coverage", help(&["verify-coverage", "--help"]));
    insta::assert_snapshot!("help_health", help(&["health", "--help"]));
    insta::assert_snapshot!(
        "help_health_coverage",
        help(&["health", "coverage", "--help"])
    );
    insta::assert_snapshot!(
        "help_health_findings",
        help(&["health", "findings", "--help"])
    );
    insta::assert_snapshot!("help_policy_show", help(&["policy", "show", "--help"]));
    for command in [
        &["retention", "show"][..],
        &["retention", "partitions"],
        &["retention", "purge"],
        &["continuity"],
        &["continuity", "baseline"],
        &["evidence", "show"],
        &["export"],
        &["export-jobs"],
        &["timeline"],
        &["history"],
        &["as-of"],
        &["transactions"],
        &["incident"],
        &["views"],
        &["completions"],
    ] {
        let name = format!("help_{}", command.join("_"));
        insta::assert_snapshot!(name, help(&[command, &["--help"]].concat()));
    }
}

#[test]
fn cargo_threadline_and_the_program_itself_are_the_same() {
    let alone = Command::new(env!("CARGO_BIN_EXE_cargo-threadline"))
        .arg("--version")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(alone.stdout).unwrap(),
        help(&["--version"])
    );
}

#[test]
fn the_completions_of_bash_know_every_command() {
    let script = Host::empty().run(["completions", "bash"]).stdout;
    let completed = Command::new("bash")
        .args(["-c", "source /dev/stdin\nCOMP_WORDS=(cargo-threadline i); COMP_CWORD=1\n_cargo__threadline cargo-threadline i cargo-threadline\necho \"${COMPREPLY[@]}\""])
        .stdin(script_file(&script))
        .output()
        .unwrap();
    assert_eq!(
        (
            String::from_utf8(completed.stdout).unwrap().trim(),
            String::from_utf8(completed.stderr).unwrap().as_str()
        ),
        ("install incident", "")
    );
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        let script = Host::empty().run(["completions", shell]).stdout;
        assert!(script.contains("gen-triggers"), "{shell}: {script}");
    }
}

fn script_file(text: &str) -> std::fs::File {
    use std::io::{Seek as _, Write as _};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let host = Host::empty();
    for args in [
        &["gen-triggers"][..],
        &["gen-triggers", "--all", "--tables", "posts"],
        &["instal"],
        &[],
    ] {
        assert_eq!(host.run(args).code, Some(2), "{args:?}");
    }
}
