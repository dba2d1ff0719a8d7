use std::{env, fs, net::TcpStream, path::PathBuf, process::Command, thread, time::Instant};

use tempfile::TempDir;

use crate::{
    account::Account,
    error::Error,
    keeper::{Keeper, Task},
    server::{PATIENCE, POLL, PORT_ATTEMPTS, free_port, open_log, tail},
    url::{Address, path_segment},
};

/// The environment variable that names the program `pgbouncer`.
pub const PGBOUNCER_VARIABLE: &str = "THREADLINE_PGBOUNCER";

/// The first version that knows which statements a client has prepared.
const KEEPS_STATEMENTS: (u32, u32) = (1, 21);

/// Where packages put it; the directory is not in everybody's `PATH`.
const USUAL: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer in transaction mode, stopped on drop and with this process.
///
/// It lets everyone in as the user of the server's address.
#[derive(Debug)]
pub struct PgBouncer {
    // Dropped in this order: the program must have stopped before its directory goes.
    keeper: Keeper,
    _run: TempDir,
    port: u16,
    version: (u32, u32),
}

impl PgBouncer {
    /// Starts it in front of the server at a URL, with so many connections to each of its databases, and further
    /// settings.
    ///
    /// It is the program that `THREADLINE_PGBOUNCER` names, else the one of `PATH`, else `/usr/sbin/pgbouncer`.
    ///
    /// # Errors
    ///
    /// [`Error::NoPgBouncer`] where there is none; [`Error::StartPgBouncer`] carries its log. Others tell that its
    /// directory could not be prepared.
    pub fn start(url: &str, pool_size: u32, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            match Self::start_once(url, pool_size, settings) {
                Err(Error::StartPgBouncer { log, .. })
                    if attempt < PORT_ATTEMPTS && log.contains("Address already in use") =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn start_once(url: &str, pool_size: u32, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let address = Address::parse(url).ok_or(Error::TestServerAddress)?;
        let (program, version) = find()?;
        let run = tempfile::Builder::new()
            .prefix("threadline-pgbouncer-")
            .tempdir()
            .map_err(Error::prepare(env::temp_dir()))?;
        let account = Account::choose(run.path(), run.path())?;
        account.own(run.path())?;
        let port = free_port().map_err(Error::prepare("127.0.0.1"))?;
        let mut text = format!(
            "[databases]\n* = {}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = {pool_size}\n\
             ignore_startup_parameters = extra_float_digits\n",
            address.connection().ok_or(Error::TestServerAddress)?
        );
        if version >= KEEPS_STATEMENTS {
            text += "max_prepared_statements = 200\n";
        }
        for (name, value) in settings {
            text += &format!("{name} = {value}\n");
        }
        let configuration = run.path().join("pgbouncer.ini");
        fs::write(&configuration, text).map_err(Error::prepare(&configuration))?;
        account.own(&configuration)?;
        let log = open_log(&run.path().join("pgbouncer.log"))?;
        let keeper = Keeper::spawn(Task {
            account,
            run: run.path(),
            data: run.path(),
            log: log.try_clone().map_err(Error::prepare(run.path()))?,
            initdb: None,
            durable: true,
            program: &program,
            arguments: &[configuration.display().to_string()],
        })?;
        let mut started = Self {
            keeper,
            _run: run,
            port,
            version,
        };
        started
            .wait_until_ready()
            .map_err(|reason| Error::StartPgBouncer {
                reason,
                log: tail(log, 0),
            })?;
        Ok(started)
    }

    /// The URL of a database of the server behind it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://pooled@127.0.0.1:{}/{}",
            self.port,
            path_segment(database)
        )
    }

    /// Whether it keeps track of the prepared statements of its clients; those before version 1.21 can't.
    #[must_use]
    pub fn keeps_statements(&self) -> bool {
        self.version >= KEEPS_STATEMENTS
    }

    fn wait_until_ready(&mut self) -> Result<(), &'static str> {
        let start = Instant::now();
        loop {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            if self.keeper.has_ended() {
                return Err("it ended early, and the log ends with");
            }
            if start.elapsed() > PATIENCE {
                return Err("it is not ready after two minutes, and the log ends with");
            }
            thread::sleep(POLL);
        }
    }
}

fn find() -> Result<(PathBuf, (u32, u32)), Error> {
    let named = env::var_os(PGBOUNCER_VARIABLE).filter(|value| !value.is_empty());
    let program = named
        .map(PathBuf::from)
        .or_else(in_path)
        .ok_or(Error::NoPgBouncer)?;
    let output = Command::new(&program)
        .arg("--version")
        .output()
        .map_err(Error::run(&program))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = version(&text).ok_or_else(|| Error::UnknownVersion {
        program: program.clone(),
        output: text.trim().to_owned(),
    })?;
    Ok((program, version))
}

/// Reads the output of `pgbouncer --version`.
fn version(output: &str) -> Option<(u32, u32)> {
    let mut parts = output.strip_prefix("PgBouncer ")?.split(['.', '\n']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn in_path() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|directory| directory.join("pgbouncer"))
        .chain([PathBuf::from(USUAL)])
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn reads_what_the_program_prints_of_itself() {
        assert_eq!(
            version("PgBouncer 1.18.0\nlibevent 2.1.12\n"),
            Some((1, 18))
        );
        assert_eq!(version("PgBouncer 1.25\n"), Some((1, 25)));
        assert_eq!(version("pgcat 1.1.1\n"), None);
    }
}
