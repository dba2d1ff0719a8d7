use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::quote_ident;

/// The longest identifier of PostgreSQL, in bytes.
pub const MAX_IDENT_BYTES: usize = 63;

/// A table by its schema and name, exactly as the database spells them.
///
/// Its text form is `posts` (of the schema `public`), `blog.posts`, or with quotes where a part
/// has a dot or a quote of its own: `"we.ird"."ta""ble"`. Letters are never folded.
///
/// ```
/// use threadline::codegen::TableName;
///
/// let name: TableName = "blog.posts".parse()?;
/// assert_eq!((name.schema(), name.table()), ("blog", "posts"));
/// assert_eq!("posts".parse::<TableName>()?, TableName::new("public", "posts")?);
/// # Ok::<(), threadline::codegen::InvalidTableName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableName {
    schema: String,
    table: String,
}

/// Why a text names no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTableName {
    /// A part is empty.
    #[error("`{0}` names no table: a part of it is empty")]
    Empty(String),
    /// A part is longer than PostgreSQL keeps.
    #[error("`{part}` has {len} bytes; PostgreSQL keeps at most {MAX_IDENT_BYTES} of an identifier", len = part.len())]
    TooLong {
        /// The part.
        part: String,
    },
    /// More parts than schema and table, or quotes that don't close.
    #[error("`{0}` names no table: write `table`, `schema.table`, or quote a part as `\"a.b\"`")]
    Shape(String),
    /// A NUL character.
    #[error("a name must not contain a NUL character")]
    Nul,
}

impl TableName {
    /// Names a table by its parts.
    ///
    /// # Errors
    /// When a part is empty, too long or holds a NUL character.
    pub fn new(
        schema: impl Into<String>,
        table: impl Into<String>,
    ) -> Result<Self, InvalidTableName> {
        let (schema, table) = (schema.into(), table.into());
        for part in [&schema, &table] {
            check_ident(part)?;
        }
        Ok(Self { schema, table })
    }

    /// The schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The table in its schema.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The name as it stands in SQL.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quote_ident(&self.schema), quote_ident(&self.table))
    }

    /// The name of an object that serves this table: readable, and different for every table.
    pub(crate) fn object(&self, prefix: &str) -> String {
        let digest = Sha256::digest(self.quoted());
        let tail: String = digest
            .iter()
            .take(5)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let room = MAX_IDENT_BYTES - prefix.len() - tail.len() - 2;
        let mut end = room.min(self.table.len());
        while !self.table.is_char_boundary(end) {
            end -= 1;
        }
        format!("{prefix}_{}_{tail}", &self.table[..end])
    }
}

fn check_ident(part: &str) -> Result<(), InvalidTableName> {
    if part.is_empty() {
        return Err(InvalidTableName::Empty(part.to_owned()));
    }
    if part.contains('\0') {
        return Err(InvalidTableName::Nul);
    }
    if part.len() > MAX_IDENT_BYTES {
        return Err(InvalidTableName::TooLong {
            part: part.to_owned(),
        });
    }
    Ok(())
}

impl FromStr for TableName {
    type Err = InvalidTableName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || InvalidTableName::Shape(text.to_owned());
        let mut parts = vec![String::new()];
        let mut chars = text.chars().peekable();
        let mut quoted = false;
        while let Some(c) = chars.next() {
            let part = parts.last_mut().ok_or_else(shape)?;
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    part.push('"');
                }
                '"' if quoted => {
                    quoted = false;
                    if chars.peek().is_some_and(|&next| next != '.') {
                        return Err(shape());
                    }
                }
                '"' if part.is_empty() => quoted = true,
                '"' => return Err(shape()),
                '.' if !quoted => parts.push(String::new()),
                c => part.push(c),
            }
        }
        if quoted {
            return Err(shape());
        }
        if parts.iter().any(String::is_empty) {
            return Err(InvalidTableName::Empty(text.to_owned()));
        }
        match <[String; 2]>::try_from(parts) {
            Ok([schema, table]) => Self::new(schema, table),
            Err(mut parts) if parts.len() == 1 => Self::new("public", parts.remove(0)),
            Err(_) => Err(shape()),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &str| {
            if part.contains(['.', '"', ',', ' ']) {
                quote_ident(part)
            } else {
                part.to_owned()
            }
        };
        if self.schema != "public" {
            write!(f, "{}.", part(&self.schema))?;
        }
        f.write_str(&part(&self.table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, schema: &str, table: &str) {
        let name: TableName = text.parse().unwrap();
        assert_eq!((name.schema(), name.table()), (schema, table));
        assert_eq!(name.to_string().parse::<TableName>().unwrap(), name);
    }

    #[test]
    fn every_spelling_is_read_and_written() {
        check("posts", "public", "posts");
        check("public.posts", "public", "posts");
        check("\"posts\"", "public", "posts");
        check("Blog.Posts", "Blog", "Posts");
        check("\"we.ird\".\"ta\"\"ble\"", "we.ird", "ta\"ble");
    }

    #[test]
    fn what_names_no_table_is_refused() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "\"a",
            "a\"b",
            "\"a\"b",
            "\"\"",
            &"x".repeat(64),
        ] {
            assert!(text.parse::<TableName>().is_err(), "{text}");
        }
    }

    #[test]
    fn objects_of_two_tables_never_share_a_name() {
        let long = "é".repeat(31);
        let names = [
            "public.blog_posts",
            "blog.posts",
            "public.posts",
            &format!("public.{long}"),
        ];
        let mut objects: Vec<_> = names
            .iter()
            .map(|name| name.parse::<TableName>().unwrap().object("capture"))
            .collect();
        assert!(objects.iter().all(|name| name.len() <= MAX_IDENT_BYTES));
        objects.sort();
        objects.dedup();
        assert_eq!(objects.len(), names.len());
    }
}
