use std::{
    io::{self, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    engine::{Client, Engine, POSTGRES},
    protocol::{fatal, read_startup},
    seat::Seat,
};

/// Not 53300 (too many connections): SQLx takes that for a passing condition, and tries again until its pool gives
/// up without telling why.
const OBJECT_IN_USE: &str = "55006";
const REFUSAL: &str = "the embedded database serves one connection, and it is in use; \
    close it, set the pool to one connection, or use an installed PostgreSQL";

/// How long a client may take to introduce itself.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How long a second client waits for the first to leave.
const PATIENCE: Duration = Duration::from_secs(2);

/// The engine and its TCP port; dropping it closes the database.
#[derive(Debug)]
pub(crate) struct Embedded {
    port: u16,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    seat: Seat,
    /// The stream of the client that is being served.
    served: Mutex<Option<TcpStream>>,
    is_closing: AtomicBool,
}

impl Embedded {
    /// Prepares the database and starts to listen.
    pub(crate) fn start(directory: Option<&Path>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let (admit, clients) = mpsc::channel();
        let (report, outcome) = mpsc::channel();

        let directory = directory.map(Path::to_path_buf);
        let engine = spawn("embedded-postgres", {
            let shared = Arc::clone(&shared);
            move || run_engine(directory, &report, &clients, &shared)
        })?;
        // The channel closes without a report only if the engine panics.
        outcome.recv()??;
        let doorman = spawn("embedded-postgres-door", {
            let shared = Arc::clone(&shared);
            move || let_in(&listener, &admit, &shared)
        })?;
        Ok(Self {
            port,
            shared,
            threads: vec![doorman, engine],
        })
    }

    /// The URL of the database.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://{POSTGRES}@127.0.0.1:{}/{POSTGRES}?sslmode=disable",
            self.port
        )
    }

    /// The TCP port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::SeqCst);
        self.shared.hang_up();
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    fn set_served(&self, stream: Option<TcpStream>) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = stream;
    }

    fn hang_up(&self) {
        if let Some(stream) = &*self.served.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Serves one client after the other, until nobody can come any more.
fn run_engine(
    directory: Option<PathBuf>,
    report: &Sender<anyhow::Result<()>>,
    clients: &Receiver<Client>,
    shared: &Shared,
) {
    let engine = match Engine::prepare(directory.as_deref()) {
        Ok(engine) => engine,
        Err(err) => {
            let _ = report.send(Err(err));
            return;
        }
    };
    let _ = report.send(Ok(()));
    for client in clients {
        shared.set_served(client.stream.try_clone().ok());
        if !shared.is_closing() {
            engine.serve(client);
        }
        shared.set_served(None);
        shared.seat.free();
    }
    engine.release();
}

/// Accepts clients; each introduces itself on a thread of its own, so that none can keep others waiting.
fn let_in(listener: &TcpListener, admit: &Sender<Client>, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_closing() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let (admit, shared) = (admit.clone(), Arc::clone(shared));
        let welcomed = spawn("embedded-postgres-guest", move || {
            if let Err(err) = welcome(stream, &admit, &shared) {
                tracing::debug!(error = %err, "a client of the embedded database was turned away");
            }
        });
        if let Err(err) = welcomed {
            tracing::warn!(error = %err, "a client of the embedded database could not be let in");
        }
    }
}

fn welcome(mut stream: TcpStream, admit: &Sender<Client>, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(INTRODUCTION))?;
    let Some(startup) = read_startup(&mut stream)? else {
        return Ok(());
    };
    stream.set_read_timeout(None)?;
    if !shared.seat.take(PATIENCE) {
        return stream.write_all(&fatal(OBJECT_IN_USE, REFUSAL));
    }
    // The engine has gone only if the database is being closed.
    let _ = admit.send(Client { stream, startup });
    Ok(())
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(run)
}
