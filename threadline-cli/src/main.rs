//! The binary behind `cargo threadline …` and `cargo-threadline …`.

use std::process::ExitCode;

fn main() -> ExitCode {
    threadline_cli::main(std::env::args_os())
}
