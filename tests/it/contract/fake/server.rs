//! Harbour itself: a small server on loopback, with its state, its faults and its limit.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::wire::{Fleet, PAGE, Person, Ship, Voyage};
use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Path, Query, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use deploymend::server::clock::{Clock, new_id};
use serde::{Deserialize, Serialize};
use standins::faults::{Kind, then_break};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use url::Url;

/// Requests in a minute.
pub const LIMIT: usize = 500;
/// The only team.
pub const FLEET: &str = "flt_1";

/// What the server knows.
#[derive(Default)]
pub struct Harbour {
    pub tokens: BTreeSet<String>,
    pub ships: Vec<Ship>,
    pub voyages: Vec<Voyage>,
    pub logs: HashMap<String, Vec<String>>,
    /// Parts of paths, and what happens there once.
    pub faults: Vec<(String, Kind)>,
    /// Since the beginning, and in this window.
    pub requests: usize,
    pub spent: usize,
}

#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Harbour>>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Harbour> {
        self.0.lock().unwrap()
    }

    /// Serves it until the test is over.
    pub async fn serve(&self) -> Url {
        let routes = Router::new()
            .route("/me", get(me))
            .route("/fleets", get(fleets))
            .route("/ships", get(ships))
            .route("/ships/{ship}", get(ship))
            .route("/voyages", get(voyages))
            .route("/ships/{ship}/voyages/{id}", get(voyage))
            .route("/ships/{ship}/voyages/{id}/log", get(log))
            .route("/ships/{ship}/voyages/{id}/again", post(again))
            .route("/bells", get(async || Json::<[(); 0]>([])))
            .layer(from_fn_with_state(self.clone(), watch))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address.parse().unwrap()
    }
}

/// Counts, spoils, and lets nobody in without a token.
async fn watch(State(harbour): State<Shared>, request: Request, next: Next) -> Response {
    let (fault, allowed, left) = {
        let mut harbour = harbour.lock();
        harbour.requests += 1;
        harbour.spent += 1;
        let place = harbour.faults.iter().position(|(path, _)| request.uri().path().contains(path));
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let allowed = token.is_some_and(|token| harbour.tokens.contains(token));
        (place.map(|place| harbour.faults.remove(place).1), allowed, LIMIT.saturating_sub(harbour.spent))
    };
    let answer = async move {
        if allowed { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
    };
    let mut response = match fault {
        None => answer.await,
        Some(Kind::RateLimited { retry_after }) => {
            let seconds = retry_after.unwrap_or_default().to_string();
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)]).into_response()
        }
        Some(Kind::Status { status } | Kind::AfterEffect { status }) => {
            StatusCode::from_u16(status).unwrap().into_response()
        }
        Some(Kind::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            answer.await
        }
        Some(Kind::Garbage { .. }) => "<h1>Back soon</h1>".into_response(),
        Some(Kind::Truncated) => {
            let (mut head, body) = answer.await.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            head.headers.insert("content-length", body.len().into());
            Response::from_parts(head, then_break(body.slice(..body.len() / 2)))
        }
    };
    for (name, value) in [("ratelimit-limit", LIMIT), ("ratelimit-remaining", left), ("ratelimit-reset", 60)]
    {
        response.headers_mut().insert(name, value.into());
    }
    response
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    fleet: String,
    #[serde(default)]
    ships: String,
    from: Option<i64>,
    to: Option<i64>,
    page: usize,
}

fn page<T: Serialize>(all: impl Iterator<Item = T>, wanted: &Wanted) -> Json<Vec<T>> {
    Json(all.skip(wanted.page * PAGE).take(PAGE).collect())
}

async fn me() -> Json<Person> {
    let (id, name, mail) = ("per_1".into(), "octo-dev".into(), "octo-dev@example.com".into());
    Json(Person { id, name, mail })
}

async fn fleets() -> Json<[Fleet; 1]> {
    Json([Fleet { id: FLEET.into(), name: "Acme".into() }])
}

async fn ships(State(harbour): State<Shared>, Query(wanted): Query<Wanted>) -> Json<Vec<Ship>> {
    page(harbour.lock().ships.iter().filter(|ship| ship.fleet == wanted.fleet).cloned(), &wanted)
}

async fn ship(State(harbour): State<Shared>, Path(id): Path<String>) -> Result<Json<Ship>, StatusCode> {
    let found = harbour.lock().ships.iter().find(|ship| ship.id == id).cloned();
    found.map(Json).ok_or(StatusCode::NOT_FOUND)
}

/// The newest first.
async fn voyages(State(harbour): State<Shared>, Query(wanted): Query<Wanted>) -> Json<Vec<Voyage>> {
    let ships: BTreeSet<&str> = wanted.ships.split(',').collect();
    let mut found: Vec<Voyage> = harbour.lock().voyages.clone();
    found.retain(|voyage| {
        ships.contains(voyage.ship.as_str())
            && wanted.from.is_none_or(|from| voyage.at >= from)
            && wanted.to.is_none_or(|to| voyage.at < to)
    });
    found.sort_by_key(|voyage| std::cmp::Reverse(voyage.at));
    page(found.into_iter(), &wanted)
}

fn find(harbour: &Harbour, ship: &str, id: &str) -> Result<Voyage, StatusCode> {
    let mut voyages = harbour.voyages.iter();
    voyages.find(|voyage| voyage.ship == ship && voyage.id == id).cloned().ok_or(StatusCode::NOT_FOUND)
}

type OfVoyage = Path<(String, String)>;

async fn voyage(
    State(harbour): State<Shared>,
    Path((ship, id)): OfVoyage,
) -> Result<Json<Voyage>, StatusCode> {
    find(&harbour.lock(), &ship, &id).map(Json)
}

async fn log(
    State(harbour): State<Shared>,
    Path((ship, id)): OfVoyage,
) -> Result<Json<Vec<String>>, StatusCode> {
    let harbour = harbour.lock();
    find(&harbour, &ship, &id)?;
    Ok(Json(harbour.logs.get(&id).cloned().unwrap_or_default()))
}

async fn again(State(harbour): State<Shared>, Path((ship, id)): OfVoyage) -> Result<StatusCode, StatusCode> {
    let mut harbour = harbour.lock();
    let before = find(&harbour, &ship, &id)?;
    let at = Clock::System.now().timestamp_millis();
    harbour.voyages.push(Voyage { id: new_id(), state: "waiting".into(), at, ..before });
    Ok(StatusCode::ACCEPTED)
}
