use std::{
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
};

use super::{ExportStorage, StorageError, Upload, checked};

/// Export files in a directory of this machine, readable for this user alone.
///
/// Workers and downloads on other machines need the same directory: use object storage there.
#[derive(Clone, Debug)]
pub struct LocalStorage {
    directory: PathBuf,
}

impl LocalStorage {
    /// In this directory, which is made when the first file is.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    fn path(&self, key: &str) -> Result<PathBuf, StorageError> {
        Ok(self.directory.join(checked(key)?))
    }
}

fn part(path: &Path) -> PathBuf {
    path.with_added_extension("part")
}

struct LocalUpload {
    path: PathBuf,
    file: File,
}

#[async_trait]
impl ExportStorage for LocalStorage {
    async fn create(&self, key: &str) -> Result<Box<dyn Upload>, StorageError> {
        let path = self.path(key)?;
        let mut directory = fs::DirBuilder::new();
        directory.recursive(true);
        #[cfg(unix)]
        directory.mode(0o700);
        directory
            .create(&self.directory)
            .await
            .map_err(StorageError::failed)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options
            .open(part(&path))
            .await
            .map_err(StorageError::failed)?;
        Ok(Box::new(LocalUpload { path, file }))
    }

    async fn open(
        &self,
        key: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        let file = match File::open(self.path(key)?).await {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                return Err(StorageError::NotFound(key.to_owned()));
            }
            opened => opened.map_err(StorageError::failed)?,
        };
        Ok(stream::try_unfold(file, |mut file| async move {
            let mut buffer = vec![0; 64 * 1024];
            let n = file.read(&mut buffer).await.map_err(StorageError::failed)?;
            buffer.truncate(n);
            Ok((n > 0).then(|| (Bytes::from(buffer), file)))
        })
        .boxed())
    }

    async fn delete(&self, key: &str) -> Result<(), StorageError> {
        let path = self.path(key)?;
        for path in [part(&path), path] {
            match fs::remove_file(path).await {
                Err(err) if err.kind() != io::ErrorKind::NotFound => {
                    return Err(StorageError::failed(err));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Upload for LocalUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        self.file
            .write_all(&bytes)
            .await
            .map_err(StorageError::failed)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StorageError> {
        let failed = |err: io::Error| StorageError::failed(err);
        self.file.flush().await.map_err(failed)?;
        self.file.sync_all().await.map_err(failed)?;
        fs::rename(part(&self.path), &self.path)
            .await
            .map_err(failed)?;
        // So that the name outlives a power failure.
        #[cfg(unix)]
        if let Some(directory) = self.path.parent() {
            let directory = File::open(directory).await.map_err(failed)?;
            directory.sync_all().await.map_err(failed)?;
        }
        Ok(())
    }

    async fn abort(self: Box<Self>) {
        // What stays is taken away before the next attempt.
        let _ = fs::remove_file(part(&self.path)).await;
    }
}
