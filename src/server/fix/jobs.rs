//! The job queue: an apalis job wakes a worker for a fix. The fix's row decides what is done; a job that comes
//! twice, late or for a finished fix finds nothing to claim.
//!
//! The committed row is the outbox. [`JobQueue::push`] is tried right after the commit, and [`reconcile`] pushes
//! again for every unfinished row that nobody holds: what a crash lost between the two comes back by itself.

use super::{FixContext, run};
use crate::server::{
    clock::Clock,
    db::{self, Db, DbError, Pool},
    intake::Wake,
    live::Bus,
};
use apalis::prelude::*;
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Wakes a worker for one fix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FixJob {
    /// Our id of the fix.
    pub fix_id: String,
}

/// The queue's name in the job table.
const QUEUE: &str = "fix";
/// apalis truncates shorter intervals to zero.
const POLL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(2);
const MISSED_HEARTBEATS: usize = 3;
/// A job that fails is a defect of the worker, not of the fix: the reconciler pushes a new one.
const MAX_ATTEMPTS: usize = 3;
/// How often unfinished fixes without a holder are looked for.
const RECONCILE: Duration = Duration::from_secs(3);
/// A job whose worker could not even claim the fix leaves its key behind, so keys get a new suffix this often.
const KEY_EPOCH_SECONDS: i64 = 600;
/// How many of them are pushed at once.
const RECONCILE_BATCH: u64 = 100;
/// Pause before a worker whose backend ended is started again.
const RESTART: Duration = Duration::from_secs(1);

/// What went wrong with the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The job tables could not be brought up to date.
    #[error("the job tables could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The job could not be stored; the reconciler will try again.
    #[error("the job could not be stored: {0}")]
    Push(String),
    /// The fixes could not be read.
    #[error("the fixes could not be read")]
    Database(#[from] DbError),
}

/// The queue on the application's own database.
#[derive(Clone)]
pub struct JobQueue {
    pool: Pool,
    wake: tokio::sync::broadcast::Sender<()>,
}

impl JobQueue {
    /// The queue on that database.
    pub fn new(db: &Db) -> Self {
        Self { pool: db.pool.clone(), wake: tokio::sync::broadcast::channel(16).0 }
    }

    /// Brings apalis's own tables up to date. Its `setup` is not used: on SQLite it also turns off fsync.
    pub async fn migrate(&self) -> Result<(), QueueError> {
        match &self.pool {
            Pool::Sqlite(pool) => SqliteStorage::<()>::migrations().run(pool).await?,
            Pool::Postgres(pool) => PostgresStorage::<()>::migrations().run(pool).await?,
        }
        Ok(())
    }

    /// Stores a job under an idempotency key. A key that is in the table already is success: the job is there.
    pub async fn push(&self, key: &str, fix_id: &str) -> Result<(), QueueError> {
        let task = TaskBuilder::new(FixJob { fix_id: fix_id.to_owned() })
            .idempotency_key(key)
            .max_attempts(MAX_ATTEMPTS)
            .build();
        let pushed = match &self.pool {
            Pool::Sqlite(pool) => {
                sqlite_storage(pool).push_task(task).await.map_err(|error| error.to_string())
            }
            Pool::Postgres(pool) => match postgres_storage(pool).push_task(task).await {
                Err(TaskSinkError::PushError(apalis_postgres::Error::Database(error)))
                    if is_duplicate(&error) =>
                {
                    Ok(())
                }
                other => other.map_err(|error| error.to_string()),
            },
        };
        pushed.map_err(QueueError::Push)?;
        // Nobody listening means that no worker runs in this process.
        let _ = self.wake.send(());
        Ok(())
    }

    fn wakeups(&self) -> impl futures::Stream<Item = ()> + Unpin + Send + Sync + 'static {
        use futures::StreamExt as _;
        tokio_stream::wrappers::BroadcastStream::new(self.wake.subscribe()).map(drop)
    }
}

/// What the intake wakes: the workers, and the open pages.
#[derive(Clone)]
pub struct Waker {
    /// Takes new fixes.
    pub queue: JobQueue,
    /// Tells pages.
    pub bus: Bus,
}

#[async_trait]
impl Wake for Waker {
    async fn wake(&self, key: String, fix_id: String) {
        if let Err(error) = self.queue.push(&key, &fix_id).await {
            tracing::warn!(fix.id = %fix_id, %error, "A fix waits for the reconciler");
        }
    }

    fn changed(&self, fix_id: &str) {
        self.bus.notify(fix_id);
    }
}

fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

