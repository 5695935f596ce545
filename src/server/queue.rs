//! The job queue: durable jobs in the application's own database, by apalis. A job only wakes a worker for a row; the
//! row decides what is done. A job that comes twice, late or for a row that has ended finds nothing to claim.

use super::db::{Db, DbError, Pool};
use apalis::prelude::*;
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// apalis truncates shorter intervals to zero.
const POLL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(2);
const MISSED_HEARTBEATS: usize = 3;
/// A job that fails is a defect of the worker, not of its row: a reconciler pushes a new one.
const MAX_ATTEMPTS: usize = 3;
/// Of two jobs the one with the higher priority is taken first, and with the same, the older one.
const USUAL: usize = 0;
const AHEAD: usize = 1;
/// Pause before a worker whose backend ended is started again.
const RESTART: Duration = Duration::from_secs(1);

/// What a worker is woken for.
#[async_trait]
pub trait Job: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {
    /// The queue's name in the job table.
    const QUEUE: &'static str;
    /// What the work is done with.
    type Context: Send + Sync + 'static;

    /// Whether this machine has room to do one now, beside those under way. Says what is missing.
    fn has_room(_context: &Self::Context) -> Result<(), String> {
        Ok(())
    }

    /// Does it.
    ///
    /// Errors: only the database's; other failures are in the row.
    async fn run(self, context: &Self::Context) -> Result<(), DbError>;
}

/// What went wrong with the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The job tables could not be brought up to date.
    #[error("the job tables could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The job could not be stored; the reconciler will try again.
    #[error("the job could not be stored: {0}")]
    Push(String),
    /// The rows could not be read.
    #[error("the rows that wait could not be read")]
    Database(#[from] DbError),
}

/// Brings apalis's own tables up to date. Its `setup` is not used: on SQLite it also turns off fsync.
pub async fn migrate(db: &Db) -> Result<(), QueueError> {
    match &db.pool {
        Pool::Sqlite(pool) => SqliteStorage::<()>::migrations().run(pool).await?,
        Pool::Postgres(pool) => PostgresStorage::<()>::migrations().run(pool).await?,
    }
    Ok(())
}

/// The queue of one kind of job on the application's own database.
pub struct Queue<J> {
    pool: Pool,
    wake: tokio::sync::broadcast::Sender<()>,
    job: PhantomData<fn() -> J>,
}

impl<J> Clone for Queue<J> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), wake: self.wake.clone(), job: PhantomData }
    }
}

impl<J: Job> Queue<J> {
    /// The queue on that database.
    pub fn new(db: &Db) -> Self {
        Self { pool: db.pool.clone(), wake: tokio::sync::broadcast::channel(16).0, job: PhantomData }
    }

    /// Stores a job under an idempotency key. A key that is in the table already is success: the job is there.
    pub async fn store(&self, key: &str, job: J) -> Result<(), QueueError> {
        self.insert(key, job, USUAL).await
    }

    /// The same for a job that is done before those that wait already.
    pub async fn store_ahead(&self, key: &str, job: J) -> Result<(), QueueError> {
        self.insert(key, job, AHEAD).await
    }

    async fn insert(&self, key: &str, job: J, priority: usize) -> Result<(), QueueError> {
        let task =
            TaskBuilder::new(job).idempotency_key(key).max_attempts(MAX_ATTEMPTS).priority(priority).build();
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

    fn wakeups(&self) -> impl futures::Stream<Item = ()> + Unpin + Send + Sync + 'static + use<J> {
        use futures::StreamExt as _;
        tokio_stream::wrappers::BroadcastStream::new(self.wake.subscribe()).map(drop)
    }
}

fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

fn sqlite_storage<J: Job>(pool: &sqlx::SqlitePool) -> SqliteStorage<J> {
    let config = apalis_sqlite::Config::default()
        .queue(J::QUEUE)
        .batch_size(1)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED_HEARTBEATS);
    SqliteStorage::new(pool).with_config(config)
}

fn postgres_storage<J: Job>(pool: &sqlx::PgPool) -> PostgresStorage<J> {
    let config = apalis_postgres::Config::default()
        .queue(J::QUEUE)
        .batch_size(1)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED_HEARTBEATS);
    PostgresStorage::new(pool).with_config(config)
}

async fn handle<J: Job>(job: J, context: Data<Arc<J::Context>>) -> Result<(), BoxDynError> {
    // On a task of its own: the worker must go on sending heartbeats, whatever a job does.
    let context = Arc::clone(&context);
    Ok(tokio::spawn(async move { job.run(&context).await }).await??)
}

/// Works on `count` jobs at a time until `stop` is cancelled: so many apalis workers, each started again should its
/// backend end.
pub async fn work<J: Job>(queue: Queue<J>, context: Arc<J::Context>, count: usize, stop: CancellationToken) {
    // Each on a task of its own. On one task every wake of one would poll all, and each poll is a query that wakes
    // again when it is answered: without end.
    let mut workers = JoinSet::new();
    for _ in 0..count.max(1) {
        workers.spawn(supervise(queue.clone(), context.clone(), stop.clone()));
    }
    workers.join_all().await;
}

