//! Where the files of export jobs are kept.

mod local;
#[cfg(feature = "object-store")]
mod object;

use std::{error::Error, fmt};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

pub use self::local::LocalStorage;
#[cfg(feature = "object-store")]
pub use self::object::ObjectStorage;

/// A place for the files of export jobs.
///
/// A key is a name of the characters `0-9 a-z . -`, and is used once. A file appears under its key when
/// it is whole, or not at all.
#[async_trait]
pub trait ExportStorage: fmt::Debug + Send + Sync + 'static {
    /// Begins a file.
    ///
    /// # Errors
    /// When the storage refuses.
    async fn create(&self, key: &str) -> Result<Box<dyn Upload>, StorageError>;

    /// Reads a file, in pieces.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when there is none; otherwise when the storage refuses.
    async fn open(
        &self,
        key: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError>;

    /// Deletes a file, and what is left of one that was not finished. That there is none is no error.
    ///
    /// # Errors
    /// When the storage refuses.
    async fn delete(&self, key: &str) -> Result<(), StorageError>;
}

/// A file that is being written.
#[async_trait]
pub trait Upload: Send {
    /// Adds bytes.
    ///
    /// # Errors
    /// When the storage refuses.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError>;

    /// Makes the file appear under its key.
    ///
    /// # Errors
    /// When the storage refuses; no file is there then.
    async fn finish(self: Box<Self>) -> Result<(), StorageError>;

    /// Gives it up: nothing is left.
    async fn abort(self: Box<Self>);
}

/// Why a storage did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// There is no such file.
    #[error("the export storage has no file `{0}`")]
    NotFound(String),
    /// The key is no key.
    #[error("`{0}` is no key of an export: use the characters 0-9 a-z . -")]
    Key(String),
    /// The storage failed.
    #[error("the export storage failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl StorageError {
    /// Wraps the error of a storage.
    pub fn failed(err: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(err.into())
    }
}

/// Checks a key, so that it names a file in the storage and none elsewhere.
fn checked(key: &str) -> Result<&str, StorageError> {
    let plain = |c: char| matches!(c, '0'..='9' | 'a'..='z' | '.' | '-');
    if key.is_empty() || key.starts_with('.') || key.len() > 128 || !key.chars().all(plain) {
        return Err(StorageError::Key(key.to_owned()));
    }
    Ok(key)
}
