//! Runs a command beside a temporary PostgreSQL server: see `USAGE`.

mod forward;

use std::{
    error::Error,
    ffi::OsString,
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus},
};

use launcher::{Binaries, Server, TEST_SERVER_VARIABLE};

const USAGE: &str = "usage: launcher run -- COMMAND [ARGUMENT]…
       launcher find

run   starts a temporary PostgreSQL server, sets THREADLINE_TEST_SERVER to its address, runs the command, stops the
      server and ends as the command did
find  prints the server that `run` would take

THREADLINE_PG_BIN chooses the server.
";

/// The exit code for a misspelled command line.
const EXIT_USAGE: i32 = 2;
/// The exit code when the server or the command could not be started.
const EXIT_FAILED: i32 = 125;

fn main() {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let code = match arguments.as_slice() {
        [run, dashes, program, rest @ ..] if run == "run" && dashes == "--" => {
            run_command(Command::new(program).args(rest)).map_or_else(report, exit_code)
        }
        [find] if find == "find" => print_found().map_or_else(report, |()| 0),
        [help] if help == "--help" || help == "-h" => print(USAGE).map_or_else(report, |()| 0),
        _ => {
            say(USAGE);
            EXIT_USAGE
        }
    };
    std::process::exit(code);
}

fn print_found() -> Result<(), Box<dyn Error>> {
    print(&format!("{}\n", describe(&Binaries::find()?)))
}

fn print(text: &str) -> Result<(), Box<dyn Error>> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn describe(binaries: &Binaries) -> String {
    format!(
        "PostgreSQL {} in {}",
        binaries.version(),
        binaries.directory().display()
    )
}

fn run_command(command: &mut Command) -> Result<ExitStatus, Box<dyn Error>> {
    let binaries = Binaries::find()?;
    forward::catch()?;
    let server = Server::builder(&binaries).for_tests().start()?;
    say(&format!(
        "{}, port {}\n",
        describe(&binaries),
        server.port()
    ));
    command.env(TEST_SERVER_VARIABLE, server.url("postgres"));
    let program = command.get_program().to_owned();
    let status = forward::run(command);
    Ok(status.map_err(|source| launcher::Error::Run {
        program: program.into(),
        source,
    })?)
}

/// As a shell does: the code, or 128 plus the signal.
fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

fn report(err: Box<dyn Error>) -> i32 {
    let mut text = format!("launcher: {err}");
    let mut cause = err.source();
    while let Some(err) = cause {
        text.push_str(&format!(": {err}"));
        cause = err.source();
    }
    say(&format!("{text}\n"));
    EXIT_FAILED
}

fn say(text: &str) {
    // Nothing is left to do if even standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}
