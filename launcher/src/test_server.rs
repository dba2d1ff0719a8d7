use std::{env, sync::OnceLock};

use crate::{binaries::Binaries, error::Error, server::Server, url::Address};

/// The environment variable that gives the test server's address, such as `postgres://postgres@127.0.0.1:5432`.
pub const TEST_SERVER_VARIABLE: &str = "THREADLINE_TEST_SERVER";

/// The server the tests of this process share.
#[derive(Debug)]
pub struct TestServer {
    address: Address,
    // Held to keep the server running; a static is never dropped, but the keeper notices the end of the process.
    started: Option<Server>,
}

impl TestServer {
    /// The URL of a database of this server; it need not exist yet.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// The server, if this process has started it itself.
    #[must_use]
    pub fn started(&self) -> Option<&Server> {
        self.started.as_ref()
    }
}

/// The server the tests of this process share: the one of the test run, or else one started on first use.
///
/// `THREADLINE_TEST_SERVER` names the one of the run; `launcher run` sets it. A test without it starts a temporary
/// server, which ends with the process. It fails where neither works: tests are never skipped silently.
///
/// ```no_run
/// let url = launcher::test_server()?.url("postgres");
/// # Ok::<(), &launcher::Error>(())
/// ```
///
/// # Errors
///
/// As for [`Binaries::find`] and [`ServerBuilder::start`](crate::ServerBuilder::start), and
/// [`Error::TestServerAddress`].
pub fn test_server() -> Result<&'static TestServer, &'static Error> {
    static SERVER: OnceLock<Result<TestServer, Error>> = OnceLock::new();
    SERVER.get_or_init(open).as_ref()
}

fn open() -> Result<TestServer, Error> {
    if let Some(url) = env::var_os(TEST_SERVER_VARIABLE) {
        let address = url
            .to_str()
            .and_then(Address::parse)
            .ok_or(Error::TestServerAddress)?;
        return Ok(TestServer {
            address,
            started: None,
        });
    }
    let server = Server::builder(&Binaries::find()?).for_tests().start()?;
    let address = Address::parse(&server.url("postgres")).ok_or(Error::TestServerAddress)?;
    Ok(TestServer {
        address,
        started: Some(server),
    })
}
