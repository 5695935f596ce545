//! What is known about a request while it is answered.

use super::{DONE, operations::Operation};
use crate::{
    model::Timestamp,
    server::{
        clock::new_id,
        db::{audit::NewEntry, entity::user},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Longer values of details are cut.
const DETAIL_CHARS: usize = 200;

tokio::task_local! {
    static TRAIL: Trail;
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Our id of the user.
    pub user_id: String,
    /// Their mail address, which the log keeps when they have gone.
    pub who: String,
    /// What they were let in with.
    pub credential: Option<String>,
}

impl From<&user::Model> for Actor {
    fn from(user: &user::Model) -> Self {
        Self { user_id: user.id.clone(), who: user.email.clone(), credential: None }
    }
}

/// The trace of one request. Cheap to clone: all clones are the same trace.
#[derive(Clone, Debug)]
pub struct Trail(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    at: Timestamp,
    operation: Operation,
    address: Option<String>,
    object: Option<String>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    actor: Option<Actor>,
    details: BTreeMap<String, String>,
    /// A transaction has taken the entry along, whether or not it came to its end.
    taken: bool,
    ended: bool,
}

impl Trail {
    pub(super) fn new(
        at: Timestamp,
        operation: Operation,
        address: Option<String>,
        object: Option<String>,
    ) -> Self {
        let known = Mutex::default();
        Self(Arc::new(Inner { id: new_id(), at, operation, address, object, known }))
    }

    /// The trace of the request that this task answers.
    pub fn current() -> Option<Self> {
        TRAIL.try_with(Self::clone).ok()
    }

    /// Answers a request with this as its trace.
    pub(super) async fn around<F: Future>(self, answer: F) -> F::Output {
        TRAIL.scope(self, answer).await
    }

    /// Notes who it is. The first one counts.
    pub fn is_by(&self, actor: impl FnOnce() -> Actor) {
        self.known().actor.get_or_insert_with(actor);
    }

    pub(super) fn operation(&self) -> &Operation {
        &self.0.operation
    }

    /// Its end was not told yet.
    pub(super) fn is_open(&self) -> bool {
        !self.known().ended
    }

    pub(super) fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    pub(super) fn has_actor(&self) -> bool {
        self.known().actor.is_some()
    }

    /// For the transaction that makes the change: the entry, once, as soon as somebody is known who makes it.
    pub fn take(&self) -> Option<NewEntry> {
        let mut known = self.known();
        if known.taken || known.ended || known.actor.is_none() {
            return None;
        }
        known.taken = true;
        drop(known);
        Some(self.entry(self.0.id.clone(), DONE))
    }

    /// For the end: the entry as it should stand there, under a new id where a transaction may have said that it was
    /// done and it was not. `None` when the end was told before.
    pub(super) fn end(&self, outcome: &str) -> Option<NewEntry> {
        let mut known = self.known();
        if std::mem::replace(&mut known.ended, true) {
            return None;
        }
        let taken = known.taken;
        drop(known);
        let id = if taken && outcome != DONE { new_id() } else { self.0.id.clone() };
        Some(self.entry(id, outcome))
    }

    fn entry(&self, id: String, outcome: &str) -> NewEntry {
        let known = self.known();
        NewEntry {
            id,
            at: self.0.at,
            kind: self.0.operation.kind,
            action: self.0.operation.action.clone(),
            user_id: known.actor.as_ref().map(|actor| actor.user_id.clone()),
            who: known.actor.as_ref().map(|actor| actor.who.clone()),
            credential: known.actor.as_ref().and_then(|actor| actor.credential.clone()),
            address: self.0.address.clone(),
            object: self.0.object.clone(),
            outcome: outcome.to_owned(),
            details: known.details.clone(),
            once: None,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes who sent the request that this task answers.
pub fn is_by(actor: impl FnOnce() -> Actor) {
    if let Some(trail) = Trail::current() {
        trail.is_by(actor);
    }
}

/// Adds a detail to the trace of the request that this task answers. Never a secret.
pub fn add(name: &str, value: impl Into<String>) {
    let Some(trail) = Trail::current() else { return };
    let value: String = value.into().chars().filter(|char| !char.is_control()).take(DETAIL_CHARS).collect();
    trail.known().details.insert(name.to_owned(), value);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::{
        audit::operations,
        clock::Clock,
        db::{
            audit::{Which, append, list},
            testing,
            tokens::{self, AT_MOST, NewToken},
            users,
        },
    };
    use axum::http::Method;

    #[tokio::test]
    async fn the_entry_stands_and_falls_with_the_change() {
        let test = testing::fresh().await.unwrap();
        let (db, now) = (&test.db, Clock::System.now());
        let user = users::create_owner(db, "a@example.test", "A", "hash", now).await.unwrap().unwrap();
        let trail = || {
            let trail =
                Trail::new(now, operations::of(&Method::POST, "/settings/tokens").unwrap(), None, None);
            trail.is_by(|| (&user).into());
            trail
        };
        let create = async |number: u64| {
            let new = NewToken {
                id: new_id(),
                user_id: user.id.clone(),
                name: "t".into(),
                token_hash: number.to_string(),
                hint: "abcd".into(),
                expires_at: None,
            };
            add("name", "line\nbreak");
            tokens::create(db, new, now).await.unwrap()
        };
        let outcomes = async || {
            let entries = list(db, Which::default(), 100).await.unwrap();
            let mut outcomes: Vec<_> = entries.into_iter().map(|entry| entry.outcome).collect();
            outcomes.sort();
            outcomes
        };

        let done = trail();
        assert!(done.clone().around(create(0)).await);
        assert_eq!(outcomes().await, ["done"], "it came with the change");
        assert!(!append(&db.orm, done.end(DONE).unwrap()).await.unwrap(), "it is there already");
        assert!(done.end(DONE).is_none() && done.take().is_none(), "its end was told");
        let entry = list(db, Which::default(), 1).await.unwrap().remove(0);
        assert_eq!(entry.details.get("name").map(String::as_str), Some("linebreak"));

        for number in 1..AT_MOST {
            assert!(create(number).await, "outside of a request nothing is noted");
        }
        let refused = trail();
        assert!(!refused.clone().around(create(AT_MOST)).await);
        assert_eq!(outcomes().await, ["done"], "it went with the change");
        assert!(append(&db.orm, refused.end("conflict").unwrap()).await.unwrap());
        // What came after the change failed: both are told.
        let half = trail();
        assert!(
            tokens::revoke(db, &user.id, &tokens::of_user(db, &user.id).await.unwrap()[0].id).await.unwrap()
        );
        assert!(half.clone().around(create(AT_MOST)).await);
        assert!(append(&db.orm, half.end("platform_unavailable").unwrap()).await.unwrap());
        assert_eq!(outcomes().await, ["conflict", "done", "done", "platform_unavailable"]);
    }
}
