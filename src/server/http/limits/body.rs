//! A body → its bytes, of which there are only so many in memory at once, whatever their senders say or do.

use super::{
    refusal::Refusal,
    shares::{Share, Shares},
};
use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What the bodies that are read may take together. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    shares: Shares,
    time: Duration,
}

/// A body that was read. Its bytes count until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    pub bytes: Bytes,
    _room: Room,
}

/// What a body takes of what there is.
#[derive(Debug)]
struct Room {
    _place: OwnedSemaphorePermit,
    _share: Option<Share>,
    bytes: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// `at_once` bodies, `of_one` of them from one address, `bytes` in all; each has `time` to arrive.
    pub(super) fn new(at_once: usize, of_one: usize, bytes: usize, time: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(at_once)),
            bytes: Arc::new(Semaphore::new(bytes)),
            shares: Shares::new(of_one),
            time,
        }
    }

    /// Reads a body of at most `limit` bytes to its end.
    pub(super) async fn read(&self, body: Body, limit: usize, from: Option<IpAddr>) -> Result<Held, Refusal> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Refusal::Overloaded)?;
        let share = from.map(|from| self.shares.take(from).ok_or(Refusal::Overloaded)).transpose()?;
        let mut room = Room { _place: place, _share: share, bytes: None };
        let read = self.collect(body, limit, &mut room);
        let bytes = tokio::time::timeout(self.time, read).await.map_err(|_| Refusal::TooSlow)??;
        Ok(Held { bytes, _room: room })
    }

    /// Counts the bytes that have come, not those that were announced: announcing costs nothing.
    async fn collect(&self, body: Body, limit: usize, room: &mut Room) -> Result<Bytes, Refusal> {
        let mut stream = body.into_data_stream();
        let mut read = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Refusal::Broken)?;
            if read.len() + chunk.len() > limit {
                return Err(Refusal::TooLarge);
            }
            let count = u32::try_from(chunk.len()).map_err(|_| Refusal::TooLarge)?;
            let more = self.bytes.clone().try_acquire_many_owned(count).map_err(|_| Refusal::Overloaded)?;
            match &mut room.bytes {
                Some(bytes) => bytes.merge(more),
                None => room.bytes = Some(more),
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read.into())
    }
}
