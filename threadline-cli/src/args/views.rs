//! The arguments of `views`.

use clap::Args;
use threadline::ActorRef;

use super::{ConnectionArgs, OutputArgs};

/// List the views of the timeline that an operator saved
///
/// Needs the role `threadline_reader` only.
#[derive(Debug, Args)]
pub(crate) struct ViewsArgs {
    /// Whose views, for example `admin:carol`
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: ActorRef,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
