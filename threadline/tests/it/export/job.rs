//! Exports in the background.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream::BoxStream};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use threadline::{
    ActorRef, ChangeScope, Timeline,
    export::{
        ExportFormat, ExportJob, ExportJobError, ExportStorage, ExportWorker, JobStatus,
        LocalStorage, StorageError, Upload, download, export_jobs, failed_exports, order_export,
    },
    timeline,
};

use super::{ids, notes};
use crate::support::{TestDb, run, sql::refused};

fn carol() -> ActorRef {
    ActorRef::admin("carol").unwrap()
}

fn mallory() -> ActorRef {
    ActorRef::admin("mallory").unwrap()
}

async fn ordered(timeline: Timeline, test: &TestDb) -> ExportJob {
    let order = order_export(carol(), timeline).format(ExportFormat::Ndjson);
    order.enqueue(&test.db).await.unwrap()
}

/// Looks until the job is as expected.
async fn until(id: i64, is: impl Fn(&ExportJob) -> bool, db: &DatabaseConnection) -> ExportJob {
    let look = async {
        loop {
            let job = export_jobs(carol()).find(id, db).await.unwrap().unwrap();
            if is(&job) {
                return job;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), look)
        .await
        .expect("the job comes to that state")
}

fn worker(storage: &Arc<dyn ExportStorage>) -> ExportWorker {
    ExportWorker::new(storage.clone())
        .every(Duration::from_millis(10))
        .stale_after(Duration::from_secs(1))
}

fn local() -> (tempfile::TempDir, Arc<dyn ExportStorage>) {
    let directory = tempfile::tempdir().unwrap();
    let storage = LocalStorage::new(directory.path().join("exports"));
    (directory, Arc::new(storage))
}

fn names(directory: &tempfile::TempDir) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory.path().join("exports")) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn text(job: &ExportJob, storage: &dyn ExportStorage, test: &TestDb) -> String {
    let file = download(carol(), job.id, storage, &test.db).await.unwrap();
    let chunks: Vec<Bytes> = file.bytes.try_collect().await.unwrap();
    String::from_utf8(chunks.concat()).unwrap()
}

/// A storage in which nothing gets through once a file was begun, as where a worker hangs or is killed.
#[derive(Debug)]
struct Stuck;

struct StuckUpload;

#[async_trait]
impl ExportStorage for Stuck {
    async fn create(&self, _: &str) -> Result<Box<dyn Upload>, StorageError> {
        Ok(Box::new(StuckUpload))
    }
    async fn open(
        &self,
        key: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        Err(StorageError::NotFound(key.to_owned()))
    }
    async fn delete(&self, _: &str) -> Result<(), StorageError> {
        Ok(())
    }
}

#[async_trait]
impl Upload for StuckUpload {
    async fn write(&mut self, _: Bytes) -> Result<(), StorageError> {
        std::future::pending().await
    }
    async fn finish(self: Box<Self>) -> Result<(), StorageError> {
        Ok(())
    }
    async fn abort(self: Box<Self>) {}
}

/// A storage that refuses, with a text that nobody should find in a job.
#[derive(Debug)]
struct Full;

