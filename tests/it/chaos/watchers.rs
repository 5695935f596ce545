//! Browsers: one for each fix, on one server or another. They read what comes and connect again where it was cut off.

use crate::{app::App, live::Events};
use reqwest::Method;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;

/// A browser's own pause.
const AGAIN: Duration = Duration::from_millis(500);

/// The numbers of the events that arrived, for each fix, in their order.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<BTreeMap<String, Vec<i64>>>>);

impl Seen {
    pub fn of(&self, fix_id: &str) -> Vec<i64> {
        self.lock().get(fix_id).cloned().unwrap_or_default()
    }

    pub fn knows(&self, fix_id: &str) -> bool {
        self.lock().contains_key(fix_id)
    }

    pub fn events(&self) -> usize {
        self.lock().values().map(Vec::len).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the page of a fix on a server.
    pub fn watch(&self, server: &App, fix_id: &str, open: &mut JoinSet<()>) {
        self.lock().insert(fix_id.to_owned(), Vec::new());
        let (seen, fix_id) = (self.clone(), fix_id.to_owned());
        let path = format!("/api/deployments/{fix_id}/events");
        let request = server.request(Method::GET, &path);
        open.spawn(async move {
            loop {
                let last = seen.of(&fix_id).last().copied();
                let again = request.try_clone();
                if let Some(again) = again
                    && let Ok(mut events) = Events::of(again, last).await
                {
                    while let Ok(event) = events.next().await {
                        seen.lock().entry(fix_id.clone()).or_default().push(event.id);
                    }
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}
