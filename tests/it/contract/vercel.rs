//! Vercel's side of the contract.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::fixture::{self, BadToken, Deploy, Fixture, Paths, Place, REPOSITORY};
use crate::house::House;
use async_trait::async_trait;
use deploymend::{
    model::{DeploymentState, Provider},
    server::integrations::{self, Access, ProjectRef, RepositoryLink, TokenProvider},
};
use serde_json::json;
use standins::{
    faults::Kind,
    record::Server,
    scenario::Redelivery,
    vercel::{
        actions::{self, NewDeployment, NewProject, NewTeam, NewToken, NewUser},
        deliveries,
        state::{Plan, Project},
    },
    webhook::Attempt,
};
use std::sync::Arc;

pub struct Vercel;

fn reference(project: &Project) -> ProjectRef {
    ProjectRef { id: project.id.clone(), name: project.name.clone() }
}

#[async_trait]
impl Fixture for Vercel {
    fn name(&self) -> &'static str {
        "Vercel"
    }

    fn provider(&self) -> Provider {
        Provider::VERCEL
    }

    fn spoil(&self, house: &House, path: &str, kind: Kind) {
        fixture::spoil(Server::Vercel, house, path, kind);
    }

    fn requests(&self, house: &House) -> usize {
        fixture::requests(Server::Vercel, house)
    }

    fn paths(&self) -> Paths {
        Paths { user: "/v2/user", deployments: "/v7/deployments", log: "/events" }
    }

    fn over(&self, http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider> {
        let (base, clock) = (house.state.config.vercel_api.clone(), house.state.clock.clone());
        Arc::new(integrations::vercel::Vercel::new(http, base, clock))
    }

    fn seed(&self, house: &House) -> Place {
        let world = house.standins.world();
        // The house's own repository came with a person, a team and a project.
        let known = world.state().vercel.users.iter().any(|user| user.username == "octo-dev");
        if !known {
            actions::add_user(world, NewUser { username: "octo-dev".into(), email: None, name: None });
            let members = vec!["octo-dev".into()];
            actions::add_team(world, NewTeam { slug: "acme".into(), plan: Plan::Pro, members }).unwrap();
        }
        let token = actions::add_token(world, NewToken { user: "octo-dev".into(), ..NewToken::default() });
        let state = world.state();
        let team = state.vercel.teams.iter().find(|team| team.slug == "acme").unwrap().id.clone();
        let project = state.vercel.project("shop-web").map(reference).unwrap();
        Place { access: Access { token: token.unwrap().into(), team_id: Some(team) }, project }
    }

    fn bad_token(&self, house: &House, kind: BadToken) -> String {
        match kind {
            BadToken::Unknown => "vcp_of_nobody_at_all".into(),
            BadToken::Expired => {
                let user = "octo-dev".into();
                let expired = NewToken { user, expires_at: Some(1), ..NewToken::default() };
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
            team: place.access.team_id.clone(),
            repository: Some(REPOSITORY.into()),
            ..NewProject::default()
        };
        reference(&house.standins.add_project(new).unwrap())
    }

    fn add_links(&self, house: &House, place: &Place) -> Vec<(ProjectRef, RepositoryLink)> {
        let github = |host: Option<&str>| RepositoryLink::Github {
            full_name: "acme/app".into(),
            host: host.map(str::to_owned),
        };
        let links = [
            (json!({"type": "github", "org": "acme", "repo": "app"}), github(None)),
            (json!({"type": "github-limited", "org": "acme", "repo": "app"}), github(None)),
            (
                json!({"type": "github-custom-host", "host": "git.acme.test", "org": "acme", "repo": "app"}),
                github(Some("git.acme.test")),
            ),
            (
                json!({"type": "gitlab", "projectNamespace": "acme/web", "projectName": "app"}),
                RepositoryLink::Gitlab { full_name: "acme/web/app".into() },
            ),
            (
                json!({"type": "bitbucket", "owner": "acme", "slug": "app"}),
                RepositoryLink::Bitbucket { full_name: "acme/app".into() },
            ),
            (json!({"type": "of-tomorrow"}), RepositoryLink::Other { kind: "of-tomorrow".into() }),
            (json!(null), RepositoryLink::None),
        ];
        let add = |(index, (link, expected)): (usize, (serde_json::Value, RepositoryLink))| {
            let link = Some(link).filter(|link| !link.is_null());
            let new = NewProject {
                name: format!("linked-{index}"),
                team: place.access.team_id.clone(),
                link,
                ..NewProject::default()
            };
            (reference(&house.standins.add_project(new).unwrap()), expected)
        };
        links.into_iter().enumerate().map(add).collect()
    }

    fn states(&self) -> Vec<(&'static str, DeploymentState)> {
        vec![
            ("QUEUED", DeploymentState::Queued),
            ("INITIALIZING", DeploymentState::Building),
            ("BUILDING", DeploymentState::Building),
            ("READY", DeploymentState::Ready),
            ("ERROR", DeploymentState::Failed),
            ("CANCELED", DeploymentState::Canceled),
            ("BLOCKED", DeploymentState::Canceled),
            ("DELETED", DeploymentState::Canceled),
            ("OF_TOMORROW", DeploymentState::Building),
        ]
    }

    async fn deploy(&self, house: &House, new: Deploy<'_>) -> String {
        let new = NewDeployment {
            project: new.project.id.clone(),
            state: Some(new.state.into()),
            log: new.log.into(),
            created_at: Some(new.at.timestamp_millis()),
            ..NewDeployment::default()
        };
        actions::add_deployment(house.standins.world(), new).await.unwrap().id
    }

    async fn announce(&self, house: &House, id: &str) -> Vec<(u16, String)> {
        super::answers(deliveries::announce(house.standins.world(), id, None).await)
    }

    async fn redeliver(&self, house: &House, wanted: Redelivery) -> Vec<Attempt> {
        fixture::redeliver(Server::Vercel, house, wanted).await
    }

    fn forbid_webhooks(&self, house: &House) {
        house.standins.world().state().vercel.teams.iter_mut().for_each(|team| team.plan = Plan::Hobby);
    }

    fn third_of_the_limit(&self) -> usize {
        // The stand-in's headers: 500 a minute.
        500 * 60 / 3
    }
}
