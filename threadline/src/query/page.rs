use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The largest page that a query gives.
pub const MAX_PAGE_SIZE: u64 = 1_000;

/// One page of a query, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on the page.
    pub entries: Vec<T>,
    /// Where the next page begins. `None` when there is nothing more. A timeline's page may be
    /// short and have a next one, see [`Timeline::scan_limit`](crate::Timeline::scan_limit).
    pub next: Option<PageToken>,
    /// Where the page before this one ends, for `before`. `None` on the first page.
    pub previous: Option<PageToken>,
}

/// Where a page begins: opaque, for URLs, valid for the query that gave it and no other.
///
/// It holds no secret and grants nothing: a query applies its own filters whatever the token says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageToken {
    query: u64,
    micros: i64,
    id: i64,
}

/// Why a text is no page token of a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPageToken {
    /// It was not made by this library, or was cut or edited on its way.
    #[error("it is damaged or was not made here; start again at the first page")]
    Damaged,
    /// It was made by another version.
    #[error(
        "it has version {0}, this library reads version {VERSION}; start again at the first page"
    )]
    Version(u8),
    /// It belongs to a query with other filters.
    #[error("it belongs to a query with other filters; start again at the first page")]
    OtherQuery,
}

const VERSION: u8 = 1;
const LEN: usize = 1 + 8 + 8 + 8 + 4;

impl PageToken {
    pub(crate) fn new(query: u64, at: DateTime<Utc>, id: i64) -> Self {
        Self {
            query,
            micros: at.timestamp_micros(),
            id,
        }
    }

    /// The place just below, so that what is above it includes what is at this one.
    pub(crate) fn just_below(&self) -> Self {
        Self {
            id: self.id.saturating_sub(1),
            ..self.clone()
        }
    }

    /// The place just above, so that what is below it includes what is at this one.
    pub(crate) fn just_above(&self) -> Self {
        Self {
            id: self.id.saturating_add(1),
            ..self.clone()
        }
    }

    /// The position, if the token belongs to the query.
    pub(crate) fn position(&self, query: u64) -> Result<(DateTime<Utc>, i64), InvalidPageToken> {
        if self.query != query {
            return Err(InvalidPageToken::OtherQuery);
        }
        let at = DateTime::from_timestamp_micros(self.micros).ok_or(InvalidPageToken::Damaged)?;
        Ok((at, self.id))
    }
}

/// A number that stands for what a query asks.
pub(crate) fn fingerprint(description: &str) -> u64 {
    u64::from_be_bytes(head(description.as_bytes()))
}

fn head<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = Sha256::digest(bytes);
    std::array::from_fn(|i| digest[i])
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(LEN);
        bytes.push(VERSION);
        bytes.extend(self.query.to_be_bytes());
        bytes.extend(self.micros.to_be_bytes());
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(head::<4>(&bytes));
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PageToken {
    type Err = InvalidPageToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let damaged = InvalidPageToken::Damaged;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged.clone())?;
        match bytes.first() {
            None => return Err(damaged),
            Some(&VERSION) => {}
            Some(&other) => return Err(InvalidPageToken::Version(other)),
        }
        if bytes.len() != LEN || head::<4>(&bytes[..LEN - 4]) != bytes[LEN - 4..] {
            return Err(damaged);
        }
        let word = |from: usize| std::array::from_fn(|i| bytes[from + i]);
        Ok(Self {
            query: u64::from_be_bytes(word(1)),
            micros: i64::from_be_bytes(word(9)),
            id: i64::from_be_bytes(word(17)),
        })
    }
}

impl TryFrom<String> for PageToken {
    type Error = InvalidPageToken;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PageToken> for String {
    fn from(token: PageToken) -> Self {
        token.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_form() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let token = PageToken::new(fingerprint("q"), at, -7);
        let read: PageToken = token.to_string().parse().unwrap();
        assert_eq!(read.position(fingerprint("q")), Ok((at, -7)));
        assert_eq!(
            read.position(fingerprint("other")),
            Err(InvalidPageToken::OtherQuery)
        );
    }

    #[test]
    fn every_edit_of_a_token_is_noticed() {
        let text = PageToken::new(1, DateTime::UNIX_EPOCH, 2).to_string();
        for i in 0..text.len() {
            for c in ['A', 'B', '_', '7'] {
                let mut edited: Vec<char> = text.chars().collect();
                if edited[i] == c {
                    continue;
                }
                edited[i] = c;
                let edited: String = edited.into_iter().collect();
                assert!(edited.parse::<PageToken>().is_err(), "{edited}");
            }
        }
        for text in ["", "!", "AQ", "é", &text[..20]] {
            assert!(text.parse::<PageToken>().is_err(), "{text}");
        }
    }
}
