use std::{
    io::{self, Write},
    vec,
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use sea_orm::{ConnectionTrait, StreamTrait, TransactionSession};
use sha2::{Digest, Sha256};

use super::{Checkpoint, CutBy, ExportEnd, ExportHead, context::Contexts, encode::Encoder};
use crate::{
    entity::audit_change,
    error::{Error, Result},
    query::{PageToken, Timeline},
    telemetry::{self, SqlState},
};

/// How many changes are read at once at most.
const CHUNK_ROWS: u64 = 500;
/// How many bytes of images end what is read at once, and how many bytes written end a chunk.
const CHUNK_BYTES: usize = 2 * 1024 * 1024;

/// An export under way: bytes in chunks, in constant memory, from one snapshot.
///
/// A chunk is made when it is asked for. The connection is taken until the end; dropping the exporter
/// gives it back.
#[derive(Debug)]
#[must_use = "an exporter that is dropped exports nothing"]
pub struct Exporter<T> {
    txn: Option<T>,
    head: ExportHead,
    timeline: Timeline,
    encoder: Encoder,
    contexts: Contexts,
    state: State,
    /// What was read and is not written yet.
    unwritten: vec::IntoIter<audit_change::Model>,
    /// Where the changes behind those begin.
    behind: Option<PageToken>,
    rows: u64,
    bytes: u64,
    snapshots: u32,
    digest: Sha256,
}

#[derive(Clone, Debug)]
enum State {
    Begin,
    /// From the token on; from the newest change without one.
    Changes(Option<PageToken>),
    /// Nothing is left, or nothing more fits: then there is a rest.
    End(Option<PageToken>),
    Over(Box<ExportEnd>),
}

/// Why a file could not be filled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteExportError {
    /// The trail could not be read.
    #[error(transparent)]
    Audit(#[from] Error),
    /// The bytes could not be written.
    #[error("the export can't be written")]
    Write(#[from] io::Error),
}

impl<T> Exporter<T> {
    pub(super) fn new(timeline: Timeline, head: ExportHead, txn: T) -> Self {
        Self {
            txn: Some(txn),
            timeline,
            encoder: Encoder::new(head.format, false),
            head,
            contexts: Contexts::default(),
            state: State::Begin,
            unwritten: Vec::new().into_iter(),
            behind: None,
            rows: 0,
            bytes: 0,
            snapshots: 1,
            digest: Sha256::new(),
        }
    }

    pub(super) fn go_on(timeline: Timeline, checkpoint: Checkpoint, txn: T) -> Self {
        let Checkpoint {
            head,
            bytes,
            rows,
            next,
            snapshots,
        } = checkpoint;
        Self {
            encoder: Encoder::new(head.format, rows > 0),
            state: next.map_or(State::End(None), |next| State::Changes(Some(next))),
            rows,
            bytes,
            snapshots: snapshots.saturating_add(1),
            ..Self::new(timeline, head, txn)
        }
    }

    /// What was asked for.
    pub fn head(&self) -> &ExportHead {
        &self.head
    }

    /// How many changes were given out so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many bytes were given out so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The last record, once it was given out.
    pub fn end(&self) -> Option<&ExportEnd> {
        match &self.state {
            State::Over(end) => Some(end),
            _ => None,
        }
    }

    /// The SHA-256 of the bytes that this exporter gave out, in hexadecimal.
    pub fn sha256(&self) -> String {
        format!("{:x}", self.digest.clone().finalize())
    }

    /// How far it is. `None` before the first chunk and after the last.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let next = match &self.state {
            State::Changes(Some(next)) => Some(next.clone()),
            State::End(None) => None,
            // At its limit it takes up again before the look for a rest.
            State::End(Some(rest)) => Some(rest.clone()),
            State::Begin | State::Changes(None) | State::Over(_) => return None,
        };
        Some(Checkpoint {
            head: self.head.clone(),
            bytes: self.bytes,
            rows: self.rows,
            next,
            snapshots: self.snapshots,
        })
    }
}

