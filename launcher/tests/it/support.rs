use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// The programs every test starts its servers from.
pub(crate) fn binaries() -> launcher::Binaries {
    launcher::Binaries::find().unwrap()
}

/// Whether a PostgreSQL server answers at the port: it is asked whether it speaks TLS, and says yes or no.
pub(crate) fn answers(port: u16) -> bool {
    let Ok(mut socket) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let mut answer = [0];
    let asked = socket.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    asked.and_then(|()| socket.read_exact(&mut answer)).is_ok() && matches!(&answer, b"N" | b"S")
}

/// Whether the process exists.
pub(crate) fn lives(pid: u32) -> bool {
    let mut kill = Command::new("/bin/sh");
    kill.args(["-c", "kill -0 \"$0\" 2>/dev/null"])
        .arg(pid.to_string());
    kill.status().unwrap().success()
}

/// The process id in the first line of a running server's status file.
pub(crate) fn server_pid(data: &Path) -> u32 {
    let status = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    status.lines().next().unwrap().parse().unwrap()
}

/// Waits for what another process is about to do.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "not within 30 s: {what}"
        );
        thread::yield_now();
    }
}
