//! Callers that come at the same time → one call for all of them.
//!
//! SQLite commits one transaction at a time, and a commit costs as much as many rows. Whoever comes while one is under
//! way waits for the next, together with all others who came meanwhile.

use std::{fmt, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// How many share a call.
const LIMIT: usize = 64;

type Waiting<T, A> = (T, oneshot::Sender<A>);

/// The way to the task that takes callers together. Cheap to clone; the task ends with the last of them.
pub struct Batch<T, A>(Arc<mpsc::Sender<Waiting<T, A>>>);

impl<T, A> Clone for Batch<T, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, A> fmt::Debug for Batch<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batch")
    }
}

impl<T: Send + 'static, A: Send + 'static> Batch<T, A> {
    /// `handle` answers every item, in their order.
    pub fn new<F>(handle: impl Fn(Vec<T>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        let (sender, mut receiver) = mpsc::channel::<Waiting<T, A>>(LIMIT);
        tokio::spawn(async move {
            let mut waiting = Vec::with_capacity(LIMIT);
            while receiver.recv_many(&mut waiting, LIMIT).await > 0 {
                // Whoever waits no longer was told that nothing has become of it, and comes again.
                waiting.retain(|(_, caller)| !caller.is_closed());
                if waiting.is_empty() {
                    continue;
                }
                let (items, callers): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
                // On a task of its own: a panic costs these callers their answer, and nobody after them.
                let answers = tokio::spawn(handle(items)).await.unwrap_or_default();
                for (caller, answer) in callers.into_iter().zip(answers) {
                    // Whoever has gone does not want to know.
                    let _ = caller.send(answer);
                }
            }
        });
        Self(Arc::new(sender))
    }

    /// What became of the item; `None` when its call broke down.
    pub async fn ask(&self, item: T) -> Option<A> {
        let (caller, answer) = oneshot::channel();
        self.0.send((item, caller)).await.ok()?;
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use tokio::sync::Mutex;

    #[tokio::test]
    async fn everybody_gets_their_own_answer_and_calls_are_shared() {
        let batch = Batch::new(async |items: Vec<usize>| {
            let together = items.len();
            items.into_iter().map(|item| (item, together)).collect()
        });
        let answers = join_all((0..50).map(|item| batch.ask(item))).await;
        for (item, answer) in answers.iter().enumerate() {
            assert_eq!(answer.map(|(answered, _)| answered), Some(item));
        }
        assert!(answers.iter().flatten().any(|(_, together)| *together > 1), "all came alone: {answers:?}");
    }

    #[tokio::test]
    async fn nothing_is_done_for_whoever_has_gone() {
        let may_go_on = Arc::new(tokio::sync::Semaphore::new(0));
        let handled = Arc::new(Mutex::new(Vec::<u8>::new()));
        let batch = {
            let (may_go_on, handled) = (may_go_on.clone(), handled.clone());
            Batch::new(move |items: Vec<u8>| {
                let (may_go_on, handled) = (may_go_on.clone(), handled.clone());
                async move {
                    handled.lock().await.extend(&items);
                    let _turn = may_go_on.acquire().await;
                    items
                }
            })
        };
        let first = tokio::spawn({
            let batch = batch.clone();
            async move { batch.ask(1).await }
        });
        while handled.lock().await.is_empty() {
            tokio::task::yield_now().await;
        }
        // Polled once, so that it is in the queue, and given up.
        assert!(futures::poll!(Box::pin(batch.ask(2))).is_pending());
        may_go_on.add_permits(1);
        assert_eq!((first.await.ok().flatten(), batch.ask(3).await), (Some(1), Some(3)));
        assert_eq!(*handled.lock().await, [1, 3]);
    }

    #[tokio::test]
    async fn a_panic_is_no_answer_and_the_next_call_works() {
        let batch = Batch::new(async |items: Vec<u8>| {
            assert!(!items.contains(&0), "for the test");
            items
        });
        assert_eq!(batch.ask(0).await, None);
        assert_eq!(batch.ask(1).await, Some(1));
    }
}
