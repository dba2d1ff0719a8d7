//! Hands signals on to the one command this program runs. The only unsafe code of the crate.

use std::{
    io, mem,
    process::{Command, ExitStatus},
    ptr,
    sync::atomic::{AtomicI32, Ordering},
};

use libc::{SIGHUP, SIGINT, SIGTERM, c_int, c_void, siginfo_t};

/// The command's process id; 0 while there is none.
static CHILD: AtomicI32 = AtomicI32::new(0);
/// A signal that came while there was no command.
static EARLY: AtomicI32 = AtomicI32::new(0);

/// Catches the signals that ask a program to end.
pub(crate) fn catch() -> io::Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // SAFETY: all zeroes is a valid `sigaction` (no flags, empty mask), and the handler has the signature that
        // `SA_SIGINFO` asks for. A caught signal is reset to its default in programs started later.
        let outcome = unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            action.sa_sigaction = on_signal as extern "C" fn(_, _, _) as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            libc::sigaction(signal, &action, ptr::null_mut())
        };
        if outcome != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Runs the command to its end; it is not started when a signal has already asked for the end.
pub(crate) fn run(command: &mut Command) -> io::Result<ExitStatus> {
    let interrupted = || {
        io::Error::new(
            io::ErrorKind::Interrupted,
            "interrupted before the command started",
        )
    };
    if EARLY.load(Ordering::SeqCst) != 0 {
        return Err(interrupted());
    }
    let mut child = command.spawn()?;
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    CHILD.store(pid, Ordering::SeqCst);
    let early = EARLY.load(Ordering::SeqCst);
    if early != 0 {
        send(pid, early);
    }
    let status = child.wait();
    CHILD.store(0, Ordering::SeqCst);
    status
}

extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: the kernel passes a valid `siginfo_t` to a handler installed with `SA_SIGINFO`.
    let was_sent = unsafe { (*info).si_code } == libc::SI_USER;
    // An interrupt typed at the terminal has reached the command already: it is in the same process group.
    if signal == SIGINT && !was_sent && CHILD.load(Ordering::SeqCst) != 0 {
        return;
    }
    match CHILD.load(Ordering::SeqCst) {
        0 => EARLY.store(signal, Ordering::SeqCst),
        pid => send(pid, signal),
    }
}

fn send(pid: i32, signal: c_int) {
    // SAFETY: `kill` touches no memory of this process and may be called from a signal handler. The process is our
    // child and not yet waited for, or has only just ended, so that the id cannot have been given to another one.
    unsafe {
        libc::kill(pid, signal);
    }
}
