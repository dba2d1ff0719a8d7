use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

/// The shell that keeps chromedriver.
const KEEPER: &str = include_str!("keeper.sh");

/// What chromedriver says when it listens.
const STARTED: &str = "ChromeDriver was started successfully on port ";

/// A running chromedriver; it ends with this value, with all browsers that it has started.
pub(crate) struct Driver {
    shell: Child,
    _output: BufReader<ChildStdout>,
    port: u16,
    profile: PathBuf,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let profile = tempfile::Builder::new()
            .prefix("threadline-chromium-")
            .tempdir()
            .unwrap()
            .keep();
        let mut shell = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&profile)
            // An interrupt typed at the terminal is for the owner only.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(shell.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            let read = output.read_line(&mut line).unwrap();
            assert!(
                read > 0,
                "the pages are tested in Chromium, and chromedriver does not start: apt-get install chromium \
                 chromium-driver"
            );
            if let Some(port) = line.trim_end().strip_prefix(STARTED) {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        Self {
            shell,
            _output: output,
            port,
            profile,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A directory for the browser, which goes with the driver.
    pub(crate) fn profile(&self) -> &Path {
        &self.profile
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
