//! The headers a client may send, and what makes them valid. Pure.

use actix_web::http::header::HeaderMap;
use threadline::context::MAX_ID_BYTES;

/// The header that carries the request id, in requests and in responses.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// The header that carries the correlation id.
pub const CORRELATION_ID_HEADER: &str = "x-correlation-id";
const TRACEPARENT_HEADER: &str = "traceparent";

/// Why an id header was refused. The client sees this text with status 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdHeader {
    /// The header came more than once.
    #[error("header `{0}` must be sent once")]
    Repeated(&'static str),
    /// The header has no value.
    #[error("header `{0}` is empty; leave it out instead")]
    Empty(&'static str),
    /// The value is too long.
    #[error("header `{header}` has {len} bytes, at most {MAX_ID_BYTES} are accepted")]
    TooLong {
        /// The header.
        header: &'static str,
        /// The length of the value in bytes.
        len: usize,
    },
    /// The value holds a space, a control character or something beyond ASCII.
    #[error("header `{0}` must hold visible ASCII characters only (0x21 to 0x7e)")]
    NotVisibleAscii(&'static str),
}

impl InvalidIdHeader {
    /// The name of its kind in events.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Repeated(_) => "repeated",
            Self::Empty(_) => "empty",
            Self::TooLong { .. } => "too_long",
            Self::NotVisibleAscii(_) => "not_visible_ascii",
        }
    }
}

/// The id in a header, if the client sent one.
pub(crate) fn id(
    headers: &HeaderMap,
    header: &'static str,
) -> Result<Option<String>, InvalidIdHeader> {
    let mut values = headers.get_all(header);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(InvalidIdHeader::Repeated(header));
    }
    check_id(header, value.as_bytes()).map(|id| Some(id.to_owned()))
}

/// Checks a value by the rule for id headers.
pub(crate) fn check_id<'v>(
    header: &'static str,
    value: &'v [u8],
) -> Result<&'v str, InvalidIdHeader> {
    if value.is_empty() {
        return Err(InvalidIdHeader::Empty(header));
    }
    if value.len() > MAX_ID_BYTES {
        return Err(InvalidIdHeader::TooLong {
            header,
            len: value.len(),
        });
    }
    match std::str::from_utf8(value) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text),
        _ => Err(InvalidIdHeader::NotVisibleAscii(header)),
    }
}

/// The trace that the request belongs to. Anything that is no W3C `traceparent` is ignored, as
/// that standard asks for.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(TRACEPARENT_HEADER);
    let value = values.next()?.to_str().ok()?;
    let once = values.next().is_none();
    (once && value.len() <= MAX_ID_BYTES && is_traceparent(value)).then(|| value.to_owned())
}

fn is_traceparent(value: &str) -> bool {
    let mut parts = value.split('-');
    let mut hex = |len: usize| {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        parts
            .next()
            .filter(|part| part.len() == len && part.bytes().all(digit))
    };
    let (Some(version), Some(trace), Some(parent), Some(_flags)) =
        (hex(2), hex(32), hex(16), hex(2))
    else {
        return false;
    };
    let all = |part: &str, byte: u8| part.bytes().all(|found| found == byte);
    // A later version may append parts that we don't know.
    let complete = version != "00" || parts.next().is_none();
    complete && !all(version, b'f') && !all(trace, b'0') && !all(parent, b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: impl AsRef<[u8]>, expected: Result<(), InvalidIdHeader>) {
        assert_eq!(check_id("x-request-id", value.as_ref()).map(drop), expected);
    }

    #[test]
    fn an_id_is_visible_ascii_of_at_most_256_bytes() {
        use InvalidIdHeader as E;
        check("!~aZ09-_./:{}\"", Ok(()));
        check("x".repeat(256), Ok(()));
        check("", Err(E::Empty("x-request-id")));
        check(
            "x".repeat(257),
            Err(E::TooLong {
                header: "x-request-id",
                len: 257,
            }),
        );
        for value in ["a b", " ", "a\tb", "a\nb", "a\u{7f}", "é"] {
            check(value, Err(E::NotVisibleAscii("x-request-id")));
        }
        check(b"\xff", Err(E::NotVisibleAscii("x-request-id")));
    }

    #[test]
    fn a_traceparent_follows_the_standard() {
        const TRACE: &str = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_traceparent(&format!("00-{TRACE}")));
        assert!(is_traceparent(&format!(
            "cc-{TRACE}-what-the-future-brings"
        )));
        for wrong in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-more"),
            format!("ff-{TRACE}"),
            format!("0-{TRACE}"),
            format!("00-{}", TRACE.to_uppercase()),
            format!(
                "00-{}",
                TRACE.replace("b7ad6b7169203331", "0000000000000000")
            ),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
        ] {
            assert!(!is_traceparent(&wrong), "{wrong}");
        }
    }
}