fn sqlite_storage(pool: &sqlx::SqlitePool) -> SqliteStorage<FixJob> {
    let config = apalis_sqlite::Config::default()
        .queue(QUEUE)
        .batch_size(1)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED_HEARTBEATS);
    SqliteStorage::new(pool).with_config(config)
}

fn postgres_storage(pool: &sqlx::PgPool) -> PostgresStorage<FixJob> {
    let config = apalis_postgres::Config::default()
        .queue(QUEUE)
        .batch_size(1)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED_HEARTBEATS);
    PostgresStorage::new(pool).with_config(config)
}

async fn handle(job: FixJob, context: Data<Arc<FixContext>>) -> Result<(), BoxDynError> {
    // On a task of its own: the worker must go on sending heartbeats, whatever a fix does.
    let context = Arc::clone(&context);
    Ok(tokio::spawn(async move { run::run(&context, &job.fix_id).await }).await??)
}

/// Works on fixes until `stop` is cancelled: `count` apalis workers, each started again should its backend end.
pub async fn work(queue: JobQueue, context: Arc<FixContext>, count: usize, stop: CancellationToken) {
    let workers = (0..count.max(1)).map(|_| supervise(queue.clone(), context.clone(), stop.clone()));
    futures::future::join_all(workers).await;
}

async fn supervise(queue: JobQueue, context: Arc<FixContext>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // A fixed name could not register again for a while after a crash.
        let name = format!("fix-{}", crate::server::clock::new_id());
        let strategy = Strategy::new().stream(queue.wakeups()).interval(POLL);
        let until = {
            let stop = stop.clone();
            async move {
                stop.cancelled().await;
                Ok::<(), WorkerError>(())
            }
        };
        let ended = match &queue.pool {
            Pool::Sqlite(pool) => {
                WorkerBuilder::new(name)
                    .backend(sqlite_storage(pool).poll_with_strategy(strategy))
                    .data(context.clone())
                    .build(handle)
                    .run_until(until)
                    .await
            }
            Pool::Postgres(pool) => {
                WorkerBuilder::new(name)
                    .backend(postgres_storage(pool).poll_with_strategy(strategy))
                    .data(context.clone())
                    .build(handle)
                    .run_until(until)
                    .await
            }
        };
        if !stop.is_cancelled() {
            tracing::error!(error = ?ended.err(), "A worker of the job queue ended and is started again");
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(RESTART) => {} }
        }
    }
}

/// Pushes a job for each unfinished fix that no worker holds. Returns how many there were.
pub async fn reconcile(queue: &JobQueue, db: &Db, clock: &Clock) -> Result<usize, QueueError> {
    let now = clock.now();
    let epoch = now.timestamp() / KEY_EPOCH_SECONDS;
    let waiting = db::fixes::unfinished_without_lease(db, now, RECONCILE_BATCH).await?;
    for (fix_id, version) in &waiting {
        queue.push(&format!("{fix_id}:{version}:{epoch}"), fix_id).await?;
    }
    Ok(waiting.len())
}

/// Reconciles at start and every few seconds until `stop` is cancelled.
pub async fn keep_reconciling(queue: JobQueue, db: Db, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = reconcile(&queue, &db, &clock).await {
            tracing::error!(%error, "Unfinished fixes could not be queued; trying again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(RECONCILE) => {} }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::db::testing;
    use sea_orm::{ConnectionTrait as _, Statement};

    async fn stored_jobs(db: &Db) -> i64 {
        let table = match db.pool {
            Pool::Sqlite(_) => "Jobs",
            Pool::Postgres(_) => "apalis.jobs",
        };
        let count = Statement::from_string(
            db.orm.get_database_backend(),
            format!("SELECT count(*) AS n FROM {table}"),
        );
        db.orm.query_one_raw(count).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    #[tokio::test]
    async fn a_key_is_stored_once_and_pushing_it_again_is_no_error() {
        let test = testing::fresh().await.unwrap();
        let queue = JobQueue::new(&test.db);
        queue.migrate().await.unwrap();
        for (key, stored) in [("a", 1), ("a", 1), ("b", 2)] {
            queue.push(key, "fix").await.unwrap();
            assert_eq!(stored_jobs(&test.db).await, stored, "after {key}");
        }
    }

    #[tokio::test]
    async fn the_job_tables_leave_writes_durable() {
        let test = testing::fresh().await.unwrap();
        JobQueue::new(&test.db).migrate().await.unwrap();
        if let Pool::Sqlite(pool) = &test.db.pool {
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            assert_eq!(synchronous, 1, "NORMAL");
        }
    }
}
