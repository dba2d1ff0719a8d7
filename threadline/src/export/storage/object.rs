use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart, path::Path};

use super::{ExportStorage, StorageError, Upload, checked};

/// How large the parts of an upload are; S3 takes none under 5 MiB.
const PART: usize = 8 * 1024 * 1024;
/// How many parts are under way at a time.
const PARTS: usize = 2;

/// Export files in object storage, by the crate `object_store`: S3 and what is compatible with it, and
/// whatever else that crate knows.
///
/// ```
/// use std::sync::Arc;
/// use threadline::export::ObjectStorage;
///
/// // In production `object_store::aws::AmazonS3Builder::from_env()`, with that crate's feature `aws`.
/// let store = object_store::memory::InMemory::new();
/// let storage = ObjectStorage::new(Arc::new(store), "threadline/exports");
/// ```
#[derive(Clone)]
pub struct ObjectStorage {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl ObjectStorage {
    /// In this store, under this prefix. Set a rule in the bucket that aborts unfinished multipart
    /// uploads: those of a worker that was killed stay there otherwise.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: impl Into<Path>) -> Self {
        Self {
            store,
            prefix: prefix.into(),
        }
    }

    fn path(&self, key: &str) -> Result<Path, StorageError> {
        Ok(self.prefix.clone().join(checked(key)?))
    }
}

impl fmt::Debug for ObjectStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A store's own form may hold its credentials.
        f.debug_struct("ObjectStorage")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

struct ObjectUpload(WriteMultipart);

#[async_trait]
impl ExportStorage for ObjectStorage {
    async fn create(&self, key: &str) -> Result<Box<dyn Upload>, StorageError> {
        let upload = self.store.put_multipart(&self.path(key)?).await;
        let upload = upload.map_err(StorageError::failed)?;
        let upload = WriteMultipart::new_with_chunk_size(upload, PART);
        Ok(Box::new(ObjectUpload(upload)))
    }

    async fn open(
        &self,
        key: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        match self.store.get(&self.path(key)?).await {
            Ok(found) => Ok(found.into_stream().map_err(StorageError::failed).boxed()),
            Err(object_store::Error::NotFound { .. }) => {
                Err(StorageError::NotFound(key.to_owned()))
            }
            Err(err) => Err(StorageError::failed(err)),
        }
    }

    async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.store.delete(&self.path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(err) => Err(StorageError::failed(err)),
        }
    }
}

#[async_trait]
impl Upload for ObjectUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        self.0
            .wait_for_capacity(PARTS)
            .await
            .map_err(StorageError::failed)?;
        self.0.put(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), StorageError> {
        self.0.finish().await.map_err(StorageError::failed)?;
        Ok(())
    }

    async fn abort(self: Box<Self>) {
        // A rule of the bucket takes away what stays.
        let _ = self.0.abort().await;
    }
}
