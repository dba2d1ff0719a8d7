use std::fmt;

/// The version of a PostgreSQL server, as `postgres --version` states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    major: u32,
    text: String,
}

impl Version {
    /// The oldest major version Threadline works with.
    pub const OLDEST_MAJOR: u32 = 15;

    /// Reads the output of `postgres --version`.
    pub(crate) fn parse(output: &str) -> Option<Self> {
        let text = output
            .split_once("(PostgreSQL)")?
            .1
            .split_whitespace()
            .next()?;
        let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Self {
            major: digits.parse().ok()?,
            text: text.to_owned(),
        })
    }

    /// The major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Whether Threadline works with this server.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.major >= Self::OLDEST_MAJOR
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[track_caller]
    fn check(output: &str, major: u32, text: &str) {
        let version = Version::parse(output).unwrap();
        assert_eq!(
            (version.major(), version.to_string().as_str()),
            (major, text)
        );
    }

    #[test]
    fn reads_releases_betas_and_packagers_additions() {
        check(
            "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
            15,
            "15.18",
        );
        check("postgres (PostgreSQL) 18.6\n", 18, "18.6");
        check("postgres (PostgreSQL) 19beta1\n", 19, "19beta1");
        check("postgres (PostgreSQL) 9.6.24\n", 9, "9.6.24");
    }

    #[test]
    fn refuses_the_output_of_another_program() {
        assert_eq!(Version::parse("psql 15.18"), None);
        assert_eq!(Version::parse("postgres (PostgreSQL) unknown"), None);
    }

    #[test]
    fn supports_fifteen_and_newer() {
        assert!(
            Version::parse("postgres (PostgreSQL) 15.0")
                .unwrap()
                .is_supported()
        );
        assert!(
            !Version::parse("postgres (PostgreSQL) 14.22")
                .unwrap()
                .is_supported()
        );
    }
}
