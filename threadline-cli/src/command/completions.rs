use crate::{
    args::CompletionsArgs,
    definition,
    error::{Error, Result},
    output::Report,
};

/// The name of the program, which is what shells complete.
const PROGRAM: &str = "cargo-threadline";

pub(crate) fn run(args: &CompletionsArgs) -> Result<Report> {
    let mut script = Vec::new();
    // The name with a space in it, as help shows it, is not one that a shell can complete.
    let mut command = definition().bin_name(PROGRAM);
    clap_complete::generate(args.shell, &mut command, PROGRAM, &mut script);
    let text =
        String::from_utf8(script).map_err(|error| Error::Print(std::io::Error::other(error)))?;
    Ok(Report {
        text,
        ..Report::default()
    })
}