async fn supervise<J: Job>(queue: Queue<J>, context: Arc<J::Context>, stop: CancellationToken) {
    loop {
        tokio::select! { () = stop.cancelled() => return, () = until_room::<J>(&context, true) => {} }
        // A fixed name could not register again for a while after a crash.
        let name = format!("{}-{}", J::QUEUE, super::clock::new_id());
        let strategy = Strategy::new().stream(queue.wakeups()).interval(POLL);
        let until = {
            let (stop, context) = (stop.clone(), context.clone());
            async move {
                // Jobs are left to machines that have room. One under way is done first.
                tokio::select! { () = stop.cancelled() => {}, () = until_room::<J>(&context, false) => {} }
                Ok::<(), WorkerError>(())
            }
        };
        let ended = match &queue.pool {
            Pool::Sqlite(pool) => {
                WorkerBuilder::new(name)
                    .backend(sqlite_storage(pool).poll_with_strategy(strategy))
                    .data(context.clone())
                    .concurrency(1)
                    .build(handle::<J>)
                    .run_until(until)
                    .await
            }
            Pool::Postgres(pool) => {
                WorkerBuilder::new(name)
                    .backend(postgres_storage(pool).poll_with_strategy(strategy))
                    .data(context.clone())
                    .concurrency(1)
                    .build(handle::<J>)
                    .run_until(until)
                    .await
            }
        };
        if stop.is_cancelled() {
            return;
        }
        if let Err(error) = ended {
            tracing::error!(?error, "A worker of the job queue ended and is started again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(RESTART) => {} }
    }
}

/// Until there is room for a job, or no longer.
async fn until_room<J: Job>(context: &J::Context, wanted: bool) {
    let mut told = false;
    loop {
        let room = J::has_room(context);
        if room.is_ok() == wanted {
            return;
        }
        if let (Err(missing), false) = (room, told) {
            tracing::warn!(queue = J::QUEUE, missing, "This machine has no room for another job");
            told = true;
        }
        tokio::time::sleep(POLL).await;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::{db::testing, fix::jobs::JobQueue};
    use sea_orm::{ConnectionTrait as _, Statement};
    use serde::Deserialize;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Lasts as long as a worker takes to look for others twice.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Lasting;

    #[derive(Default)]
    struct Count {
        now: AtomicUsize,
        most: AtomicUsize,
        done: AtomicUsize,
    }

    #[async_trait]
    impl Job for Lasting {
        const QUEUE: &'static str = "lasting";
        type Context = Count;

        async fn run(self, count: &Count) -> Result<(), DbError> {
            count.most.fetch_max(count.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(POLL * 2).await;
            count.now.fetch_sub(1, Ordering::SeqCst);
            count.done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    #[tokio::test]
    async fn as_many_jobs_are_done_at_a_time_as_there_are_workers() {
        let test = testing::fresh().await.unwrap();
        migrate(&test.db).await.unwrap();
        let (queue, count, stop) =
            (Queue::new(&test.db), Arc::new(Count::default()), CancellationToken::new());
        for key in ["a", "b", "c", "d"] {
            queue.store(key, Lasting).await.unwrap();
        }
        let working = tokio::spawn(work(queue, count.clone(), 2, stop.clone()));
        while count.done.load(Ordering::SeqCst) < 4 {
            tokio::time::sleep(POLL / 10).await;
        }
        stop.cancel();
        working.await.unwrap();
        assert_eq!(count.most.load(Ordering::SeqCst), 2);
    }

    /// Notes its name when it is done.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Named(String);

    #[async_trait]
    impl Job for Named {
        const QUEUE: &'static str = "named";
        type Context = std::sync::Mutex<Vec<String>>;

        async fn run(self, done: &Self::Context) -> Result<(), DbError> {
            done.lock().unwrap().push(self.0);
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_job_that_is_stored_ahead_is_done_before_those_that_wait() {
        let test = testing::fresh().await.unwrap();
        migrate(&test.db).await.unwrap();
        let (queue, stop) = (Queue::new(&test.db), CancellationToken::new());
        let done = Arc::new(std::sync::Mutex::new(Vec::new()));
        queue.store("a", Named("first".into())).await.unwrap();
        queue.store("b", Named("second".into())).await.unwrap();
        queue.store_ahead("c", Named("ahead".into())).await.unwrap();
        let working = tokio::spawn(work(queue, done.clone(), 1, stop.clone()));
        while done.lock().unwrap().len() < 3 {
            tokio::time::sleep(POLL / 10).await;
        }
        stop.cancel();
        working.await.unwrap();
        assert_eq!(done.lock().unwrap()[0], "ahead");
    }

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
        migrate(&test.db).await.unwrap();
        for (key, stored) in [("a", 1), ("a", 1), ("b", 2)] {
            queue.push(key, "fix").await.unwrap();
            assert_eq!(stored_jobs(&test.db).await, stored, "after {key}");
        }
    }

    #[tokio::test]
    async fn the_job_tables_leave_writes_durable() {
        let test = testing::fresh().await.unwrap();
        migrate(&test.db).await.unwrap();
        if let Pool::Sqlite(pool) = &test.db.pool {
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            assert_eq!(synchronous, 1, "NORMAL");
        }
    }
}
