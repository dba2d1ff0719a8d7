//! The query string of a page: read once, every parameter by name, none ignored. Pure.

use std::{fmt::Display, str::FromStr};

use super::failure::Failure;

/// How many parameters a request may have; no page knows as many.
const MOST: usize = 64;

/// The parameters of a request that have not been read yet.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query string. A form sends its empty fields too: they are as good as left out.
    ///
    /// # Errors
    /// When one is given twice, or holds what no database text can.
    pub(crate) fn parse(query: &str) -> Result<Self, Failure> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|_| Failure::query("it can't be read"))?;
        Self::from_pairs(pairs)
    }

    /// From names and values, however they came.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        let mut kept: Vec<(String, String)> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            if value.is_empty() {
                continue;
            }
            if value.contains('\0') {
                return Err(Failure::parameter(&name, "it holds a NUL character"));
            }
            if kept.iter().any(|(other, _)| *other == name) {
                return Err(Failure::parameter(&name, "it is given twice"));
            }
            if kept.len() == MOST {
                let reason = format!("there are more than {MOST} parameters");
                return Err(Failure::parameter(&name, &reason));
            }
            kept.push((name, value));
        }
        Ok(Self { pairs: kept })
    }

    /// Takes a parameter as it is.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let place = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.swap_remove(place).1)
    }

    /// Takes a parameter and reads it.
    ///
    /// # Errors
    /// When it can't be read; the error of the type says why.
    pub(crate) fn read<T: FromStr<Err: Display>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Failure> {
        self.text(name)
            .map(|text| text.parse().map_err(|err| Failure::parameter(name, &err)))
            .transpose()
    }

    /// Checks that every parameter was read.
    ///
    /// # Errors
    /// Names the first one that the page does not know.
    pub(crate) fn finish(self, known: &[&str]) -> Result<(), Failure> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => Err(Failure::parameter(
                name,
                match known {
                    [] => "this page has no parameters".to_owned(),
                    known => format!("there is no such parameter; there are {}", known.join(", ")),
                },
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_parameters_than_any_page_knows_are_refused() {
        let query = |count: usize| {
            let pairs: Vec<_> = (0..count).map(|n| format!("p{n}=1")).collect();
            Parameters::parse(&pairs.join("&"))
        };
        assert!(query(MOST).is_ok());
        assert!(query(MOST + 1).is_err());
    }

    #[test]
    fn parameters_are_read_by_name_and_empty_ones_are_not_there() {
        let mut parameters = Parameters::parse("table=posts&op=&n=7&x=%C3%A9+b").unwrap();
        assert_eq!(parameters.text("table").as_deref(), Some("posts"));
        assert_eq!(parameters.text("op"), None);
        assert_eq!(parameters.read::<u64>("n").unwrap(), Some(7));
        assert_eq!(parameters.text("x").as_deref(), Some("é b"));
        parameters.finish(&[]).unwrap();
    }

    #[track_caller]
    fn refused(query: &str, name: &str) {
        let read = |query| {
            let mut parameters = Parameters::parse(query)?;
            parameters.read::<u64>("n")?;
            parameters.finish(&["n"])
        };
        let error = read(query).unwrap_err();
        let text = error.message();
        assert!(text.contains(name), "{query}: {text}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        refused("n=seven", "n");
        refused("n=1&n=2", "n");
        refused("table=posts", "table");
        refused("x=a%00b", "x");
    }
}
