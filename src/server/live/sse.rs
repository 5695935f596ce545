//! Server-sent events. A stream sends what is stored after its cursor, then waits for a notice and looks again.
//! It ends when the server stops, so that a graceful stop does not wait for open pages, and when the session or the
//! token that opened it ends.

use super::{Bus, Notice};
use crate::server::{
    auth::Pass,
    db::{self, Db},
};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use std::convert::Infallible;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

/// Events read at once.
const BATCH: u64 = 200;

/// The events of one fix after `cursor`: `id:` is the sequence number, `data:` the event as JSON.
pub fn fix_stream(
    db: Db,
    bus: &Bus,
    stop: CancellationToken,
    pass: Pass,
    fix_id: String,
    mut cursor: i64,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let mut reader = Reader { notices: bus.subscribe(), bus: bus.clone(), stop, pass };
    let stream = async_stream(move |mut send| async move {
        while reader.goes_on(&send).await {
            match db::events::since(&db, &fix_id, cursor, BATCH).await {
                Ok(events) => {
                    let full = events.len() as u64 == BATCH;
                    for event in events {
                        cursor = event.seq;
                        let Ok(sse) = Event::default().event("fix").id(cursor.to_string()).json_data(&event)
                        else {
                            continue;
                        };
                        if !send.send(sse).await {
                            return;
                        }
                    }
                    if full {
                        continue;
                    }
                }
                Err(error) => tracing::warn!(%error, "A live stream could not read its events"),
            }
            reader.wait(&send, Some(&fix_id)).await;
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// The summaries of a user's fixes whenever one of them changes; `data:` is the summary as JSON.
pub fn list_stream(
    db: Db,
    bus: &Bus,
    stop: CancellationToken,
    pass: Pass,
    user_id: String,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let mut reader = Reader { notices: bus.subscribe(), bus: bus.clone(), stop, pass };
    let stream = async_stream(move |mut send| async move {
        let mut seen = std::collections::HashMap::new();
        let mut first = true;
        while reader.goes_on(&send).await {
            match db::fixes::summaries(&db, &user_id, LIST, None).await {
                Ok(summaries) => {
                    for summary in summaries {
                        let changed = seen.get(&summary.id) != Some(&summary);
                        if changed && !first {
                            let Ok(sse) = Event::default().event("fix").json_data(&summary) else { continue };
                            if !send.send(sse).await {
                                return;
                            }
                        }
                        seen.insert(summary.id.clone(), summary);
                    }
                    first = false;
                }
                Err(error) => tracing::warn!(%error, "A live stream could not read its list"),
            }
            reader.wait(&send, None).await;
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// The number of a user's unread notifications, at once and whenever it changes.
pub fn unread_stream(
    db: Db,
    bus: &Bus,
    stop: CancellationToken,
    pass: Pass,
    user_id: String,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let mut reader = Reader { notices: bus.subscribe(), bus: bus.clone(), stop, pass };
    let stream = async_stream(move |mut send| async move {
        let mut sent = None;
        while reader.goes_on(&send).await {
            match db::notifications::unread(&db, &user_id).await {
                Ok(unread) if sent == Some(unread) => {}
                Ok(unread) => {
                    let event = Event::default().event("unread").data(unread.to_string());
                    if !send.send(event).await {
                        return;
                    }
                    sent = Some(unread);
                }
                Err(error) => tracing::warn!(%error, "A live stream could not count notifications"),
            }
            reader.wait(&send, None).await;
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// How many of the newest fixes the list stream watches.
const LIST: u64 = 100;

/// Whoever has an open stream, and what they are told by.
struct Reader {
    notices: Receiver<Notice>,
    bus: Bus,
    stop: CancellationToken,
    pass: Pass,
}

impl Reader {
    /// The server runs, the page is open, and its session has not ended.
    async fn goes_on(&self, send: &Sender) -> bool {
        !self.stop.is_cancelled() && !send.0.is_closed() && self.pass.holds().await
    }

    /// Until there may be something new, about that fix or about any, or no more to do.
    async fn wait(&mut self, send: &Sender, fix_id: Option<&str>) {
        tokio::select! {
            () = self.stop.cancelled() => {},
            () = send.0.closed() => {},
            () = told(&mut self.notices, fix_id) => {},
            () = tokio::time::sleep(self.bus.patience()) => {},
        }
    }
}

async fn told(notices: &mut Receiver<Notice>, fix_id: Option<&str>) {
    loop {
        match notices.recv().await {
            Ok(notice) if fix_id.is_none_or(|fix_id| notice.concerns(fix_id)) => return,
            Ok(_) => {}
            // What was dropped may have been ours.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// The sending half of a stream that a task feeds.
struct Sender(tokio::sync::mpsc::Sender<Event>);

impl Sender {
    /// False when the page is gone.
    async fn send(&mut self, event: Event) -> bool {
        self.0.send(event).await.is_ok()
    }
}

fn async_stream<F, Fut>(feed: F) -> impl Stream<Item = Result<Event, Infallible>> + use<F, Fut>
where
    F: FnOnce(Sender) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    use futures::StreamExt as _;
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    tokio::spawn(feed(Sender(sender)));
    tokio_stream::wrappers::ReceiverStream::new(receiver).map(Ok)
}
