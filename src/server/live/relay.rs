//! Notices of this process → the other processes on the same PostgreSQL server, and theirs → the pages open here.
//!
//! A notice that is lost costs a moment: every stream also looks by itself. On SQLite there is no such way, and all
//! streams look more often instead.

use super::{Bus, Notice};
use sqlx::{PgPool, postgres::PgListener};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

/// The channel that all processes of Deploymend on a database listen to.
const CHANNEL: &str = "deploymend_news";
/// Notices that are sent together.
const BATCH: usize = 64;
/// Pause before a lost connection is made again.
const RESTART: Duration = Duration::from_secs(1);

/// Passes notices on in both directions until `stop` is cancelled. `owner` tells this process from the others.
pub async fn keep_relaying(pool: PgPool, bus: Bus, owner: String, stop: CancellationToken) {
    let (out, into) = (send(&pool, &bus, &owner), receive(&pool, &bus, &owner));
    tokio::select! { () = stop.cancelled() => {}, () = out => {}, () = into => {} }
    bus.relayed(false);
}

async fn send(pool: &PgPool, bus: &Bus, owner: &str) {
    let mut notices = bus.subscribe();
    while let Some(fixes) = some(&mut notices).await {
        if fixes.is_empty() {
            continue;
        }
        let fixes: Vec<_> = fixes.iter().map(|fix_id| format!("{owner} {fix_id}")).collect();
        let sent = sqlx::query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload")
            .bind(CHANNEL)
            .bind(fixes)
            .execute(pool)
            .await;
        if let Err(error) = sent {
            tracing::warn!(%error, "Other servers are not told of events; their pages look by themselves");
        }
    }
}

/// The fixes with news of our own, each once, as soon as there is a notice. `None` when there will be no more.
async fn some(notices: &mut Receiver<Notice>) -> Option<BTreeSet<Arc<str>>> {
    let mut fixes = BTreeSet::new();
    let mut keep = |notice: Notice| match notice {
        Notice::Here(fix_id) => drop(fixes.insert(fix_id)),
        Notice::Elsewhere(_) | Notice::Any => {}
    };
    match notices.recv().await {
        Ok(notice) => keep(notice),
        Err(RecvError::Lagged(_)) => {}
        Err(RecvError::Closed) => return None,
    }
    for _ in 1..BATCH {
        match notices.try_recv() {
            Ok(notice) => keep(notice),
            Err(_) => break,
        }
    }
    Some(fixes)
}

async fn receive(pool: &PgPool, bus: &Bus, owner: &str) {
    loop {
        if let Err(error) = listen(pool, bus, owner).await {
            tracing::warn!(%error, "Other servers' events are not heard; pages look by themselves");
        }
        bus.relayed(false);
        tokio::time::sleep(RESTART).await;
    }
}

async fn listen(pool: &PgPool, bus: &Bus, owner: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    bus.relayed(true);
    // What came before somebody listened.
    bus.publish(Notice::Any);
    while let Some(notification) = listener.try_recv().await? {
        match notification.payload().split_once(' ') {
            Some((from, fix_id)) if from != owner => bus.publish(Notice::Elsewhere(Arc::from(fix_id))),
            _ => {}
        }
    }
    // The connection was lost.
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::db::{Pool, testing};

    /// A process: its bus, once its notices and those of the others flow.
    async fn process(pool: &PgPool, owner: &str, stop: &CancellationToken) -> (Bus, Receiver<Notice>) {
        let bus = Bus::default();
        let mut notices = bus.subscribe();
        tokio::spawn(keep_relaying(pool.clone(), bus.clone(), owner.to_owned(), stop.clone()));
        assert!(matches!(notices.recv().await.unwrap(), Notice::Any), "it listens");
        (bus, notices)
    }

    /// SQLite has no such way.
    #[tokio::test]
    async fn a_notice_reaches_the_other_processes_once_and_does_not_come_back() {
        let test = testing::fresh().await.unwrap();
        let Pool::Postgres(pool) = &test.db.pool else { return };
        let stop = CancellationToken::new();
        let (here, mut own) = process(pool, "here", &stop).await;
        let (there, mut other) = process(pool, "there", &stop).await;
        assert_eq!(there.patience(), super::super::LOOK_AGAIN_RELAYED);

        here.notify("fix 1");
        here.notify("fix 2");
        for expected in ["fix 1", "fix 2"] {
            match other.recv().await.unwrap() {
                Notice::Elsewhere(fix_id) => assert_eq!(&*fix_id, expected),
                notice => panic!("{notice:?}"),
            }
        }
        there.notify("fix 3");
        let heard = [own.recv().await, own.recv().await, own.recv().await].map(Result::unwrap);
        assert!(
            matches!(&heard, [Notice::Here(_), Notice::Here(_), Notice::Elsewhere(id)] if **id == *"fix 3")
        );
        assert!(matches!(other.recv().await.unwrap(), Notice::Here(_)));
        stop.cancel();
    }

    #[tokio::test]
    async fn a_lost_connection_is_made_again_and_everybody_looks() {
        let test = testing::fresh().await.unwrap();
        let Pool::Postgres(pool) = &test.db.pool else { return };
        let stop = CancellationToken::new();
        let (_bus, mut notices) = process(pool, "here", &stop).await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        sqlx::query(cut).execute(pool).await.unwrap();
        assert!(matches!(notices.recv().await.unwrap(), Notice::Any), "it listens again");
        stop.cancel();
    }
}
