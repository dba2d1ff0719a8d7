//! The source file with `impl MigratorTrait`: reading it, and registering migrations in it by
//! small text edits that leave everything else as the author wrote it.

mod edit;
mod register;
mod source;

pub(crate) use self::{
    register::register,
    source::{MigratorSource, NotRegistrable, has_migrator},
};
