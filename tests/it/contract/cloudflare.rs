//! Cloudflare's side of the contract: Pages and Workers Builds are two products behind one token.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::fixture::{self, BadToken, Deploy, Fixture, Paths, Place, REPOSITORY};
use crate::house::House;
use async_trait::async_trait;
use deploymend::{
    model::{DeploymentState, Provider},
    server::integrations::{self, Access, ProjectRef, RepositoryLink, TokenProvider},
};
use serde_json::{Value, json};
use standins::{
    cloudflare::{
        actions::{self, NewProject, NewToken, NewWorker},
        builds::{self, NewDeployment},
        deliveries, scenario,
    },
    faults::Kind,
    record::Server,
    scenario::Redelivery,
    webhook::Attempt,
};
use std::sync::Arc;

pub struct Pages;
pub struct Workers;

fn pages(uuid: &str, name: &str) -> ProjectRef {
    ProjectRef { id: format!("pages:{uuid}"), name: name.into() }
}

fn worker(tag: &str, name: &str) -> ProjectRef {
    ProjectRef { id: format!("worker:{tag}"), name: name.into() }
}

fn account(place: &Place) -> String {
    place.access.team_id.clone().unwrap_or_default()
}

fn seed(house: &House, is_worker: bool) -> Place {
    let seed = scenario::Seed {
        repository: REPOSITORY.into(),
        project: Some(if is_worker { "shop-api" } else { "shop-web" }.into()),
        worker: is_worker,
        ..scenario::Seed::default()
    };
    let seeded = scenario::seed(house.standins.world(), seed).unwrap();
    let reference = if is_worker { worker } else { pages };
    Place {
        access: Access { token: seeded.token.into(), team_id: Some(seeded.account_id) },
        project: reference(&seeded.project_id, &seeded.project_name),
    }
}

