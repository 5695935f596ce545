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
    CURRENT.scope(trace_id, work).instrument(span).await
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
            (current(), elsewhere.unwrap_or_default())
        });
        assert_eq!(known.await, (Some(id), None));
        assert_eq!(current(), None);
    }
}
