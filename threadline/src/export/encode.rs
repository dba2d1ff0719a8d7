//! From records to bytes.

use sea_orm::DbErr;

use super::{ExportEnd, ExportFormat, ExportHead, context::Contexts, csv, json};
use crate::{
    entity::audit_change,
    error::{Error, Result},
};

/// Writes the records of one format, in order: head, changes, end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoder {
    format: ExportFormat,
    /// Whether a change was written before.
    has_changes: bool,
}

impl Encoder {
    pub(super) fn new(format: ExportFormat, has_changes: bool) -> Self {
        Self {
            format,
            has_changes,
        }
    }

    pub(super) fn head(&self, head: &ExportHead, out: &mut Vec<u8>) -> Result<()> {
        match self.format {
            ExportFormat::Csv => csv::head(out).map_err(unwritable),
            ExportFormat::Ndjson => {
                json::head(head, out).map_err(unwritable)?;
                out.push(b'\n');
                Ok(())
            }
            ExportFormat::Json => {
                out.extend_from_slice(b"{\"header\":");
                json::head(head, out).map_err(unwritable)?;
                out.extend_from_slice(b",\n\"changes\":[\n");
                Ok(())
            }
        }
    }

    /// Writes changes, one at least, until so many bytes are written, and says how many changes it wrote.
    pub(super) fn changes(
        &mut self,
        changes: &[audit_change::Model],
        contexts: &Contexts,
        full: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize> {
        let mut written = 0;
        if self.format == ExportFormat::Csv {
            let mut writer = csv::writer(out);
            for change in changes {
                csv::change(change, contexts.of(change), &mut writer).map_err(unwritable)?;
                written += 1;
                if writer.get_ref().len() >= full {
                    break;
                }
            }
            writer.flush().map_err(unwritable)?;
            return Ok(written);
        }
        for change in changes {
            if self.format == ExportFormat::Json && self.has_changes {
                out.extend_from_slice(b",\n");
            }
            json::change(change, contexts.of(change), out).map_err(unwritable)?;
            if self.format == ExportFormat::Ndjson {
                out.push(b'\n');
            }
            self.has_changes = true;
            written += 1;
            if out.len() >= full {
                break;
            }
        }
        Ok(written)
    }

    pub(super) fn end(&self, end: &ExportEnd, out: &mut Vec<u8>) -> Result<()> {
        match self.format {
            ExportFormat::Csv => csv::end(end, out).map_err(unwritable),
            ExportFormat::Ndjson => {
                json::end(end, out).map_err(unwritable)?;
                out.push(b'\n');
                Ok(())
            }
            ExportFormat::Json => {
                out.extend_from_slice(b"\n],\n\"end\":");
                json::end(end, out).map_err(unwritable)?;
                out.extend_from_slice(b"}\n");
                Ok(())
            }
        }
    }
}

/// Memory takes everything: what can't be written is JSON that the database should not have given.
fn unwritable(err: impl std::error::Error) -> Error {
    Error::Database(DbErr::Json(err.to_string()))
}
