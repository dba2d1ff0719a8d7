//! What the process reports to the shell.

/// The command did what it was asked to do, or there was nothing to do.
pub const OK: u8 = 0;

/// The thing asked for was refused, or a check found something, as `verify-coverage` a table that is
/// not captured, or `as-of` no row at that instant; nothing was written.
pub const REFUSED: u8 = 1;

/// The command line, `threadline.toml` or the layout of the project is wrong. A check could not be
/// made.
pub const USAGE: u8 = 2;

/// The database, the file system or `cargo` failed. A check could not be made.
pub const FAILURE: u8 = 3;

/// An export was written, and does not hold everything: it ended at its limit. The file says so too.
pub const CUT: u8 = 4;
