use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    net::TcpListener,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    account::Account,
    binaries::Binaries,
    error::Error,
    keeper::{Keeper, Task},
    url::path_segment,
};

/// How long a server may take to become ready; recovery after a crash takes a while.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
pub(crate) const POLL: Duration = Duration::from_millis(5);
/// How often another port is tried when somebody else was quicker.
pub(crate) const PORT_ATTEMPTS: usize = 5;
const LOG_LINES: usize = 20;

/// A running server, stopped on drop and with this process.
///
/// It listens on a free port of the loopback interface and on a Unix socket in a directory of its own, and lets
/// everyone in as the superuser `postgres`.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the server must have stopped before its directory goes.
    keeper: Keeper,
    run: TempDir,
    port: u16,
    data: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Describes a server: temporary and not durable, unless said otherwise.
    pub fn builder(binaries: &Binaries) -> ServerBuilder {
        ServerBuilder {
            binaries: binaries.clone(),
            home: None,
            durable: None,
            settings: Vec::new(),
        }
    }

    /// The URL of a database of this server; it need not exist yet.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/{}",
            self.port,
            path_segment(database)
        )
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the Unix socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.run.path()
    }

    /// The directory of the cluster.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The file the server writes its log to.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The process id of the server.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.keeper
            .server()
            .expect("a started server has a process id")
    }
}

/// Describes a server to start.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerBuilder {
    binaries: Binaries,
    home: Option<PathBuf>,
    durable: Option<bool>,
    settings: Vec<(String, String)>,
}

impl ServerBuilder {
    /// Keeps the data: the cluster is made in `<path>/data` if there is none, and the log is `<path>/server.log`.
    ///
    /// By default everything is in a temporary directory and removed with the server.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.home = Some(path.into());
        self
    }

    /// Whether commits must survive a power failure.
    ///
    /// By default they do when there is a data directory, and do not in a temporary one.
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = Some(durable);
        self
    }

    /// Changes a configuration parameter of the server; the last value given wins.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Takes the settings of the test suite: many connections, and prepared transactions.
    pub fn for_tests(self) -> Self {
        self.setting("max_connections", "300")
            .setting("max_prepared_transactions", "16")
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] carries the end of the server's log. Others tell that the directories could not be prepared.
    pub fn start(self) -> Result<Server, Error> {
        let mut attempt = 1;
        loop {
            match self.start_once() {
                Err(Error::Start { log, .. })
                    if attempt < PORT_ATTEMPTS
                        && log.contains("could not create any TCP/IP sockets") =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn start_once(&self) -> Result<Server, Error> {
        let run = tempfile::Builder::new()
            .prefix("threadline-postgres-")
            .tempdir()
            .map_err(Error::prepare(std::env::temp_dir()))?;
        let home = match &self.home {
            Some(home) => std::path::absolute(home).map_err(Error::prepare(home))?,
            None => run.path().to_path_buf(),
        };
        fs::create_dir_all(&home).map_err(Error::prepare(&home))?;
        let data = home.join("data");
        if !data.is_dir() {
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&data)
                .map_err(Error::prepare(&data))?;
        }
        let account = Account::choose(run.path(), &data)?;
        account.own(run.path())?;
        account.own(&data)?;

        let log = home.join("server.log");
        let file = open_log(&log)?;
        let before = file.metadata().map_err(Error::prepare(&log))?.len();
        let port = free_port().map_err(Error::prepare("127.0.0.1"))?;
        let initdb = self.binaries.program("initdb");
        let keeper = Keeper::spawn(Task {
            account,
            run: run.path(),
            data: &data,
            log: file.try_clone().map_err(Error::prepare(&log))?,
            initdb: (!data.join("PG_VERSION").exists()).then_some(&initdb),
            durable: self.is_durable(),
            program: &self.binaries.program("postgres"),
            arguments: &self.arguments(&data, run.path(), port),
        })?;
        let mut server = Server {
            keeper,
            run,
            port,
            data,
            log,
        };
        wait_until_ready(&mut server).map_err(|reason| Error::Start {
            version: self.binaries.version().clone(),
            directory: home,
            reason,
            log: tail(file, before),
        })?;
        Ok(server)
    }

    fn is_durable(&self) -> bool {
        self.durable.unwrap_or(self.home.is_some())
    }

    fn arguments(&self, data: &Path, socket: &Path, port: u16) -> Vec<String> {
        let mut settings = vec![
            ("listen_addresses".to_owned(), "127.0.0.1".to_owned()),
            ("port".to_owned(), port.to_string()),
            (
                "unix_socket_directories".to_owned(),
                socket.display().to_string(),
            ),
            ("timezone".to_owned(), "UTC".to_owned()),
            ("log_timezone".to_owned(), "UTC".to_owned()),
        ];
        if !self.is_durable() {
            for name in ["fsync", "synchronous_commit", "full_page_writes"] {
                settings.push((name.to_owned(), "off".to_owned()));
            }
        }
        settings.extend(self.settings.iter().cloned());
        let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
        for (name, value) in settings {
            arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        arguments
    }
}

/// Opens the log for appending; it can be read from the same handle after the directory has gone.
pub(crate) fn open_log(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .mode(0o644)
        .open(path)
        .map_err(Error::prepare(path))
}

pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_until_ready(server: &mut Server) -> Result<(), &'static str> {
    let Some(pid) = server.keeper.server() else {
        return Err("no cluster could be made, and the log ends with");
    };
    let status = server.data.join("postmaster.pid");
    let start = Instant::now();
    loop {
        if fs::read_to_string(&status).is_ok_and(|text| is_ready(&text, pid)) {
            return Ok(());
        }
        if server.keeper.has_ended() {
            return Err("it ended early, and the log ends with");
        }
        if start.elapsed() > PATIENCE {
            return Err("it is not ready after two minutes, and the log ends with");
        }
        thread::sleep(POLL);
    }
}

/// Reads `postmaster.pid`: the first line is the process id, the eighth the state. A file left over from a crash
/// may say `ready` too, under another process id.
fn is_ready(status: &str, pid: u32) -> bool {
    let mut lines = status.lines();
    let is_own = lines
        .next()
        .is_some_and(|line| line.trim() == pid.to_string());
    is_own && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}

/// The last lines written to the log since `start`.
pub(crate) fn tail(mut log: File, start: u64) -> String {
    let mut bytes = Vec::new();
    let read = log
        .seek(SeekFrom::Start(start))
        .and_then(|_| log.read_to_end(&mut bytes));
    if let Err(err) = read {
        return format!("(the log cannot be read: {err})");
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::is_ready;

    #[test]
    fn believes_only_the_status_of_its_own_server() {
        let status = "42\n/data\n1700000000\n5432\n/run\n127.0.0.1\n  123 4\nready   \n";
        assert!(is_ready(status, 42));
        assert!(!is_ready(status, 43));
        assert!(!is_ready(&status.replace("ready", "starting"), 42));
        assert!(!is_ready("42\n", 42));
        assert!(!is_ready("", 42));
    }
}