fn over(http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider> {
    let (base, clock) = (house.state.config.cloudflare_api.clone(), house.state.clock.clone());
    Arc::new(integrations::cloudflare::Cloudflare::new(http, base, clock))
}

fn bad_token(house: &House, kind: BadToken) -> String {
    match kind {
        BadToken::Unknown => "cfut_of_nobody_at_all".into(),
        BadToken::Expired => {
            let user = Some("octo-dev".into());
            let expired = NewToken { user, expires_at: Some(1), ..NewToken::default() };
            actions::add_token(house.standins.world(), expired).unwrap()
        }
    }
}

/// Everything but this.
fn token_without(house: &House, permission: &str) -> String {
    let mut permissions = actions::PERMISSIONS.map(str::to_owned).to_vec();
    permissions.retain(|known| known != permission);
    let user = Some("octo-dev".into());
    let weak = NewToken { user, permissions: Some(permissions), ..NewToken::default() };
    actions::add_token(house.standins.world(), weak).unwrap()
}

/// `stage/status`, for Workers `status/outcome`.
async fn deploy(house: &House, new: Deploy<'_>) -> String {
    let (stage, status) = new.state.split_once('/').unwrap();
    let project = new.project.id.split_once(':').unwrap().1;
    let new = NewDeployment {
        project: project.into(),
        stage: Some(stage.into()),
        status: Some(status.into()).filter(|status: &String| !status.is_empty()),
        log: new.log.into(),
        created_at: Some(new.at.timestamp_millis()),
        ..NewDeployment::default()
    };
    builds::add_deployment(house.standins.world(), new).await.unwrap()
}

fn forbid_webhooks(house: &House) {
    let mut state = house.standins.world().state();
    state.cloudflare.accounts.iter_mut().for_each(|account| account.webhooks_allowed = false);
}

/// 1,200 in five minutes.
const THIRD: usize = 1_200 * 12 / 3;

#[async_trait]
impl Fixture for Pages {
    fn name(&self) -> &'static str {
        "Cloudflare Pages"
    }

    fn provider(&self) -> Provider {
        Provider::CLOUDFLARE
    }

    fn spoil(&self, house: &House, path: &str, kind: Kind) {
        fixture::spoil(Server::Cloudflare, house, path, kind);
    }

    fn requests(&self, house: &House) -> usize {
        fixture::requests(Server::Cloudflare, house)
    }

    fn paths(&self) -> Paths {
        Paths { user: "/user/tokens/verify", deployments: "/deployments", log: "/history/logs" }
    }

    fn over(&self, http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider> {
        over(http, house)
    }

    fn seed(&self, house: &House) -> Place {
        seed(house, false)
    }

    fn bad_token(&self, house: &House, kind: BadToken) -> String {
        bad_token(house, kind)
    }

    fn weak_token(&self, house: &House, _place: &Place) -> Option<String> {
        Some(token_without(house, "notifications.edit"))
    }

    fn add_project(&self, house: &House, place: &Place, name: &str) -> ProjectRef {
        let new = NewProject {
            name: name.into(),
            account: account(place),
            repository: Some(REPOSITORY.into()),
            ..NewProject::default()
        };
        pages(&actions::add_project(house.standins.world(), new).unwrap().id, name)
    }

    fn add_links(&self, house: &House, place: &Place) -> Vec<(ProjectRef, RepositoryLink)> {
        let source = |kind: &str| {
            let config = json!({"owner": "acme", "repo_name": "app", "production_branch": "main"});
            Some(json!({"type": kind, "config": config}))
        };
        let full_name = || "acme/app".to_owned();
        let links = [
            (source("github"), RepositoryLink::Github { full_name: full_name(), host: None }),
            (source("gitlab"), RepositoryLink::Gitlab { full_name: full_name() }),
            (source("of-tomorrow"), RepositoryLink::Other { kind: "of-tomorrow".into() }),
            (None, RepositoryLink::None),
        ];
        let add = |(index, (source, expected)): (usize, (Option<Value>, RepositoryLink))| {
            let name = format!("linked-{index}");
            let new =
                NewProject { name: name.clone(), account: account(place), source, ..NewProject::default() };
            let made = actions::add_project(house.standins.world(), new).unwrap();
            (pages(&made.id, &name), expected)
        };
        links.into_iter().enumerate().map(add).collect()
    }

    fn states(&self) -> Vec<(&'static str, DeploymentState)> {
        vec![
            ("queued/idle", DeploymentState::Queued),
            ("queued/active", DeploymentState::Queued),
            ("initialize/active", DeploymentState::Building),
            ("clone_repo/success", DeploymentState::Building),
            ("build/active", DeploymentState::Building),
            ("deploy/active", DeploymentState::Building),
            ("deploy/success", DeploymentState::Ready),
            ("build/failure", DeploymentState::Failed),
            ("clone_repo/failure", DeploymentState::Failed),
            ("deploy/failure", DeploymentState::Failed),
            ("build/canceled", DeploymentState::Canceled),
            ("build/skipped", DeploymentState::Canceled),
            ("build/of_tomorrow", DeploymentState::Building),
        ]
    }

    async fn deploy(&self, house: &House, new: Deploy<'_>) -> String {
        deploy(house, new).await
    }

    async fn announce(&self, house: &House, id: &str) -> Vec<(u16, String)> {
        super::answers(deliveries::announce(house.standins.world(), id).await)
    }

    async fn redeliver(&self, house: &House, wanted: Redelivery) -> Vec<Attempt> {
        fixture::redeliver(Server::Cloudflare, house, wanted).await
    }

    fn forbid_webhooks(&self, house: &House) {
        forbid_webhooks(house);
    }

    fn new_window(&self, house: &House) {
        house.standins.world().state().cloudflare.spent.clear();
    }

    fn third_of_the_limit(&self) -> usize {
        THIRD
    }
}

#[async_trait]
impl Fixture for Workers {
    fn name(&self) -> &'static str {
        "Workers Builds"
    }

    fn provider(&self) -> Provider {
        Provider::CLOUDFLARE
    }

    fn spoil(&self, house: &House, path: &str, kind: Kind) {
        fixture::spoil(Server::Cloudflare, house, path, kind);
    }

    fn requests(&self, house: &House) -> usize {
        fixture::requests(Server::Cloudflare, house)
    }

    fn paths(&self) -> Paths {
        Paths { user: "/user/tokens/verify", deployments: "/builds", log: "/logs" }
    }

    fn over(&self, http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider> {
        over(http, house)
    }

    fn seed(&self, house: &House) -> Place {
        seed(house, true)
    }

    fn bad_token(&self, house: &House, kind: BadToken) -> String {
        bad_token(house, kind)
    }

    fn weak_token(&self, house: &House, _place: &Place) -> Option<String> {
        Some(token_without(house, "workers_builds.edit"))
    }

    fn add_project(&self, house: &House, place: &Place, name: &str) -> ProjectRef {
        let new = NewWorker {
            name: name.into(),
            account: account(place),
            repository: Some(REPOSITORY.into()),
            ..NewWorker::default()
        };
        worker(&actions::add_worker(house.standins.world(), new).unwrap().tag, name)
    }

    fn add_links(&self, house: &House, place: &Place) -> Vec<(ProjectRef, RepositoryLink)> {
        let github = RepositoryLink::Github { full_name: REPOSITORY.into(), host: None };
        vec![(self.add_project(house, place, "linked"), github)]
    }

    fn states(&self) -> Vec<(&'static str, DeploymentState)> {
        vec![
            ("queued/", DeploymentState::Queued),
            ("initializing/", DeploymentState::Building),
            ("running/", DeploymentState::Building),
            ("stopped/success", DeploymentState::Ready),
            ("stopped/fail", DeploymentState::Failed),
            ("stopped/terminated", DeploymentState::Failed),
            ("stopped/cancelled", DeploymentState::Canceled),
            ("stopped/skipped", DeploymentState::Canceled),
            ("stopped/of_tomorrow", DeploymentState::Building),
            ("of_tomorrow/", DeploymentState::Building),
        ]
    }

    async fn deploy(&self, house: &House, new: Deploy<'_>) -> String {
        deploy(house, new).await
    }

    async fn announce(&self, _house: &House, _id: &str) -> Vec<(u16, String)> {
        Vec::new()
    }

    async fn redeliver(&self, house: &House, wanted: Redelivery) -> Vec<Attempt> {
        fixture::redeliver(Server::Cloudflare, house, wanted).await
    }

    fn forbid_webhooks(&self, house: &House) {
        forbid_webhooks(house);
    }

    fn new_window(&self, house: &House) {
        house.standins.world().state().cloudflare.spent.clear();
    }

    fn third_of_the_limit(&self) -> usize {
        THIRD
    }
}
