//! From committed fix events to open pages. The [`Bus`] only says that a fix has news; the stream reads the events
//! from the database after its own cursor, so nothing is missed or doubled, whatever the bus drops. [`relay`] takes
//! notices to other processes.

pub mod relay;
mod sse;

pub use sse::{fix_stream, list_stream, unread_stream};

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::broadcast;

/// How many notices a slow stream may fall behind before it catches up from the database.
const BACKLOG: usize = 1024;

/// How often a stream looks by itself, where other processes can write events without a notice here.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The same where their notices arrive.
const LOOK_AGAIN_RELAYED: Duration = Duration::from_secs(10);

/// That there is news.
#[derive(Clone, Debug)]
enum Notice {
    /// Of that fix, written by this process.
    Here(Arc<str>),
    /// Of that fix, written by another one.
    Elsewhere(Arc<str>),
    /// Of any fix: notices may have been lost.
    Any,
}

impl Notice {
    fn concerns(&self, fix_id: &str) -> bool {
        match self {
            Self::Here(id) | Self::Elsewhere(id) => **id == *fix_id,
            Self::Any => true,
        }
    }
}

/// Says within this process that a fix has new events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    notices: broadcast::Sender<Notice>,
    relayed: Arc<AtomicBool>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { notices: broadcast::channel(BACKLOG).0, relayed: Arc::default() }
    }
}

impl Bus {
    /// Tells the open streams that this fix, or what belongs to this user, has news. Call it after the commit.
    pub fn notify(&self, id: &str) {
        self.publish(Notice::Here(Arc::from(id)));
    }

    fn publish(&self, notice: Notice) {
        // Nobody listening is no error: the events are in the database.
        let _ = self.notices.send(notice);
    }

    fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Whether notices of the other processes arrive.
    fn relayed(&self, arrive: bool) {
        self.relayed.store(arrive, Ordering::Relaxed);
    }

    /// How long a stream waits for a notice before it looks by itself.
    fn patience(&self) -> Duration {
        if self.relayed.load(Ordering::Relaxed) { LOOK_AGAIN_RELAYED } else { LOOK_AGAIN }
    }
}
