//! The comment lines by which a later run knows what a migration installed.

use serde::{Deserialize, Serialize};
use threadline::{SchemaName, codegen::TableSpec, invisible::escape_invisible};

const PREFIX: &str = "// threadline:";

/// What one comment line says: `// threadline:spec {…}`.
#[derive(Debug, PartialEq)]
pub(crate) enum Marker {
    /// The migration creates the audit schema.
    Install(SchemaName),
    /// The migration installs the capture of one table.
    Spec(Box<TableSpec>),
}

/// A marker line that was edited, or that a newer Threadline wrote.
#[derive(Debug, thiserror::Error)]
#[error("`{line}` cannot be read")]
pub(crate) struct MarkerError {
    line: String,
    #[source]
    err: Option<serde_json::Error>,
}

#[derive(Serialize, Deserialize)]
struct Install {
    schema: String,
}

impl Marker {
    /// The text behind `// threadline:`.
    ///
    /// # Errors
    /// When the specification has no JSON form.
    pub(crate) fn to_line(&self) -> Result<String, serde_json::Error> {
        let (word, json) = match self {
            Self::Install(schema) => {
                let schema = schema.as_str().to_owned();
                ("install", serde_json::to_string(&Install { schema })?)
            }
            Self::Spec(spec) => ("spec", serde_json::to_string(spec)?),
        };
        Ok(format!("{word} {}", escape_invisible(&json, json_escape)))
    }

    /// The markers in the comments at the top of a migration file.
    ///
    /// # Errors
    /// The first marker line that cannot be read.
    pub(crate) fn read(text: &str) -> Result<Vec<Self>, MarkerError> {
        text.lines()
            .map(|line| line.trim_start_matches('\u{feff}').trim())
            .take_while(|line| line.is_empty() || line.starts_with("//"))
            .filter_map(|line| line.strip_prefix(PREFIX))
            .map(Self::parse)
            .collect()
    }

    fn parse(line: &str) -> Result<Self, MarkerError> {
        let error = |err| MarkerError {
            line: line.to_owned(),
            err,
        };
        match line.split_once(' ') {
            Some(("install", json)) => {
                let install: Install =
                    serde_json::from_str(json).map_err(|err| error(Some(err)))?;
                let schema = SchemaName::new(&install.schema).map_err(|_| error(None))?;
                Ok(Self::Install(schema))
            }
            Some(("spec", json)) => {
                let spec = serde_json::from_str(json).map_err(|err| error(Some(err)))?;
                Ok(Self::Spec(Box::new(spec)))
            }
            _ => Err(error(None)),
        }
    }
}

fn json_escape(character: char) -> String {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units);
    units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn markers_read_back_as_written_from_the_top_of_the_file_only() {
        let marker = Marker::Install(SchemaName::new("audit").unwrap());
        let line = marker.to_line().unwrap();
        assert_eq!(line, r#"install {"schema":"audit"}"#);
        let text =
            format!("//! Doc.\r\n// threadline:{line}\r\n\r\nuse x;\n// threadline:nonsense\n");
        assert_eq!(Marker::read(&text).unwrap(), [marker]);
    }

    #[test]
    fn an_edited_marker_is_an_error_that_shows_it() {
        let error = Marker::read("// threadline:install {\"schemas\":1}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`install {\"schemas\":1}` cannot be read"
        );
        assert!(
            error
                .source()
                .unwrap()
                .to_string()
                .contains("missing field `schema`")
        );
        assert!(Marker::read("// threadline:baseline {}").is_err());
    }
}
