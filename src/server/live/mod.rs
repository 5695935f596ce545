//! From committed fix events to open pages. The [`Bus`] only says that a fix has news; the stream reads the events
//! from the database after its own cursor, so nothing is missed or doubled, whatever the bus drops.

mod sse;

pub use sse::{fix_stream, list_stream, unread_stream};

use std::sync::Arc;
use tokio::sync::broadcast;

/// How many notices a slow stream may fall behind before it catches up from the database.
const BACKLOG: usize = 1024;

/// Says within this process that a fix has new events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    notices: broadcast::Sender<Arc<str>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { notices: broadcast::channel(BACKLOG).0 }
    }
}

impl Bus {
    /// Tells the open streams that this fix has news. Call it after the commit.
    pub fn notify(&self, fix_id: &str) {
        // Nobody listening is no error: the events are in the database.
        let _ = self.notices.send(Arc::from(fix_id));
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.notices.subscribe()
    }
}
