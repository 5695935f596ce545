//! The way from a sandbox that is not on this machine to the model gateway of its attempt: a door under this server's
//! public address, whose name nobody can guess, open for as long as the attempt lasts.
//!
//! The door adds nothing to what the gateway decides: behind it, the attempt's own token is asked for.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The path below the public address under which doors are.
pub const PATH: &str = "/api/model";

/// A model may think for as long as this before it goes on.
const READ_TIME: Duration = Duration::from_secs(900);

type Open = Arc<RwLock<HashMap<String, reqwest::Client>>>;

/// All doors of a process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    open: Open,
    answered: Arc<AtomicBool>,
}

/// An open door; dropping it closes it.
#[derive(Debug)]
pub struct Door {
    name: String,
    open: Open,
}

impl Doors {
    /// Opens a door to the gateway that listens on `socket`.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn open(&self, socket: &Path) -> Result<Door, reqwest::Error> {
        let client = reqwest::Client::builder()
            .unix_socket(socket)
            .no_proxy()
            .read_timeout(READ_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let name = hex::encode(rand::random::<[u8; 16]>());
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), client);
        Ok(Door { name, open: Arc::clone(&self.open) })
    }

    /// From now on this process answers at its doors.
    pub fn answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether anybody answers at the doors of this process.
    pub fn are_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// What leads to the gateway behind a door.
    pub fn find(&self, name: &str) -> Option<reqwest::Client> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl Door {
    /// 32 hexadecimal digits.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
