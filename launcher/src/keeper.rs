use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{account::Account, error::Error};

/// The shell that keeps a server: see `keeper.sh`.
const SCRIPT: &str = include_str!("keeper.sh");

/// What the keeper has to know.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    pub(crate) account: Account,
    /// Removed when the server has stopped.
    pub(crate) run: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) log: File,
    /// Makes the cluster first, if given.
    pub(crate) initdb: Option<&'a Path>,
    /// Whether the new cluster must survive a power failure.
    pub(crate) durable: bool,
    /// The server.
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [String],
}

/// A running keeper; dropping it stops the server and waits for the end.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    server: Option<u32>,
}

impl Keeper {
    pub(crate) fn spawn(task: Task<'_>) -> Result<Self, Error> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script(), "keeper"])
            .arg(task.run)
            .arg(task.data);
        command.arg(task.initdb.map_or(OsStr::new(""), Path::as_os_str));
        command.arg(if task.durable { "" } else { "--no-sync" });
        command.arg(task.program).args(task.arguments);
        // The unprivileged account may not be allowed to enter the current directory, and an interrupt typed at the
        // terminal must reach the owner only.
        command.current_dir("/").process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(task.log);
        task.account.apply(&mut command);
        let shell = command.spawn().map_err(Error::run("/bin/sh"))?;
        let mut keeper = Self {
            shell,
            server: None,
        };
        keeper.server = keeper.read_server();
        Ok(keeper)
    }

    /// Waits for the cluster to be made and the server to be spawned.
    fn read_server(&mut self) -> Option<u32> {
        let mut line = String::new();
        BufReader::new(self.shell.stdout.take()?)
            .read_line(&mut line)
            .ok()?;
        line.trim().parse().ok()
    }

    /// The process id of the server, if it was spawned at all.
    pub(crate) fn server(&self) -> Option<u32> {
        self.server
    }

    /// Whether the server has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }
}

/// The script without its comments, which would fill the list of processes.
fn script() -> String {
    let lines: Vec<&str> = SCRIPT
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    lines.join("\n")
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // There is nobody to report a failure to, and the shell ends by itself.
        let _ = self.shell.wait();
    }
}