impl<T: ConnectionTrait + StreamTrait + TransactionSession> Exporter<T> {
    /// The next bytes; `None` after the last.
    ///
    /// # Errors
    /// When the database fails. The exporter is at its end then, and what it gave out has no last
    /// record.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        let Some(txn) = self.txn.take() else {
            return Ok(None);
        };
        match self.chunk(&txn).await {
            Ok(chunk) => {
                self.bytes += chunk.len() as u64;
                self.digest.update(&chunk);
                if let State::Over(end) = &self.state {
                    // It wrote nothing, so all that can be lost is the connection.
                    let _ = txn.rollback().await;
                    let cut_by = end.cut_by.map(CutBy::as_str);
                    telemetry::export_ended(
                        self.head.format.as_str(),
                        self.rows,
                        self.bytes,
                        cut_by,
                    );
                } else {
                    self.txn = Some(txn);
                }
                Ok(Some(chunk.into()))
            }
            Err(err) => {
                let format = self.head.format.as_str();
                telemetry::export_failed(format, self.rows, err.kind(), SqlState::of(&err));
                Err(err)
            }
        }
    }

    /// Everything that is left, for the body of a response. An error ends it without a last record.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes>> {
        self.into_stream_with(|_| {})
    }

    /// As [`into_stream`](Self::into_stream), and calls `at_end` with the last record when that is
    /// given out.
    pub fn into_stream_with(
        self,
        at_end: impl FnOnce(&ExportEnd),
    ) -> impl Stream<Item = Result<Bytes>> {
        stream::try_unfold(
            (self, Some(at_end)),
            |(mut exporter, mut at_end)| async move {
                let chunk = exporter.next_chunk().await?;
                if let Some(end) = exporter.end()
                    && let Some(at_end) = at_end.take()
                {
                    at_end(end);
                }
                Ok(chunk.map(|chunk| (chunk, (exporter, at_end))))
            },
        )
    }

    /// Writes everything that is left, and gives the last record.
    ///
    /// Writing blocks the task for as long as the writer takes.
    ///
    /// # Errors
    /// When the database or the writer fails; what was written has no last record then.
    pub async fn write_to(mut self, mut out: impl Write) -> Result<ExportEnd, WriteExportError> {
        while let Some(chunk) = self.next_chunk().await? {
            out.write_all(&chunk)?;
        }
        out.flush()?;
        match self.state {
            State::Over(end) => Ok(*end),
            _ => Err(io::Error::other("the export failed before").into()),
        }
    }

    async fn chunk(&mut self, txn: &T) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if matches!(self.state, State::Begin) {
            self.encoder.head(&self.head, &mut out)?;
            self.state = State::Changes(self.head.after.clone());
        }
        if let State::Changes(after) = self.state.clone() {
            self.state = self.changes(after, &mut out, txn).await?;
            if !out.is_empty() {
                return Ok(out);
            }
        }
        if let State::End(rest) = self.state.clone() {
            let end = ExportEnd {
                complete: rest.is_none(),
                cut_by: rest.is_some().then_some(CutBy::Limit),
                next: rest,
                rows: self.rows,
                snapshots: self.snapshots,
                head: self.head.clone(),
            };
            self.encoder.end(&end, &mut out)?;
            self.state = State::Over(Box::new(end));
        }
        Ok(out)
    }

    /// Writes changes, one at least, until the chunk is full or those that were read are written.
    async fn changes(
        &mut self,
        after: Option<PageToken>,
        out: &mut Vec<u8>,
        txn: &T,
    ) -> Result<State> {
        let mut last = after.clone();
        if self.unwritten.len() == 0
            && let Some(state) = self.read(after, out.is_empty(), txn).await?
        {
            return Ok(state);
        }
        while self.unwritten.len() > 0 && out.len() < CHUNK_BYTES {
            let changes = self.unwritten.as_slice();
            let scope = self.timeline.scope();
            let known = self.contexts.load(changes, scope, txn).await?;
            let written =
                self.encoder
                    .changes(&changes[..known], &self.contexts, CHUNK_BYTES, out)?;
            self.rows += written as u64;
            let end = written.checked_sub(1).and_then(|at| self.unwritten.nth(at));
            last = end.map(|change| self.timeline.token_of(&change)).or(last);
        }
        if self.unwritten.len() > 0 {
            return Ok(State::Changes(last));
        }
        let behind = self.behind.take();
        Ok(behind.map_or(State::End(None), |next| State::Changes(Some(next))))
    }

    /// Reads the next changes to be written. Where there are none, it gives the state that follows: with nothing in
    /// the chunk yet that is the end.
    async fn read(
        &mut self,
        mut after: Option<PageToken>,
        is_empty: bool,
        txn: &T,
    ) -> Result<Option<State>> {
        loop {
            let room = self.head.limit.map(|limit| limit.saturating_sub(self.rows));
            if room == Some(0) {
                let has_rest = self.has_more(after.clone(), txn).await?;
                return Ok(Some(State::End(after.filter(|_| has_rest))));
            }
            let size = room.unwrap_or(CHUNK_ROWS).min(CHUNK_ROWS);
            let page = self
                .page(after, size)
                .fetch_within(CHUNK_BYTES, txn)
                .await?;
            if !page.entries.is_empty() {
                self.unwritten = page.entries.into_iter();
                self.behind = page.next;
                return Ok(None);
            }
            // A page that ended early because it looked through enough may have nothing on it.
            match page.next {
                None => return Ok(Some(State::End(None))),
                next if !is_empty => return Ok(Some(State::Changes(next))),
                next => after = next,
            }
        }
    }

    async fn has_more(&self, mut after: Option<PageToken>, txn: &T) -> Result<bool> {
        loop {
            let page = self.page(after, 1).fetch_within(0, txn).await?;
            if !page.entries.is_empty() {
                return Ok(true);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }

    fn page(&self, after: Option<PageToken>, size: u64) -> Timeline {
        let query = self.timeline.clone().page_size(size);
        match after {
            Some(token) => query.after(token),
            None => query,
        }
    }
}
