//! The command that answers the same question in a terminal. Pure.

use std::fmt;

use serde::{Serialize, Serializer};

/// A command of `cargo threadline`, quoted for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command(String);

impl Command {
    /// A command by its words, for example `timeline` or `retention show`.
    pub(crate) fn new(words: &str) -> Self {
        Self(format!("cargo threadline {words}"))
    }

    /// With an argument.
    pub(crate) fn argument(self, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        Self(format!("{} {}", self.0, quoted(&value)))
    }

    /// With a flag such as `--no-actor`.
    pub(crate) fn flag(self, name: &str) -> Self {
        Self(format!("{} {name}", self.0))
    }

    /// With an option and its value.
    pub(crate) fn option(self, name: &str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        // What begins with a dash is taken for another option.
        let between = if value.starts_with('-') { '=' } else { ' ' };
        Self(format!("{} {name}{between}{}", self.0, quoted(&value)))
    }

    /// With an option if there is a value.
    pub(crate) fn option_if(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }
}

/// No argument of a command can hold a NUL; what PostgreSQL stores has none either.
fn quoted(value: &str) -> String {
    let value = value.replace('\0', "");
    shlex::try_quote(&value).map_or_else(|_| String::from("''"), Into::into)
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        for value in [
            "posts",
            "two words",
            "it's",
            "$(rm -rf ~)",
            "`id`",
            "a\nb",
            "",
            "-7d",
            "é\u{202e}",
        ] {
            let command = Command::new("timeline").option("--action", value);
            let words = shlex::split(&command.to_string()).unwrap();
            let rest = words[3..].join(" ");
            let expected = if value.starts_with('-') {
                format!("--action={value}")
            } else {
                format!("--action {value}")
            };
            assert_eq!(rest, expected);
        }
    }

    #[test]
    fn plain_words_stay_as_they_are() {
        let command = Command::new("timeline")
            .option("--table", "posts")
            .option_if("--request", None::<&str>)
            .flag("--no-actor");
        assert_eq!(
            command.to_string(),
            "cargo threadline timeline --table posts --no-actor"
        );
        assert_eq!(
            Command::new("incident").argument(7).to_string(),
            "cargo threadline incident 7"
        );
    }
}
