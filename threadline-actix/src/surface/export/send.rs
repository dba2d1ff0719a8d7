//! Sends an export while it is read, and gives its connection back where nobody takes it.

use std::time::Duration;

use actix_web::{
    rt::{spawn, time::timeout},
    web::Bytes,
};
use futures_util::{Stream, stream};
use sea_orm::DatabaseTransaction;
use threadline::{export::Exporter, telemetry};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::slot::Slot;

/// How many bytes a client has to take within its time.
const PIECE: usize = 256 * 1024;

/// What goes from the task that reads to the response.
#[derive(Debug)]
enum Sent {
    Piece(Bytes),
    /// Nothing follows.
    End,
}

/// Why a file ends without its last record. The library has told its kind; what the database said may quote a value of a
/// row, and the server of actix-web logs whole what it is given.
#[derive(Debug, thiserror::Error)]
#[error("the export failed")]
pub(super) struct Broken;

/// The first bytes and everything that follows, as the body of a response.
///
/// A body is polled when its client reads, and not at all when it does not. A task of its own waits for the client, and no
/// longer than `patience` for each piece.
pub(super) fn body(
    first: Bytes,
    exporter: Exporter<DatabaseTransaction>,
    patience: Duration,
    slot: Slot,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    let (to, from) = channel(1);
    spawn(async move {
        let _slot = slot;
        send(first, exporter, patience, &to).await;
    });
    stream::unfold(Some(from), |from| async {
        let mut from: Receiver<Sent> = from?;
        match from.recv().await {
            Some(Sent::Piece(piece)) => Some((Ok(piece), Some(from))),
            Some(Sent::End) => None,
            None => Some((Err(Broken), None)),
        }
    })
}

/// Ends where the export does, where it fails, and where the client is gone or waits too long.
async fn send(
    mut bytes: Bytes,
    mut exporter: Exporter<DatabaseTransaction>,
    patience: Duration,
    to: &Sender<Sent>,
) {
    loop {
        while !bytes.is_empty() {
            let piece = bytes.split_to(PIECE.min(bytes.len()));
            match timeout(patience, to.send(Sent::Piece(piece))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => {
                    let format = exporter.head().format.as_str();
                    return telemetry::export_stalled(format, exporter.rows());
                }
            }
        }
        match exporter.next_chunk().await {
            Ok(Some(next)) => bytes = next,
            Ok(None) => {
                // Who does not take the last bytes does not miss the end.
                let _ = timeout(patience, to.send(Sent::End)).await;
                return;
            }
            Err(_) => return,
        }
    }
}
