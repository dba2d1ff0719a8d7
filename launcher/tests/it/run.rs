use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use launcher::TEST_SERVER_VARIABLE;

use crate::support::{answers, eventually, lives, server_pid};

/// The words of the command that tells what it sees and then waits for the end of its standard input.
const TELL: &str = "echo \"$THREADLINE_TEST_SERVER\"; echo $$; exec cat";

/// `launcher run` with its temporary files in a directory of its own, where leftovers can be seen.
struct Run {
    launcher: Child,
    temporary: tempfile::TempDir,
    port: u16,
    command: u32,
    server: u32,
}

fn launcher(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_launcher"));
    command.args(arguments).env_remove(TEST_SERVER_VARIABLE);
    command
}

impl Run {
    fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        // As /tmp: the account that the server runs under removes what it owns there.
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o1777)).unwrap();
        let mut launcher = launcher(&["run", "--", "/bin/sh", "-c", TELL])
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(launcher.stdout.as_mut().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        let command = lines.next().unwrap().unwrap().parse().unwrap();
        let (_, port) = url
            .strip_suffix("/postgres")
            .unwrap()
            .rsplit_once(':')
            .unwrap();
        let port = port.parse().unwrap();
        let server = server_pid(&only_entry(&temporary).unwrap().join("data"));
        Self {
            launcher,
            temporary,
            port,
            command,
            server,
        }
    }

    fn signal(&self, name: &str) {
        let mut kill = Command::new("/bin/sh");
        kill.args(["-c", "kill \"$0\" \"$1\"", name])
            .arg(self.launcher.id().to_string());
        assert!(kill.status().unwrap().success());
    }
}

fn only_entry(directory: &tempfile::TempDir) -> Option<PathBuf> {
    let mut entries = fs::read_dir(directory).unwrap();
    let first = entries.next()?.unwrap().path();
    assert!(entries.next().is_none());
    Some(first)
}

#[test]
fn the_command_sees_the_server_and_its_exit_code_is_handed_back() {
    let output = launcher(&[
        "run",
        "--",
        "/bin/sh",
        "-c",
        "echo \"$THREADLINE_TEST_SERVER\"; exit 7",
    ])
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(7));
    let url = String::from_utf8(output.stdout).unwrap();
    assert!(url.starts_with("postgres://postgres@127.0.0.1:"), "{url}");
    let notice = String::from_utf8(output.stderr).unwrap();
    assert!(notice.starts_with("PostgreSQL 1"), "{notice}");
}

#[test]
fn nothing_is_left_after_the_command() {
    let mut run = Run::start();
    assert!(answers(run.port));
    drop(run.launcher.stdin.take());
    assert!(run.launcher.wait().unwrap().success());
    assert!(!lives(run.server));
    assert_eq!(only_entry(&run.temporary), None);
}

#[test]
fn a_termination_ends_the_command_and_the_server() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129)] {
        let mut run = Run::start();
        // Waiting would close it first, and that alone ends the command.
        let _open = run.launcher.stdin.take();
        run.signal(signal);
        assert_eq!(run.launcher.wait().unwrap().code(), Some(code));
        assert!(!lives(run.command) && !lives(run.server));
        assert_eq!(only_entry(&run.temporary), None);
    }
}

#[test]
fn a_killed_launcher_leaves_neither_a_server_nor_a_directory() {
    let mut run = Run::start();
    run.launcher.kill().unwrap();
    run.launcher.wait().unwrap();
    eventually("the directory is removed", || {
        only_entry(&run.temporary).is_none()
    });
    assert!(!lives(run.server));
    assert!(!answers(run.port));
}

#[test]
fn a_command_that_does_not_exist_is_an_error_with_its_cause() {
    let output = launcher(&["run", "--", "/no/such/program"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("failed to run /no/such/program: No such file or directory"),
        "{text}"
    );
}

#[test]
fn help_is_no_mistake() {
    let output = launcher(&["--help"]).output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("usage: launcher run"), "{text}");
}

#[test]
fn a_misspelled_command_line_prints_the_usage() {
    let mut child = launcher(&["walk"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(text.starts_with("usage: launcher run"), "{text}");
}

#[test]
fn the_server_that_would_be_taken_can_be_asked_for() {
    let output = launcher(&["find"]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let binaries = crate::support::binaries();
    assert_eq!(
        text,
        format!(
            "PostgreSQL {} in {}\n",
            binaries.version(),
            binaries.directory().display()
        )
    );

    let output = launcher(&["find"])
        .env(launcher::BIN_VARIABLE, "/no/such/directory")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("/no/such/directory does not hold"), "{text}");
}
