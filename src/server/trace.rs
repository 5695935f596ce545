//! One id for each story: from the delivery through the job into the commands in the sandbox.
//!
//! It is made where a failure comes in, kept in the row of its fix, and carried by every log line about it, since each is
//! written inside a span that names it. Commands in the sandbox find it in their environment.

use rand::RngExt as _;
use tracing::{Instrument as _, Span};

/// What commands in the sandbox find it under.
pub const VARIABLE: &str = "DEPLOYMEND_TRACE_ID";

tokio::task_local! {
    static CURRENT: String;
}

/// A new id: 32 hex digits, as W3C Trace Context has them.
pub fn new_id() -> String {
    hex::encode(rand::rng().random::<[u8; 16]>())
}

/// The id of what this task does; `None` outside of any story.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Does something as a part of that story. `span` names the id.
pub async fn within<F: Future>(trace_id: String, span: Span, work: F) -> F::Output {
    // The span is inside: it takes its id from the story when it is entered.
    CURRENT.scope(trace_id, work.instrument(span)).await
}

/// The same work as a part of the story that goes on here, whichever task it will run in.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let (trace_id, span) = (current(), Span::current());
    async move {
        match trace_id {
            Some(trace_id) => within(trace_id, span, work).await,
            None => work.instrument(span).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_done_within_knows_its_story_and_nothing_else_does() {
        let id = new_id();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, new_id());
        let known = within(id.clone(), Span::none(), async {
            let elsewhere = tokio::spawn(async { current() }).await;
            let carried = tokio::spawn(carried(async { current() })).await;
            (current(), elsewhere.unwrap_or_default(), carried.unwrap_or_default())
        });
        assert_eq!(known.await, (Some(id.clone()), None, Some(id)));
        assert_eq!(current(), None);
    }
}
