use clap::Args;
use clap_complete::Shell;

/// Write the completions of a shell to standard output.
///
/// They complete `cargo-threadline`, with the hyphen. Bash, for one session:
/// `source <(cargo threadline completions bash)`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: Shell,
}
