use std::{
    ffi::OsStr,
    io::{IsTerminal, stdout},
};

use threadline::Op;

/// Whether the output has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Colour,
    Plain,
}

impl Style {
    /// Colours on a terminal, unless `NO_COLOR` has a value.
    pub(crate) fn of_stdout() -> Self {
        Self::of(
            stdout().is_terminal(),
            std::env::var_os("NO_COLOR").as_deref(),
        )
    }

    fn of(terminal: bool, no_color: Option<&OsStr>) -> Self {
        if terminal && no_color.is_none_or(OsStr::is_empty) {
            Self::Colour
        } else {
            Self::Plain
        }
    }

    /// The name of an op.
    pub(crate) fn op(self, op: Op) -> String {
        let name = op.as_str();
        if self == Self::Plain {
            return name.to_owned();
        }
        let colour = match op {
            Op::Insert => 32,
            Op::Update => 33,
            Op::Delete | Op::Truncate => 31,
        };
        format!("\u{1b}[{colour}m{name}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_terminal_and_no_no_color() {
        let of = |terminal, no_color: Option<&str>| Style::of(terminal, no_color.map(OsStr::new));
        assert_eq!(of(true, None), Style::Colour);
        assert_eq!(of(true, Some("")), Style::Colour);
        assert_eq!(of(true, Some("1")), Style::Plain);
        assert_eq!(of(false, None), Style::Plain);
    }

    #[test]
    fn a_plain_op_is_its_name_alone() {
        assert_eq!(Style::Plain.op(Op::Delete), "delete");
        assert_eq!(Style::Colour.op(Op::Delete), "\u{1b}[31mdelete\u{1b}[0m");
    }
}
