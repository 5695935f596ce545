//! Harbour, a platform that nobody has: its profile, its client, its server and its side of the contract. All there is
//! to a platform lies in this folder; the suite names it once, in its list.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

mod client;
mod profile;
mod server;
mod story;
mod wire;

use super::fixture::{BadToken, Deploy, Fixture, Paths, Place, REPOSITORY};
use crate::house::House;
use async_trait::async_trait;
use client::HarbourClient;
use deploymend::{
    model::{DeploymentState, Provider},
    server::{
        clock::new_id,
        integrations::{self, Access, ProjectRef, Registry, RepositoryLink, TokenProvider},
    },
};
use profile::HARBOUR;
use server::{FLEET, LIMIT, Shared};
use standins::{faults::Kind, scenario::Redelivery, webhook::Attempt};
use std::sync::{Arc, OnceLock};
use url::Url;
use wire::{Ship, Voyage};

/// One harbour with its server, for one test.
#[derive(Default)]
pub struct Harbour {
    server: Shared,
    address: OnceLock<Url>,
}

impl Harbour {
    /// It lives as long as the process, as the other fixtures do.
    pub fn new() -> &'static Self {
        Box::leak(Box::default())
    }

    fn launch(&self, name: &str, repository: Option<(&str, &str)>) -> ProjectRef {
        let repository = repository.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        let ship = Ship { id: new_id(), name: name.into(), fleet: FLEET.into(), repository };
        let reference = ProjectRef { id: ship.id.clone(), name: ship.name.clone() };
        self.server.lock().ships.push(ship);
        reference
    }
}

#[async_trait]
impl Fixture for Harbour {
    fn name(&self) -> &'static str {
        "Harbour"
    }

    fn provider(&self) -> Provider {
        HARBOUR
    }

    async fn house(&self) -> House {
        let address = self.server.serve().await;
        self.address.set(address.clone()).unwrap();
        let with_harbour = |usual: Registry, clock| {
            let harbour = HarbourClient::new(integrations::http::client().unwrap(), address, clock);
            let harbour: Arc<dyn TokenProvider> = Arc::new(harbour);
            Registry::with(usual.all().cloned().chain([harbour]).collect())
        };
        House::built(|_| {}, with_harbour).await
    }

    fn spoil(&self, _house: &House, path: &str, kind: Kind) {
        self.server.lock().faults.push((path.to_owned(), kind));
    }

    fn requests(&self, _house: &House) -> usize {
        self.server.lock().requests
    }

    fn paths(&self) -> Paths {
        Paths { user: "/me", deployments: "/voyages", log: "/log" }
    }

    fn over(&self, http: reqwest::Client, house: &House) -> Arc<dyn TokenProvider> {
        let address = self.address.get().unwrap().clone();
        Arc::new(HarbourClient::new(http, address, house.state.clock.clone()))
    }

    fn seed(&self, _house: &House) -> Place {
        let token = format!("hbr_{}", new_id());
        self.server.lock().tokens.insert(token.clone());
        let access = Access { token: token.into(), team_id: Some(FLEET.into()) };
        Place { access, project: self.launch("shop-web", Some(("github", REPOSITORY))) }
    }

    fn bad_token(&self, _house: &House, kind: BadToken) -> String {
        match kind {
            BadToken::Unknown => "hbr_of_nobody_at_all".into(),
            // The harbour strikes it off its list.
            BadToken::Expired => {
                let token = format!("hbr_{}", new_id());
                let mut harbour = self.server.lock();
                harbour.tokens.insert(token.clone());
                harbour.tokens.remove(&token);
                token
            }
        }
    }

    fn weak_token(&self, _house: &House, _place: &Place) -> Option<String> {
        None
    }

    fn add_project(&self, _house: &House, _place: &Place, name: &str) -> ProjectRef {
        self.launch(name, Some(("github", REPOSITORY)))
    }

    fn add_links(&self, _house: &House, _place: &Place) -> Vec<(ProjectRef, RepositoryLink)> {
        let full_name = || "acme/app".to_owned();
        let links = [
            (Some("github"), RepositoryLink::Github { full_name: full_name(), host: None }),
            (Some("gitlab"), RepositoryLink::Gitlab { full_name: full_name() }),
            (Some("of-tomorrow"), RepositoryLink::Other { kind: "of-tomorrow".into() }),
            (None, RepositoryLink::None),
        ];
        let add = |(index, (kind, expected)): (usize, (Option<&str>, RepositoryLink))| {
            (self.launch(&format!("linked-{index}"), kind.map(|kind| (kind, "acme/app"))), expected)
        };
        links.into_iter().enumerate().map(add).collect()
    }

    fn states(&self) -> Vec<(&'static str, DeploymentState)> {
        vec![
            ("waiting", DeploymentState::Queued),
            ("at-sea", DeploymentState::Building),
            ("arrived", DeploymentState::Ready),
            ("sunk", DeploymentState::Failed),
            ("turned-back", DeploymentState::Canceled),
            ("of-tomorrow", DeploymentState::Building),
        ]
    }

    async fn deploy(&self, _house: &House, new: Deploy<'_>) -> String {
        let (id, mut harbour) = (new_id(), self.server.lock());
        harbour.logs.insert(id.clone(), new.log.lines().map(str::to_owned).collect());
        harbour.voyages.push(Voyage {
            id: id.clone(),
            ship: new.project.id.clone(),
            state: new.state.into(),
            branch: "main".into(),
            commit: "5ea".repeat(14)[..40].into(),
            at: new.at.timestamp_millis(),
        });
        id
    }

    async fn announce(&self, _house: &House, _id: &str) -> Vec<(u16, String)> {
        Vec::new()
    }

    async fn redeliver(&self, _house: &House, _wanted: Redelivery) -> Vec<Attempt> {
        Vec::new()
    }

    fn forbid_webhooks(&self, _house: &House) {}

    fn new_window(&self, _house: &House) {
        self.server.lock().spent = 0;
    }

    fn third_of_the_limit(&self) -> usize {
        LIMIT * 60 / 3
    }
}
