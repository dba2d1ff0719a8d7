//! As much of PostgreSQL's wire protocol as a go-between has to know.

use std::io::{self, ErrorKind, Read, Write};

const CANCEL_REQUEST: u32 = 80_877_102;
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
/// PostgreSQL's own limit for the first packet.
const MAX_STARTUP: u32 = 10_000;
/// PostgreSQL's own limit for all others.
const MAX_MESSAGE: u32 = 1 << 30;

/// What a client says first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Startup {
    /// The packet as it came.
    pub(super) packet: Vec<u8>,
    pub(super) user: String,
    pub(super) database: String,
}

/// Reads a client's first packet, and declines encryption before.
///
/// `None` if the client wants no session: it asks to cancel a statement of another one, or has gone.
pub(super) fn read_startup(stream: &mut (impl Read + Write)) -> io::Result<Option<Startup>> {
    loop {
        let Some(length) = read_length(stream)? else {
            return Ok(None);
        };
        if !(8..=MAX_STARTUP).contains(&length) {
            return Err(invalid("the first packet has an impossible length"));
        }
        let mut packet = length.to_be_bytes().to_vec();
        read_rest(stream, &mut packet, length - 4)?;
        let code = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        match code {
            SSL_REQUEST | GSS_REQUEST => stream.write_all(b"N")?,
            CANCEL_REQUEST => return Ok(None),
            _ => return Ok(Some(parse_startup(packet))),
        }
    }
}

fn parse_startup(packet: Vec<u8>) -> Startup {
    let mut words = packet[8..]
        .split(|byte| *byte == 0)
        .map(String::from_utf8_lossy);
    let mut user = String::new();
    let mut database = String::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match &*name {
            "user" => user = value.into_owned(),
            "database" => database = value.into_owned(),
            _ => {}
        }
    }
    if database.is_empty() {
        database.clone_from(&user);
    }
    Startup {
        packet,
        user,
        database,
    }
}

/// What a client has said up to the point where it waits for an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// Messages to hand to the server in one go.
    Messages(Vec<u8>),
    /// The client is done.
    End,
}

/// Reads messages until the client waits for an answer.
pub(super) fn read_batch(stream: &mut impl Read) -> io::Result<Batch> {
    let mut batch = Vec::new();
    loop {
        let mut kind = [0];
        if stream.read(&mut kind)? == 0 || kind == *b"X" {
            return Ok(Batch::End);
        }
        let length = read_length(stream)?.ok_or(ErrorKind::UnexpectedEof)?;
        if !(4..=MAX_MESSAGE).contains(&length) {
            return Err(invalid("a message has an impossible length"));
        }
        batch.extend(kind);
        batch.extend(length.to_be_bytes());
        read_rest(stream, &mut batch, length - 4)?;
        // Sync, Query, Flush, FunctionCall, CopyDone, CopyFail.
        if matches!(&kind, b"S" | b"Q" | b"H" | b"F" | b"c" | b"f") {
            return Ok(Batch::Messages(batch));
        }
    }
}

/// An error that ends the session.
pub(super) fn fatal(code: &str, message: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    for (kind, value) in [
        (b'S', "FATAL"),
        (b'V', "FATAL"),
        (b'C', code),
        (b'M', message),
    ] {
        fields.push(kind);
        fields.extend(value.bytes().filter(|byte| *byte != 0));
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).unwrap_or(u32::MAX);
    [&b"E"[..], &length.to_be_bytes(), &fields].concat()
}

fn read_length(stream: &mut impl Read) -> io::Result<Option<u32>> {
    let mut bytes = [0; 4];
    match stream.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u32::from_be_bytes(bytes))),
        Err(err) if err.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(err) => Err(err),
    }
}

/// Reads exactly `length` bytes; memory is taken as they come, not as they are announced.
fn read_rest(stream: &mut impl Read, into: &mut Vec<u8>, length: u32) -> io::Result<()> {
    let read = stream.take(u64::from(length)).read_to_end(into)?;
    if read < length as usize {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, ErrorKind, Read, Write};

    use super::{Batch, fatal, read_batch, read_startup};

    /// A client that has already said everything.
    struct Client {
        says: Cursor<Vec<u8>>,
        hears: Vec<u8>,
    }

    impl Read for Client {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.says.read(into)
        }
    }

    impl Write for Client {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.hears.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn client(says: &[&[u8]]) -> Client {
        Client {
            says: Cursor::new(says.concat()),
            hears: Vec::new(),
        }
    }

    fn packet(code: u32, rest: &[u8]) -> Vec<u8> {
        let length = u32::try_from(rest.len() + 8).unwrap();
        [&length.to_be_bytes(), &code.to_be_bytes(), rest].concat()
    }

    const VERSION: u32 = 196_608;

    #[test]
    fn encryption_is_declined_before_the_startup_packet() {
        let startup = packet(VERSION, b"user\0ann\0database\0blog\0\0");
        let mut client = client(&[&packet(80_877_103, b""), &packet(80_877_104, b""), &startup]);
        let read = read_startup(&mut client).unwrap().unwrap();
        assert_eq!(client.hears, b"NN");
        assert_eq!(
            (read.user.as_str(), read.database.as_str()),
            ("ann", "blog")
        );
        assert_eq!(read.packet, startup);
    }

    #[test]
    fn the_database_is_the_users_unless_named() {
        let mut client = client(&[&packet(VERSION, b"user\0ann\0\0")]);
        assert_eq!(read_startup(&mut client).unwrap().unwrap().database, "ann");
    }

    #[test]
    fn a_request_to_cancel_starts_no_session() {
        assert_eq!(
            read_startup(&mut client(&[&packet(80_877_102, &[0; 8])])).unwrap(),
            None
        );
        assert_eq!(read_startup(&mut client(&[])).unwrap(), None);
    }

    #[test]
    fn impossible_lengths_are_refused() {
        let http = client(&[b"GET / HTTP/1.1\r\n\r\n"]).says.into_inner();
        let err = read_startup(&mut client(&[&http])).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidData);
        let err = read_batch(&mut Cursor::new(b"Q\0\0\0\x01")).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn messages_are_collected_until_the_client_waits() {
        let parse = b"P\0\0\0\x08\0\0\0\0".as_slice();
        let sync = b"S\0\0\0\x04".as_slice();
        let end = b"X\0\0\0\x04".as_slice();
        let mut stream = Cursor::new([parse, sync, sync, end].concat());
        assert_eq!(
            read_batch(&mut stream).unwrap(),
            Batch::Messages([parse, sync].concat())
        );
        assert_eq!(
            read_batch(&mut stream).unwrap(),
            Batch::Messages(sync.to_vec())
        );
        assert_eq!(read_batch(&mut stream).unwrap(), Batch::End);
    }

    #[test]
    fn a_client_that_breaks_off_within_a_message_is_an_error() {
        let err = read_batch(&mut Cursor::new(b"Q\0\0\0\x20select")).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn an_error_carries_its_code_and_its_message() {
        let message = fatal("55006", "one at a time");
        assert_eq!(
            message,
            b"E\0\0\0\x29SFATAL\0VFATAL\0C55006\0Mone at a time\0\0".as_slice()
        );
    }
}
