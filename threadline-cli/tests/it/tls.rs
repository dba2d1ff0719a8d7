//! Encrypted connections.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use launcher::{Binaries, Server};
use threadline::{SchemaName, codegen};

use crate::{database::TestDb, host::Host};

/// A certificate for `localhost` and 127.0.0.1 that nobody trusts, and its key.
const CERTIFICATE: &str = include_str!("tls/server.crt");
const KEY: &str = include_str!("tls/server.key");
/// Whoever comes by TCP has to encrypt.
const ACCESS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";

/// Lets the server write one of its files; it runs under an account of its own.
fn write(db: &TestDb, file: &str, text: &str) {
    db.run(&format!(
        "COPY (SELECT unnest(string_to_array('{}', E'\\n'))) TO PROGRAM 'umask 077; cat > {file}'",
        text.trim_end()
    ));
}

/// Whether the server encrypts, asked as a client does.
fn encrypts(server: &Server) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    answer == *b"S"
}

#[test]
fn a_server_that_wants_encryption_gets_it_and_a_certificate_is_verified_if_asked_for() {
    let server = Server::builder(&Binaries::find().unwrap()).start().unwrap();
    let db = TestDb::open(&server.url("postgres"));
    db.run(&codegen::base_schema(&SchemaName::default()).up);
    let mut host = Host::empty();
    let mut use_mode = |mode: &str| {
        host.use_database(&format!("{}?sslmode={mode}", server.url("postgres")));
        host.run(["timeline"])
    };
    if db.texts("SHOW ssl_library") == [""] {
        // A server that was built without TLS: nothing goes over the wire in the clear.
        let said = use_mode("require");
        assert_eq!(said.code, Some(3), "{said:?}");
        assert!(said.stderr.contains("TLS"), "{said:?}");
        return;
    }
    write(&db, "server.crt", CERTIFICATE);
    write(&db, "server.key", KEY);
    write(&db, "pg_hba.conf", ACCESS);
    db.run("ALTER SYSTEM SET ssl = on");
    db.run("SELECT pg_reload_conf()");
    while !encrypts(&server) {}

    let said = use_mode("disable");
    assert_eq!(said.code, Some(3), "{said:?}");
    for mode in ["prefer", "require"] {
        let said = use_mode(mode);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(0), "no changes\n"),
            "{said:?}"
        );
    }
    let said = use_mode("verify-full");
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.stderr.contains("certificate"), "{said:?}");
    let trusted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/server.crt");
    let said = use_mode(&format!("verify-full&sslrootcert={}", trusted.display()));
    assert_eq!(said.code, Some(0), "{said:?}");
}
