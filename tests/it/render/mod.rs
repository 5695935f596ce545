//! Render's client and the connection manager against the stand-in.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

mod hooks;
mod lists;
mod logs;

use crate::house::House;
use deploymend::model::{Connection, Provider};
use deploymend::server::integrations::{Access, ProjectRef, TokenProvider, connection_manager};
use secrecy::SecretString;
use standins::faults::{Fault, Kind};
use standins::record::Server;
use standins::render::actions::{NewDeployment, NewProject, add_deployment, add_project};
use standins::render::scenario::{Seed, Seeded, seed};
use standins::render::state::{Deploy, Plan};
use std::sync::Arc;

/// A house with a workspace whose one service is linked to the repository of the common seed.
struct Rendered {
    house: House,
    seeded: Seeded,
}

impl Rendered {
    async fn new() -> Self {
        Self::on(Plan::Professional).await
    }

    async fn on(plan: Plan) -> Self {
        let house = House::new().await;
        house.seed().await;
        let seeded = seed(house.standins.world(), Seed { plan, ..Seed::default() }).unwrap();
        Self { house, seeded }
    }

    fn client(&self) -> Arc<dyn TokenProvider> {
        self.house.state.registry.get(Provider::RENDER).unwrap()
    }

    fn access(&self) -> Access {
        self.house.access(&self.seeded.token, Some(&self.seeded.account_id))
    }

    fn service(&self) -> ProjectRef {
        ProjectRef { id: self.seeded.project_id.clone(), name: self.seeded.project_name.clone() }
    }

    fn add(&self, name: &str) -> ProjectRef {
        let new = NewProject {
            name: name.into(),
            owner: self.seeded.account_id.clone(),
            repository: Some("acme/shop-web".into()),
            ..NewProject::default()
        };
        let service = add_project(self.house.standins.world(), new).unwrap();
        ProjectRef { id: service.id, name: service.name }
    }

    /// A deploy that was made so many seconds before now.
    async fn deploy(&self, service: &ProjectRef, ago: i64, status: &str, log: &str) -> Deploy {
        let new = NewDeployment {
            project: service.id.clone(),
            status: Some(status.into()),
            log: log.into(),
            created_at: Some(self.house.state.clock.now().timestamp_millis() - ago * 1000),
            ..NewDeployment::default()
        };
        add_deployment(self.house.standins.world(), new).await.unwrap()
    }

    fn fault(&self, path: &str, kind: Kind) {
        self.house.standins.add_fault(Fault {
            server: Server::Render,
            method: None,
            path: path.into(),
            times: 1,
            kind,
        });
    }

    /// How often the client asked for paths that end so, since the last call.
    fn asked(&self, end: &str) -> usize {
        let requests = std::mem::take(&mut self.house.standins.world().state().requests);
        let matches = |path: &str| path.ends_with(end);
        requests.iter().filter(|request| request.server == Server::Render && matches(&request.path)).count()
    }

    async fn connect(&self) -> Connection {
        let house = &self.house;
        let token = SecretString::from(self.seeded.token.as_str());
        connection_manager::connect(house.platforms(), &house.user_id, Provider::RENDER, token).await.unwrap()
    }
}