#[async_trait]
impl ExportStorage for Full {
    async fn create(&self, _: &str) -> Result<Box<dyn Upload>, StorageError> {
        Err(StorageError::failed("secret of the storage"))
    }
    async fn open(
        &self,
        _: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        Err(StorageError::failed("secret of the storage"))
    }
    async fn delete(&self, _: &str) -> Result<(), StorageError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_job_is_made_kept_and_given_to_the_actor_who_asked_and_nobody_else() {
    let test = notes().await;
    let (directory, storage) = local();
    let job = ordered(timeline().op(threadline::Op::Update), &test).await;
    assert_eq!((job.status, job.attempts), (JobStatus::Queued, 0));
    let not_ready = download(carol(), job.id, storage.as_ref(), &test.db).await;
    assert!(matches!(not_ready, Err(ExportJobError::NotReady)));
    let worker = worker(&storage).spawn(test.pool(2).await);
    let done = until(job.id, |job| job.status == JobStatus::Completed, &test.db).await;
    worker.stop().await;
    assert_eq!((done.rows, done.complete), (5, Some(true)));
    let text = text(&done, storage.as_ref(), &test).await;
    assert_eq!(ids(ExportFormat::Ndjson, &text), [15, 14, 13, 12, 11]);
    assert_eq!(done.bytes, Some(text.len() as i64));
    assert_eq!(names(&directory).len(), 1);
    for (actor, id) in [
        (mallory(), job.id),
        (ActorRef::anonymous(), job.id),
        (carol(), job.id + 1),
    ] {
        let refused = download(actor, id, storage.as_ref(), &test.db).await;
        assert!(
            matches!(refused, Err(ExportJobError::NotFound)),
            "{refused:?}"
        );
    }
    assert!(
        export_jobs(mallory())
            .fetch(&test.db)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        export_jobs(carol()).fetch(&test.db).await.unwrap(),
        std::slice::from_ref(&done)
    );
    let evidence: String = test
        .one("SELECT reference || ' ' || verdict || ' ' || (provenance ->> 'job') FROM threadline.audit_evidence WHERE subject = 'export'")
        .await;
    assert_eq!(
        evidence,
        format!("sha256:{} proven {}", done.sha256.unwrap(), done.id)
    );
}

#[tokio::test]
async fn two_workers_make_every_job_once() {
    let test = notes().await;
    let (directory, storage) = local();
    let mut jobs = Vec::new();
    for _ in 0..8 {
        jobs.push(ordered(timeline(), &test).await.id);
    }
    let workers = [
        worker(&storage).spawn(test.pool(2).await),
        worker(&storage).spawn(test.pool(2).await),
    ];
    for id in jobs {
        let done = until(id, |job| job.status == JobStatus::Completed, &test.db).await;
        assert_eq!((done.attempts, done.rows), (1, 15));
    }
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(names(&directory).len(), 8);
}

#[tokio::test]
async fn a_job_whose_worker_is_gone_is_made_by_another() {
    let test = notes().await;
    let job = ordered(timeline(), &test).await;
    let stuck: Arc<dyn ExportStorage> = Arc::new(Stuck);
    let first = worker(&stuck).spawn(test.pool(2).await);
    until(job.id, |job| job.status == JobStatus::Running, &test.db).await;
    // Nobody takes it from a worker that is there, however long it takes.
    let (directory, storage) = local();
    let second = worker(&storage).spawn(test.pool(2).await);
    let beaten = until(job.id, |now| now.heartbeat_at > now.started_at, &test.db).await;
    assert_eq!(beaten.attempts, 1);
    // Dropping it is what a kill does to the task.
    drop(first);
    let done = until(job.id, |job| job.status == JobStatus::Completed, &test.db).await;
    second.stop().await;
    assert_eq!((done.attempts, done.rows), (2, 15));
    assert_eq!(names(&directory).len(), 1);
}

#[tokio::test]
async fn a_worker_that_stops_gives_its_job_back_and_the_attempt_does_not_count() {
    let test = notes().await;
    let job = ordered(timeline(), &test).await;
    let stuck: Arc<dyn ExportStorage> = Arc::new(Stuck);
    let first = worker(&stuck).spawn(test.pool(2).await);
    until(job.id, |job| job.status == JobStatus::Running, &test.db).await;
    first.stop().await;
    let back = until(job.id, |job| job.status == JobStatus::Queued, &test.db).await;
    assert_eq!((back.attempts, back.failure), (0, None));
}

#[tokio::test]
async fn a_job_that_has_lost_its_last_worker_is_closed_as_abandoned() {
    let test = notes().await;
    let (_directory, storage) = local();
    let order = order_export(carol(), timeline()).max_attempts(1);
    let job = order.enqueue(&test.db).await.unwrap();
    let stuck: Arc<dyn ExportStorage> = Arc::new(Stuck);
    let first = worker(&stuck).spawn(test.pool(2).await);
    until(job.id, |job| job.status == JobStatus::Running, &test.db).await;
    drop(first);
    let second = worker(&storage).spawn(test.pool(2).await);
    let closed = until(job.id, |job| job.status == JobStatus::Failed, &test.db).await;
    second.stop().await;
    assert_eq!(closed.failure.as_deref(), Some("abandoned"));
    let failed = download(carol(), job.id, storage.as_ref(), &test.db).await;
    assert!(matches!(failed, Err(ExportJobError::Failed { failure }) if failure == "abandoned"));
    let ended = closed.finished_at.unwrap();
    assert_eq!(failed_exports(ended, &test.db).await.unwrap(), 1);
    let later = ended + chrono::TimeDelta::microseconds(1);
    assert_eq!(failed_exports(later, &test.db).await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_and_then_closed_with_a_name_and_no_text() {
    let test = notes().await;
    let full: Arc<dyn ExportStorage> = Arc::new(Full);
    let job = ordered(timeline(), &test).await;
    let worker = worker(&full).spawn(test.pool(2).await);
    let failed = until(job.id, |job| job.status == JobStatus::Failed, &test.db).await;
    worker.stop().await;
    assert_eq!(
        (failed.attempts, failed.failure.as_deref()),
        (3, Some("storage"))
    );
    let row: String = test
        .one("SELECT to_jsonb(j)::text FROM threadline.audit_export_jobs j")
        .await;
    assert!(!row.contains("secret"), "{row}");
}

#[tokio::test]
async fn an_order_that_can_not_be_read_fails_at_once() {
    let test = notes().await;
    let (_directory, storage) = local();
    let sql = r#"SELECT id FROM threadline.enqueue_export('{"type": "admin", "id": "carol"}', 'csv', '{"filter": "id = 1 OR true"}', 10, 60, 3)"#;
    let id: i64 = test.one(sql).await;
    let worker = worker(&storage).spawn(test.pool(2).await);
    let failed = until(id, |job| job.status == JobStatus::Failed, &test.db).await;
    worker.stop().await;
    assert_eq!(
        (failed.attempts, failed.failure.as_deref()),
        (1, Some("unreadable_order"))
    );
}

#[tokio::test]
async fn a_file_is_deleted_after_its_time_and_its_job_stays() {
    let test = notes().await;
    let (directory, storage) = local();
    let order = order_export(carol(), timeline()).keep(Duration::from_secs(1));
    let job = order.enqueue(&test.db).await.unwrap();
    let worker = worker(&storage).spawn(test.pool(2).await);
    let expired = until(job.id, |job| job.status == JobStatus::Expired, &test.db).await;
    worker.stop().await;
    assert_eq!((expired.rows, expired.complete), (15, Some(true)));
    assert!(names(&directory).is_empty(), "{:?}", names(&directory));
    let gone = download(carol(), job.id, storage.as_ref(), &test.db).await;
    assert!(matches!(gone, Err(ExportJobError::Expired)));
}

#[tokio::test]
async fn what_can_not_be_kept_to_is_not_ordered() {
    let test = notes().await;
    let order = async |actor: ActorRef, query: Timeline| {
        let refused = order_export(actor, query).enqueue(&test.db).await;
        refused.unwrap_err()
    };
    let scoped = timeline().in_scope(&ChangeScope::nothing());
    assert!(matches!(
        order(carol(), scoped).await,
        ExportJobError::Scoped
    ));
    assert!(matches!(
        order(ActorRef::anonymous(), timeline()).await,
        ExportJobError::Anonymous
    ));
    let page = timeline().page_size(1).fetch(&test.db).await.unwrap();
    let later = timeline().after(page.next.unwrap());
    assert!(matches!(
        order(carol(), later).await,
        ExportJobError::PageToken
    ));
    assert!(matches!(
        order(carol(), timeline().table("")).await,
        ExportJobError::Audit(_)
    ));
    for _ in 0..10 {
        ordered(timeline(), &test).await;
    }
    assert!(matches!(
        order(carol(), timeline()).await,
        ExportJobError::TooMany { .. }
    ));
    order_export(mallory(), timeline())
        .enqueue(&test.db)
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_changes_or_deletes_what_was_ordered() {
    let test = notes().await;
    let job = ordered(timeline(), &test).await;
    for sql in [
        "DELETE FROM threadline.audit_export_jobs",
        "TRUNCATE threadline.audit_export_jobs",
        "UPDATE threadline.audit_export_jobs SET actor_id = 'mallory'",
        "UPDATE threadline.audit_export_jobs SET filters = '{}' , row_limit = 7",
    ] {
        let reason = refused(&test.db, sql).await;
        assert!(reason.starts_with("42501 "), "{sql}: {reason}");
    }
    run(
        &test.db,
        "UPDATE threadline.audit_export_jobs SET status = 'failed'",
    )
    .await;
    let reason = refused(
        &test.db,
        "UPDATE threadline.audit_export_jobs SET status = 'completed'",
    )
    .await;
    assert!(reason.starts_with("42501 "), "{reason}");
    assert!(
        export_jobs(carol())
            .find(job.id, &test.db)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_reader_looks_at_jobs_and_a_writer_orders_them() {
    let test = notes().await;
    let (reader, as_reader) = test.login("").await;
    let (writer, as_writer) = test.login("").await;
    test.run(&format!(
        "GRANT threadline_reader TO {reader}; GRANT threadline_writer TO {writer}"
    ))
    .await;
    order_export(carol(), timeline())
        .enqueue(&as_writer)
        .await
        .unwrap();
    assert_eq!(
        export_jobs(carol()).fetch(&as_reader).await.unwrap().len(),
        1
    );
    let refused = order_export(carol(), timeline())
        .enqueue(&as_reader)
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            ExportJobError::Audit(threadline::Error::NotPermitted { .. })
        ),
        "{refused:?}"
    );
    for sql in [
        "INSERT INTO threadline.audit_export_jobs (actor_type, actor_id, format, filters, row_limit, keep_seconds, max_attempts) VALUES ('admin', 'x', 'csv', '{}', 1, 1, 1)",
        "UPDATE threadline.audit_export_jobs SET status = 'failed'",
    ] {
        assert!(as_writer.execute_unprepared(sql).await.is_err(), "{sql}");
    }
}

/// What every storage keeps to.
async fn keeps_to_the_contract(storage: &dyn ExportStorage) {
    let read = async |key: &str| -> Result<Vec<u8>, StorageError> {
        let chunks: Vec<Bytes> = storage.open(key).await?.try_collect().await?;
        Ok(chunks.concat())
    };
    let missing = |result: Result<Vec<u8>, StorageError>| {
        assert!(
            matches!(result, Err(StorageError::NotFound(_))),
            "{result:?}"
        );
    };
    let large = Bytes::from(vec![b'x'; 3 << 20]);
    let mut upload = storage.create("a-1.csv").await.unwrap();
    for _ in 0..4 {
        upload.write(large.clone()).await.unwrap();
        missing(read("a-1.csv").await);
    }
    upload.finish().await.unwrap();
    assert_eq!(read("a-1.csv").await.unwrap().len(), 12 << 20);
    let mut upload = storage.create("b-1.csv").await.unwrap();
    upload.write(large.clone()).await.unwrap();
    upload.abort().await;
    missing(read("b-1.csv").await);
    // As a killed worker leaves it.
    let mut upload = storage.create("c-1.csv").await.unwrap();
    upload.write(large).await.unwrap();
    drop(upload);
    missing(read("c-1.csv").await);
    for key in ["a-1.csv", "b-1.csv", "c-1.csv", "never-1.csv"] {
        storage.delete(key).await.unwrap();
        missing(read(key).await);
    }
    for key in ["", ".", "..", "../a", "a/b", "A", "a b", ".hidden", "a\0b"] {
        assert!(
            matches!(storage.create(key).await.err(), Some(StorageError::Key(_))),
            "{key}"
        );
        assert!(
            matches!(storage.delete(key).await, Err(StorageError::Key(_))),
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_directory_holds_whole_files_for_their_owner_alone() {
    let (directory, storage) = local();
    keeps_to_the_contract(storage.as_ref()).await;
    assert!(names(&directory).is_empty(), "{:?}", names(&directory));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mut upload = storage.create("d-1.csv").await.unwrap();
        upload.write(Bytes::from_static(b"x")).await.unwrap();
        upload.finish().await.unwrap();
        let mode = |path: &str| {
            let metadata = std::fs::metadata(directory.path().join(path)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        assert_eq!((mode("exports"), mode("exports/d-1.csv")), (0o700, 0o600));
    }
}

#[cfg(feature = "object-store")]
#[tokio::test]
async fn object_storage_holds_whole_files_and_the_worker_fills_it() {
    use threadline::export::ObjectStorage;

    let memory = || Arc::new(object_store::memory::InMemory::new());
    keeps_to_the_contract(&ObjectStorage::new(memory(), "exports")).await;
    let test = notes().await;
    let storage: Arc<dyn ExportStorage> = Arc::new(ObjectStorage::new(memory(), "exports"));
    let job = ordered(timeline(), &test).await;
    let worker = worker(&storage).spawn(test.pool(2).await);
    let done = until(job.id, |job| job.status == JobStatus::Completed, &test.db).await;
    worker.stop().await;
    let text = text(&done, storage.as_ref(), &test).await;
    assert_eq!(ids(ExportFormat::Ndjson, &text).len(), 15);
}
