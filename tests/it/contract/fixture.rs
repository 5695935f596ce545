//! What the contract suite needs to know about a platform: everything else is the same for all of them.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use async_trait::async_trait;
use deploymend::{
    model::{DeploymentState, Provider, Timestamp},
    server::integrations::{Access, ProjectRef, RepositoryLink, TokenProvider},
};
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::{self, Redelivery},
    webhook::Attempt,
};
use std::sync::Arc;

/// The repository that every house of the suite has.
pub const REPOSITORY: &str = "acme/shop-web";

/// A person with a token, and a project of their team that is linked to [`REPOSITORY`].
#[derive(Clone, Debug)]
pub struct Place {
    /// The token, acting on the team.
    pub access: Access,
    /// The project.
    pub project: ProjectRef,
}

/// A token that does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// Nobody has it.
    Unknown,
    /// Its time is over.
    Expired,
}

/// Calls whose answers are spoilt, by a part of their path.
#[derive(Clone, Copy, Debug)]
pub struct Paths {
    /// Whose token it is.
    pub user: &'static str,
    /// The deployments of a project.
    pub deployments: &'static str,
    /// A build log.
    pub log: &'static str,
}

/// One product of a platform, with its stand-in.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The name in messages.
    fn name(&self) -> &'static str;

    /// The platform.
    fn provider(&self) -> Provider;

    /// A house in which the platform can be reached.
    async fn house(&self) -> House {
        House::new().await
    }

    /// Spoils the next answer of a path that contains this.
    fn spoil(&self, house: &House, path: &str, kind: Kind);

    /// How many requests the platform has got.
    fn requests(&self, house: &House) -> usize;

    /// Parts of its paths.
    fn paths(&self) -> Paths;

    /// The provider over another HTTP client.
    fn over(&self, http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider>;

    /// Makes person, team and project; what exists is used again.
    fn seed(&self, house: &House) -> Place;

    /// Hands out a token that is refused.
    fn bad_token(&self, house: &House, kind: BadToken) -> String;

    /// Hands out a token that reaches the projects and lacks something else, where the platform has such tokens.
    fn weak_token(&self, house: &House, place: &Place) -> Option<String>;

    /// One more project of the same team.
    fn add_project(&self, house: &House, place: &Place, name: &str) -> ProjectRef;

    /// Projects linked in every way that the platform has, with what they are to be taken for.
    fn add_links(&self, house: &House, place: &Place) -> Vec<(ProjectRef, RepositoryLink)>;

    /// Every state by the platform's words for it, among them one that nobody knows.
    fn states(&self) -> Vec<(&'static str, DeploymentState)>;

    /// A deployment of the branch's head in one of these states. Nobody is told. Returns its id.
    async fn deploy(&self, house: &House, new: Deploy<'_>) -> String;

    /// A word for a failed deployment.
    fn failed(&self) -> &'static str {
        self.states().iter().find(|(_, state)| *state == DeploymentState::Failed).map_or("", |(word, _)| word)
    }

    /// Tells the webhooks about a deployment, as often as the platform would. Returns what was answered: status and
    /// body.
    async fn announce(&self, house: &House, id: &str) -> Vec<(u16, String)>;

    /// Sends a delivery again, as it was or otherwise. Returns what was answered.
    async fn redeliver(&self, house: &House, wanted: Redelivery) -> Vec<Attempt>;

    /// Makes the team's plan one without webhooks.
    fn forbid_webhooks(&self, house: &House);

    /// Forgets what a token has asked, as the platform does when a window is over: its clock is not the test's.
    fn new_window(&self, _house: &House) {}

    /// A third of the requests that the platform allows in an hour.
    fn third_of_the_limit(&self) -> usize;
}

/// A deployment to make.
#[derive(Clone, Copy, Debug)]
pub struct Deploy<'a> {
    /// Of this project.
    pub project: &'a ProjectRef,
    /// One of [`Fixture::states`].
    pub state: &'a str,
    /// The text of its build log.
    pub log: &'a str,
    /// When it was made.
    pub at: Timestamp,
}

/// [`Fixture::spoil`] at one of the stand-ins.
pub fn spoil(server: Server, house: &House, path: &str, kind: Kind) {
    house.standins.add_fault(Fault { server, method: None, path: path.into(), times: 1, kind });
}

/// [`Fixture::requests`] at one of the stand-ins.
pub fn requests(server: Server, house: &House) -> usize {
    let state = house.standins.world().state();
    state.requests.iter().filter(|request| request.server == server).count()
}

/// [`Fixture::redeliver`] at one of the stand-ins.
pub async fn redeliver(server: Server, house: &House, wanted: Redelivery) -> Vec<Attempt> {
    scenario::redeliver(house.standins.world(), server, wanted).await.unwrap()
}
