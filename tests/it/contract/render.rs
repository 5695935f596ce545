//! Render's side of the contract.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::fixture::{self, BadToken, Deploy, Fixture, Paths, Place, REPOSITORY};
use crate::house::House;
use async_trait::async_trait;
use deploymend::{
    model::{DeploymentState, Provider},
    server::integrations::{self, Access, ProjectRef, RepositoryLink, TokenProvider},
};
use standins::{
    faults::Kind,
    record::Server,
    render::{
        actions::{self, NewDeployment, NewProject, NewToken},
        deliveries, scenario,
        state::{Plan, Service},
    },
    scenario::Redelivery,
    webhook::Attempt,
};
use std::sync::Arc;

pub struct Render;

fn reference(service: &Service) -> ProjectRef {
    ProjectRef { id: service.id.clone(), name: service.name.clone() }
}

fn owner(place: &Place) -> String {
    place.access.team_id.clone().unwrap_or_default()
}

#[async_trait]
impl Fixture for Render {
    fn name(&self) -> &'static str {
        "Render"
    }

    fn provider(&self) -> Provider {
        Provider::RENDER
    }

    fn spoil(&self, house: &House, path: &str, kind: Kind) {
        fixture::spoil(Server::Render, house, path, kind);
    }

    fn requests(&self, house: &House) -> usize {
        fixture::requests(Server::Render, house)
    }

    fn paths(&self) -> Paths {
        Paths { user: "/v1/users", deployments: "/deploys", log: "/v1/logs" }
    }

    fn over(&self, http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider> {
        let (base, clock) = (house.state.config.render_api.clone(), house.state.clock.clone());
        Arc::new(integrations::render::Render::new(http, base, clock))
    }

    fn seed(&self, house: &House) -> Place {
        let seed = scenario::Seed { repository: REPOSITORY.into(), ..scenario::Seed::default() };
        let seeded = scenario::seed(house.standins.world(), seed).unwrap();
        let access = Access { token: seeded.token.into(), team_id: Some(seeded.account_id) };
        Place { access, project: ProjectRef { id: seeded.project_id, name: seeded.project_name } }
    }

    fn bad_token(&self, house: &House, kind: BadToken) -> String {
        match kind {
            BadToken::Unknown => "rnd_of_nobody_at_all".into(),
            BadToken::Expired => {
                let login = "octo-dev".into();
                let expired = NewToken { login, expires_at: Some(1), ..NewToken::default() };
                actions::add_token(house.standins.world(), expired).unwrap()
            }
        }
    }

    fn weak_token(&self, _house: &House, _place: &Place) -> Option<String> {
        None
    }

    fn add_project(&self, house: &House, place: &Place, name: &str) -> ProjectRef {
        let new = NewProject {
            name: name.into(),
            owner: owner(place),
            repository: Some(REPOSITORY.into()),
            ..NewProject::default()
        };
        reference(&actions::add_project(house.standins.world(), new).unwrap())
    }

    fn add_links(&self, house: &House, place: &Place) -> Vec<(ProjectRef, RepositoryLink)> {
        let full_name = || "acme/app".to_owned();
        let links = [
            (
                Some("https://github.com/acme/app.git"),
                RepositoryLink::Github { full_name: full_name(), host: None },
            ),
            (Some("https://gitlab.com/acme/app"), RepositoryLink::Gitlab { full_name: full_name() }),
            (Some("https://bitbucket.org/acme/app/"), RepositoryLink::Bitbucket { full_name: full_name() }),
            (Some("https://git.acme.test/acme/app"), RepositoryLink::Other { kind: "git.acme.test".into() }),
            (None, RepositoryLink::None),
        ];
        let add = |(index, (repo, expected)): (usize, (Option<&str>, RepositoryLink))| {
            let new = NewProject {
                name: format!("linked-{index}"),
                owner: owner(place),
                repo: repo.map(str::to_owned),
                image: repo.is_none().then(|| "docker.io/library/nginx".to_owned()),
                ..NewProject::default()
            };
            (reference(&actions::add_project(house.standins.world(), new).unwrap()), expected)
        };
        links.into_iter().enumerate().map(add).collect()
    }

    fn states(&self) -> Vec<(&'static str, DeploymentState)> {
        vec![
            ("created", DeploymentState::Queued),
            ("queued", DeploymentState::Queued),
            ("build_in_progress", DeploymentState::Building),
            ("pre_deploy_in_progress", DeploymentState::Building),
            ("update_in_progress", DeploymentState::Building),
            ("live", DeploymentState::Ready),
            ("deactivated", DeploymentState::Ready),
            ("build_failed", DeploymentState::Failed),
            ("pre_deploy_failed", DeploymentState::Failed),
            ("update_failed", DeploymentState::Failed),
            ("canceled", DeploymentState::Canceled),
            ("of_tomorrow", DeploymentState::Building),
        ]
    }

    async fn deploy(&self, house: &House, new: Deploy<'_>) -> String {
        let new = NewDeployment {
            project: new.project.id.clone(),
            status: Some(new.state.into()),
            log: new.log.into(),
            created_at: Some(new.at.timestamp_millis()),
            ..NewDeployment::default()
        };
        actions::add_deployment(house.standins.world(), new).await.unwrap().id
    }

    async fn announce(&self, house: &House, id: &str) -> Vec<(u16, String)> {
        super::answers(deliveries::announce(house.standins.world(), id).await)
    }

    async fn redeliver(&self, house: &House, wanted: Redelivery) -> Vec<Attempt> {
        fixture::redeliver(Server::Render, house, wanted).await
    }

    fn forbid_webhooks(&self, house: &House) {
        house.standins.world().state().render.owners.iter_mut().for_each(|owner| owner.plan = Plan::Hobby);
    }

    fn new_window(&self, house: &House) {
        house.standins.world().state().render.windows.clear();
    }

    fn third_of_the_limit(&self) -> usize {
        // 400 a minute, by what others have measured.
        400 * 60 / 3
    }
}
