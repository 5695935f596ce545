//! The way of a delivery to its handler: its body is read within limits, then it waits for its turn at the database,
//! then it is answered in time. Whoever finds no place is told to deliver again, which every platform does.
//!
//! It does not know what a delivery says. That one was forged it learns from the answer.

use super::{body::Bodies, gate::Gate, refusal::Refusal, suspects::Suspects};
use crate::server::{db::Pool, source::Source};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::time::Duration;

/// How much of deliveries is taken on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bodies in memory at once, those of deliveries that wait or are handled included.
    pub bodies: usize,
    /// Of these, bodies from one address.
    pub bodies_of_one: usize,
    /// Bytes of all bodies in memory.
    pub bytes: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// Deliveries at the database at once.
    pub at_once: usize,
    /// Deliveries that wait for it.
    pub waiting: usize,
    /// How long they wait.
    pub patience: Duration,
    /// How long the database may take over one.
    pub answer_time: Duration,
    /// Forged deliveries within a minute after which those of an address are checked one by one.
    pub forged: u32,
    /// Deliveries of such addresses that wait for their turn.
    pub suspects_waiting: usize,
}

impl Limits {
    /// Those for a database.
    ///
    /// SQLite commits whatever has come together, so more at once are faster; on PostgreSQL each takes one of the
    /// connections, some of which are left to pages.
    pub fn of(pool: &Pool) -> Self {
        let at_once = match pool {
            Pool::Sqlite(_) => 64,
            Pool::Postgres(_) => 12,
        };
        Self { at_once, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bodies: 512,
            bodies_of_one: 256,
            bytes: 64 << 20,
            // Vercel gives up on an answer after 30 seconds, the others sooner: all three together stay below.
            body_time: Duration::from_secs(10),
            at_once: 64,
            waiting: 256,
            patience: Duration::from_secs(5),
            answer_time: Duration::from_secs(10),
            forged: 20,
            suspects_waiting: 32,
        }
    }
}

/// What the endpoints for deliveries share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliveries {
    bodies: Bodies,
    queue: Gate,
    one_by_one: Gate,
    suspects: Suspects,
    answer_time: Duration,
    body_limit: usize,
}

impl Deliveries {
    /// Nobody is there yet.
    pub fn new(limits: Limits) -> Self {
        let Limits { bodies, bodies_of_one, bytes, body_time, at_once, waiting, patience, .. } = limits;
        Self {
            bodies: Bodies::new(bodies, bodies_of_one, bytes, body_time),
            queue: Gate::new(at_once, waiting, patience),
            one_by_one: Gate::new(1, limits.suspects_waiting, patience),
            suspects: Suspects::new(limits.forged),
            answer_time: limits.answer_time,
            body_limit: 0,
        }
    }

    /// The same, for an endpoint that reads bodies of at most `bytes`.
    pub fn of_at_most(&self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self.clone() }
    }

    async fn handle(&self, request: Request, next: Next) -> Result<Response, Refusal> {
        let from = request.extensions().get::<Source>().map(|source| source.counted());
        let (parts, body) = request.into_parts();
        // Refused before a byte of it is read.
        if announced(&parts.headers).is_some_and(|bytes| bytes > self.body_limit) {
            return Err(Refusal::TooLarge);
        }
        let held = self.bodies.read(body, self.body_limit, from).await?;
        let _turn = match from.filter(|from| self.suspects.includes(*from)) {
            Some(_) => Some(self.one_by_one.enter().await.ok_or(Refusal::Suspect)?),
            None => None,
        };
        let _place = self.queue.enter().await.ok_or(Refusal::Overloaded)?;
        let request = Request::from_parts(parts, Body::from(held.bytes.clone()));
        // What was committed before the time is over stays, and is a duplicate when it is delivered again.
        let answered = tokio::time::timeout(self.answer_time, next.run(request)).await;
        let response = answered.map_err(|_| Refusal::Overloaded)?;
        if let (Some(from), StatusCode::UNAUTHORIZED) = (from, response.status()) {
            self.suspects.forged(from);
        }
        Ok(response)
    }
}

/// The length that the head of a request announces.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A delivery on its way to the handler, or the refusal.
pub async fn admit(State(deliveries): State<Deliveries>, request: Request, next: Next) -> Response {
    deliveries.handle(request, next).await.unwrap_or_else(|refusal| {
        metrics::counter!("deploymend_webhook_refused_total", "reason" => refusal.as_str()).increment(1);
        refusal.into_response()
    })
}
