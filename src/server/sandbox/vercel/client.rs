//! Calls to Vercel's sandbox API. Versions and shapes: `@vercel/sandbox` 3.5.0.

use super::{
    Place,
    wire::{Command, CommandAnswer, Made, NewCommand, NewSandbox, Session},
};
use crate::server::{
    clock::Clock,
    integrations::{
        PlatformError,
        http::{self, Api},
    },
};
use reqwest::{Method, RequestBuilder, Response, header::CONTENT_TYPE};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// Pauses before a call that changes nothing by being repeated is made again.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(800)];
/// An upload that takes longer is given up.
const UPLOAD_TIME: Duration = Duration::from_secs(600);
/// A machine may be silent for as long as its longest command; that one is ended by its own limits.
const READ_TIME: Duration = Duration::from_secs(2 * 3600);
/// `SIGKILL`.
const KILL: i32 = 9;

/// The API.
#[derive(Clone, Debug)]
pub(super) struct Client {
    api: Api,
    /// The same, for answers that take as long as a command does.
    streams: Api,
}

impl Client {
    /// The API at `base`.
    pub(super) fn new(base: Url, clock: Clock) -> Result<Self, reqwest::Error> {
        let streams = reqwest::Client::builder()
            .user_agent(concat!("deploymend/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(READ_TIME)
            .tcp_keepalive(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none());
        let api = |client, base| Api::new(client, base, clock.clone(), |_, _| None);
        // The first also sees to it that there is a TLS stack.
        let short = api(http::client()?, base.clone());
        Ok(Self { api: short, streams: api(streams.build()?, base) })
    }

    fn request(&self, method: Method, segments: &[&str], place: &Place) -> RequestBuilder {
        scoped(self.api.request(method, segments, &place.access.token), place)
    }

    fn stream(&self, method: Method, segments: &[&str], place: &Place) -> RequestBuilder {
        scoped(self.streams.request(method, segments, &place.access.token), place)
    }

    /// Makes a sandbox with its first machine.
    pub(super) async fn create(&self, place: &Place, new: &NewSandbox<'_>) -> Result<Session, PlatformError> {
        let request = self.request(Method::POST, &["v2", "sandboxes"], place).json(new);
        self.api.json::<Made>(request).await.map(|made| made.session)
    }

    /// A machine as it is now.
    pub(super) async fn session(&self, place: &Place, id: &str) -> Result<Session, PlatformError> {
        let request = self.request(Method::GET, &["v2", "sandboxes", "sessions", id], place);
        repeated(request, |request| self.api.json::<Made>(request)).await.map(|made| made.session)
    }

    /// Removes a sandbox and ends its machine. One that is not there is fine.
    pub(super) async fn delete(&self, place: &Place, name: &str) -> Result<(), PlatformError> {
        let request = self.request(Method::DELETE, &["v2", "sandboxes", name], place);
        let request = request.query(&[("projectId", &place.project_id)]);
        match repeated(request, |request| self.api.send(request)).await {
            Ok(_) | Err(PlatformError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Starts a command; the answer is the stream of what it does.
    pub(super) async fn run(
        &self,
        place: &Place,
        session: &str,
        command: &NewCommand<'_>,
    ) -> Result<Response, PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "cmd"];
        self.streams.send(self.stream(Method::POST, &segments, place).json(command)).await
    }

    /// A command as it is now.
    pub(super) async fn command(
        &self,
        place: &Place,
        session: &str,
        id: &str,
    ) -> Result<Command, PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "cmd", id];
        let request = self.request(Method::GET, &segments, place);
        repeated(request, |request| self.api.json::<CommandAnswer>(request))
            .await
            .map(|answer| answer.command)
    }

    /// What a command has printed from its start on; the stream ends with the command.
    pub(super) async fn logs(
        &self,
        place: &Place,
        session: &str,
        id: &str,
    ) -> Result<Response, PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "cmd", id, "logs"];
        repeated(self.stream(Method::GET, &segments, place), |request| self.streams.send(request)).await
    }

    /// Ends a command at once.
    pub(super) async fn kill(&self, place: &Place, session: &str, id: &str) -> Result<(), PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "cmd", id, "kill"];
        let request = self.request(Method::POST, &segments, place).json(&json!({ "signal": KILL }));
        repeated(request, |request| self.api.send(request)).await.map(drop)
    }

    /// Unpacks a `.tar.gz` at the machine's root.
    pub(super) async fn unpack(
        &self,
        place: &Place,
        session: &str,
        archive: reqwest::Body,
    ) -> Result<(), PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "fs", "write"];
        let request = self.stream(Method::POST, &segments, place).timeout(UPLOAD_TIME);
        let request = request.header(CONTENT_TYPE, "application/gzip").header("x-cwd", "/").body(archive);
        self.streams.send(request).await.map(drop)
    }

    /// The bytes of a file, `limit` and one at most.
    pub(super) async fn read(
        &self,
        place: &Place,
        session: &str,
        path: &str,
        limit: usize,
    ) -> Result<Vec<u8>, PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "fs", "read"];
        let request = self.stream(Method::POST, &segments, place).json(&json!({ "path": path }));
        repeated(request.timeout(UPLOAD_TIME), |request| self.bytes(request, limit)).await
    }

    async fn bytes(&self, request: RequestBuilder, limit: usize) -> Result<Vec<u8>, PlatformError> {
        let mut answer = self.streams.send(request).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(http::transport)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > limit {
                bytes.truncate(limit + 1);
                break;
            }
        }
        Ok(bytes)
    }

    /// Says what a machine may reach from now on.
    pub(super) async fn set_policy(
        &self,
        place: &Place,
        session: &str,
        policy: &Value,
    ) -> Result<(), PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "network-policy"];
        let request = self.request(Method::POST, &segments, place).json(policy);
        repeated(request, |request| self.api.send(request)).await.map(drop)
    }

    /// Lets a machine live longer by `time`.
    pub(super) async fn extend(
        &self,
        place: &Place,
        session: &str,
        time: Duration,
    ) -> Result<(), PlatformError> {
        let segments = ["v2", "sandboxes", "sessions", session, "extend-timeout"];
        let duration = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let request = self.request(Method::POST, &segments, place).json(&json!({ "duration": duration }));
        self.api.send(request).await.map(drop)
    }
}

fn scoped(request: RequestBuilder, place: &Place) -> RequestBuilder {
    request.query(&[("teamId", &place.access.team_id)])
}

/// Once more, and once more again, while the platform is out of order without naming a time.
async fn repeated<T, F>(
    request: RequestBuilder,
    call: impl Fn(RequestBuilder) -> F,
) -> Result<T, PlatformError>
where
    F: Future<Output = Result<T, PlatformError>>,
{
    for pause in PAUSES {
        let Some(same) = request.try_clone() else { break };
        match call(same).await {
            Err(PlatformError::Transient { retry_after: None }) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    call(request).await
}
