//! Cloudflare's client and the connection manager against the stand-in.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use deploymend::{
    model::{Delivery, DeploymentState, Provider},
    server::integrations::{
        Access, DeploymentsQuery, Look, PlatformError, ProjectRef, connection_manager,
        provider::{Probe, WEBHOOKS},
    },
};
use rstest::rstest;
use serde_json::json;
use standins::{
    cloudflare::{
        actions::{
            self, NewAccount, NewProject, NewToken, NewWorker, PERMISSIONS, add_account, add_project,
            add_token, add_worker,
        },
        builds::{NewDeployment, add_deployment},
        scenario::{Build, Seed, Seeded, build, seed},
        state::TokenStatus,
    },
    faults::{Fault, Kind},
    record::Server,
};
use std::{collections::HashSet, time::Duration};

/// A house with a Pages project and a Worker, both on one repository.
struct Site {
    house: House,
    pages: Seeded,
    worker: Seeded,
}

impl Site {
    async fn new() -> Self {
        Self::with(true).await
    }

    async fn with(webhooks_allowed: bool) -> Self {
        let house = House::new().await;
        house.seed().await;
        let world = house.standins.world();
        let settings = json!({"build_command": "npm run build", "destination_dir": "dist", "root_dir": "/"});
        let settings = settings.as_object().unwrap().clone();
        let pages = seed(world, Seed { webhooks_allowed, settings, ..Seed::default() }).unwrap();
        let worker = Seed { worker: true, project: Some("shop-api".into()), ..Seed::default() };
        let worker = seed(world, worker).unwrap();
        Self { house, pages, worker }
    }

    fn access(&self) -> Access {
        self.house.access(&self.pages.token, Some(&self.pages.account_id))
    }

    fn pages(&self) -> ProjectRef {
        ProjectRef { id: format!("pages:{}", self.pages.project_id), name: "shop-web".into() }
    }

    fn worker(&self) -> ProjectRef {
        ProjectRef { id: format!("worker:{}", self.worker.project_id), name: "shop-api".into() }
    }

    fn both(&self) -> Vec<ProjectRef> {
        vec![self.pages(), self.worker()]
    }

    async fn deploy(&self, new: NewDeployment) -> String {
        add_deployment(self.house.standins.world(), new).await.unwrap()
    }

    fn token(&self, permissions: &[&str]) -> String {
        let permissions = Some(permissions.iter().map(|it| (*it).to_owned()).collect());
        let new = NewToken { user: Some("octo-dev".into()), permissions, ..NewToken::default() };
        add_token(self.house.standins.world(), new).unwrap()
    }

    fn fault(&self, method: Option<&str>, path: &str, kind: Kind) {
        let (server, path) = (Server::Cloudflare, path.to_owned());
        self.house.standins.add_fault(Fault {
            server,
            method: method.map(str::to_owned),
            path,
            times: 1,
            kind,
        });
    }

    /// Paths that were asked at Cloudflare since the last call, without the account.
    fn asked(&self) -> Vec<String> {
        let account = format!("/client/v4/accounts/{}", self.pages.account_id);
        let mut state = self.house.standins.world().state();
        let requests = std::mem::take(&mut state.requests);
        let of_cloudflare = requests.into_iter().filter(|request| request.server == Server::Cloudflare);
        of_cloudflare.map(|request| request.path.replace(&account, "")).collect()
    }
}

fn failed(project: &str, created_at: i64) -> NewDeployment {
    NewDeployment { project: project.to_owned(), created_at: Some(created_at), ..NewDeployment::default() }
}

#[tokio::test]
async fn a_token_tells_its_owner_and_its_end() {
    let site = Site::new().await;
    let cloudflare = site.house.cloudflare();
    let user = cloudflare.validate_token(&site.pages.token.as_str().into()).await.unwrap();
    assert_eq!(user.username, "octo-dev@example.com");
    let nameless = site.token(&["pages.edit"]);
    let user = cloudflare.validate_token(&nameless.into()).await.unwrap();
    assert!(user.username.starts_with("token ") && user.external_id.len() == 32, "{user:?}");
    let (end, world) = (4_102_444_800_000, site.house.standins.world());
    let new = NewToken { user: Some("octo-dev".into()), expires_at: Some(end), ..NewToken::default() };
    let limited = add_token(world, new).unwrap().into();
    let told = cloudflare.token_expires_at(&limited).await.unwrap();
    assert_eq!(told.map(|end| end.timestamp_millis()), Some(end));
    let budget = cloudflare.budget(&limited).unwrap();
    assert_eq!((budget.limit, budget.remaining), (1200, 1199));
}

#[tokio::test]
async fn tokens_that_do_not_work_are_refused() {
    let site = Site::new().await;
    let world = site.house.standins.world();
    let user = || Some("octo-dev".to_owned());
    let disabled = NewToken { user: user(), status: TokenStatus::Disabled, ..NewToken::default() };
    let expired = NewToken { user: user(), expires_at: Some(1), ..NewToken::default() };
    let of_the_account = NewToken { account: Some("Acme".into()), ..NewToken::default() };
    let mut tokens = vec!["cfut_malformed".to_owned(), format!("cfut_{}", "0".repeat(48))];
    tokens.extend([disabled, expired, of_the_account].map(|new| add_token(world, new).unwrap()));
    for token in tokens {
        let answer = site.house.cloudflare().validate_token(&token.as_str().into()).await;
        assert_eq!(answer, Err(PlatformError::TokenRefused), "{token}");
    }
    let revoked = site.pages.token.as_str().into();
    assert!(actions::revoke_token(world, &site.pages.token));
    assert_eq!(site.house.cloudflare().validate_token(&revoked).await, Err(PlatformError::TokenRefused));
}

#[rstest]
#[case::rate_limit(Kind::RateLimited { retry_after: Some(7) }, PlatformError::Transient { retry_after: Some(Duration::from_secs(7)) })]
#[case::broken(Kind::Status { status: 500 }, PlatformError::Transient { retry_after: None })]
#[case::forbidden(Kind::Status { status: 403 }, PlatformError::TokenRefused)]
#[case::cut(Kind::Truncated, PlatformError::Transient { retry_after: None })]
#[tokio::test]
async fn trouble_is_sorted_by_what_helps(#[case] kind: Kind, #[case] expected: PlatformError) {
    let site = Site::new().await;
    let id = site.deploy(NewDeployment { log: "one\ntwo".into(), ..failed("shop-web", 1_000) }).await;
    for path in ["/tokens/verify", "/history/logs"] {
        site.fault(None, path, kind.clone());
    }
    let token = site.pages.token.as_str().into();
    assert_eq!(site.house.cloudflare().validate_token(&token).await, Err(expected.clone()));
    let log = site.house.cloudflare().build_log(&site.access(), &site.pages(), &id).await;
    assert_eq!(log, Err(expected));
    assert!(site.house.cloudflare().build_log(&site.access(), &site.pages(), &id).await.is_ok());
}

#[tokio::test]
async fn lists_are_paged_to_the_end_and_hold_both_products() {
    let site = Site::new().await;
    let world = site.house.standins.world();
    for n in 0..12 {
        let (name, account) = (format!("site-{n}"), "Acme".to_owned());
        add_project(world, NewProject { name, account, ..NewProject::default() }).unwrap();
        let (name, account) = (format!("unbuilt-{n}"), "Acme".to_owned());
        add_worker(world, NewWorker { name, account, ..NewWorker::default() }).unwrap();
        let (name, members) = (format!("Account {n}"), vec!["octo-dev".to_owned()]);
        add_account(world, NewAccount { name, members, ..NewAccount::default() }).unwrap();
    }
    let cloudflare = site.house.cloudflare();
    assert_eq!(cloudflare.teams(&site.access()).await.unwrap().len(), 13);
    let projects = cloudflare.projects(&site.access()).await.unwrap();
    assert_eq!(projects.len(), 14);
    let find = |project: ProjectRef| projects.iter().find(|it| it.id == project.id).unwrap();
    let pages = find(site.pages());
    assert_eq!(pages.link.github_full_name(), Some("acme/shop-web"));
    assert_eq!(
        (pages.build_command.as_deref(), pages.output_directory.as_deref()),
        (Some("npm run build"), Some("dist"))
    );
    let worker = find(site.worker());
    assert_eq!(worker.link.github_full_name(), Some("acme/shop-web"));
    assert_eq!(worker.production_branch.as_deref(), Some("main"));
    for project in [pages, worker] {
        assert_eq!(cloudflare.project(&site.access(), &project.into()).await.as_ref(), Ok(project));
        assert_eq!(project.team_id.as_ref(), Some(&site.pages.account_id));
    }
    site.asked();
    let personal = site.house.access(&site.pages.token, None);
    assert_eq!(cloudflare.projects(&personal).await.unwrap(), []);
    assert!(site.asked().is_empty(), "there is nothing outside of accounts");
}

#[tokio::test]
async fn one_product_is_enough() {
    let site = Site::new().await;
    let projects = async |permissions: &[&str]| {
        let access = site.house.access(&site.token(permissions), Some(&site.pages.account_id));
        let projects = site.house.cloudflare().projects(&access).await?;
        Ok(projects.into_iter().map(|project| project.name).collect::<Vec<_>>())
    };
    assert_eq!(projects(&["pages.read"]).await, Ok(vec!["shop-web".to_owned()]));
    let builds = ["workers_builds.edit", "workers_scripts.read"];
    assert_eq!(projects(&builds).await, Ok(vec!["shop-api".to_owned()]));
    assert_eq!(projects(&["user_details.read"]).await, Err(PlatformError::TokenRefused));
    site.fault(None, "/pages/projects", Kind::Status { status: 502 });
    assert!(matches!(projects(&PERMISSIONS).await, Err(PlatformError::Transient { .. })));
}

#[tokio::test]
async fn deployments_of_both_products_are_filtered_and_paged() {
    let site = Site::new().await;
    let start = 1_767_323_045_000;
    for n in 0..14 {
        for project in ["shop-web", "shop-api"] {
            let ready = (n % 2 == 1).then(|| "success".to_owned());
            let stage = (n % 2 == 1 && project == "shop-web").then(|| "deploy".to_owned());
            let at = start - n * 1000 - i64::from(project == "shop-api");
            site.deploy(NewDeployment { stage, status: ready, ..failed(project, at) }).await;
        }
    }
    let list = async |query| {
        let query = DeploymentsQuery { projects: site.both(), ..query };
        site.house.cloudflare().deployments(&site.access(), query).await.unwrap()
    };
    let at = |n: i64| chrono::DateTime::from_timestamp_millis(start - n * 1000);
    let all = list(DeploymentsQuery::default()).await;
    assert_eq!(all.len(), 28);
    assert!(all.is_sorted_by_key(|deployment| std::cmp::Reverse(deployment.created_at)));
    assert_eq!(all.iter().map(|it| &it.platform_id).collect::<HashSet<_>>().len(), 28);
    let state = Some(DeploymentState::Failed);
    assert_eq!(list(DeploymentsQuery { state, ..Default::default() }).await.len(), 14);
    let window = list(DeploymentsQuery { since: at(5), until: at(2), ..Default::default() }).await;
    assert_eq!(window.len(), 6, "of Pages 3 to 5, of the Worker 2 to 4");
    let newest = list(DeploymentsQuery { limit: Some(3), ..Default::default() }).await;
    assert_eq!(newest, all[..3]);
    let branch = Some("other".to_owned());
    assert_eq!(list(DeploymentsQuery { branch, ..Default::default() }).await, []);
    let gone = ProjectRef { id: "pages:gone".into(), name: "gone".into() };
    let query = DeploymentsQuery { projects: vec![gone, site.pages()], ..Default::default() };
    assert_eq!(site.house.cloudflare().deployments(&site.access(), query).await.unwrap().len(), 14);
}

#[tokio::test]
async fn one_deployment_has_its_git_facts_and_its_log() {
    let site = Site::new().await;
    let log: Vec<String> = (0..2500).map(|n| format!("line {n}")).collect();
    let cloudflare = site.house.cloudflare();
    for project in site.both() {
        let id = site.deploy(NewDeployment { log: log.join("\n"), ..failed(&project.name, 1_000) }).await;
        let found = cloudflare.find_deployment(&site.access(), &site.both(), &id).await.unwrap();
        assert_eq!((found.state, &found.project_id), (DeploymentState::Failed, &project.id));
        assert_eq!(found.repository.as_deref(), Some("acme/shop-web"));
        assert_eq!((found.branch.as_deref(), found.target.as_deref()), (Some("main"), Some("production")));
        assert_eq!(found.commit_sha.as_deref().map(str::len), Some(40));
        let read = cloudflare.build_log(&site.access(), &project, &id).await.unwrap();
        assert_eq!(read.lines, log);
        assert_eq!(read.gap_after, None);
    }
    for project in site.both() {
        let missing = cloudflare.deployment(&site.access(), &project, "none").await;
        assert_eq!(missing, Err(PlatformError::NotFound));
    }
}

#[tokio::test]
async fn a_huge_log_keeps_its_ends() {
    let site = Site::new().await;
    let line = "x".repeat(1000);
    let log: Vec<String> = (0..9000).map(|n| format!("{n} {line}")).collect();
    let id = site.deploy(NewDeployment { log: log.join("\n"), ..failed("shop-web", 1_000) }).await;
    let read = site.house.cloudflare().build_log(&site.access(), &site.pages(), &id).await.unwrap();
    assert!(read.gap_after.is_some() && read.lines.len() < 6000, "{}", read.lines.len());
    assert_eq!((read.lines.first(), read.lines.last()), (log.first(), log.last()));
}

#[tokio::test]
async fn a_build_is_repeated_with_its_commit() {
    let site = Site::new().await;
    for project in site.both() {
        let id = site.deploy(failed(&project.name, 1_000)).await;
        site.house.cloudflare().redeploy(&site.access(), &project, &id).await.unwrap();
        let query = DeploymentsQuery { projects: vec![project], ..DeploymentsQuery::default() };
        let found = site.house.cloudflare().deployments(&site.access(), query).await.unwrap();
        let [again, before] = &found[..] else { panic!("{found:?}") };
        assert_eq!((again.state, before.state), (DeploymentState::Queued, DeploymentState::Failed));
        assert_eq!((&again.commit_sha, &again.branch), (&before.commit_sha, &before.branch));
    }
}

#[tokio::test]
async fn a_look_at_a_quiet_account_costs_little() {
    let site = Site::new().await;
    let world = site.house.standins.world();
    let since = site.house.state.clock.now();
    let now = since.timestamp_millis();
    let mut projects = site.both();
    for n in 0..24 {
        let (name, account) = (format!("site-{n}"), "Acme".to_owned());
        let made = add_project(world, NewProject { name, account, ..NewProject::default() }).unwrap();
        let (name, account, repository) =
            (format!("api-{n}"), "Acme".to_owned(), Some("acme/shop-web".to_owned()));
        let worker =
            add_worker(world, NewWorker { name, account, repository, ..NewWorker::default() }).unwrap();
        site.deploy(failed(&made.id, now - 60_000)).await;
        site.deploy(failed(&worker.tag, now - 60_000)).await;
        projects.push(ProjectRef { id: format!("pages:{}", made.id), name: made.name });
        projects.push(ProjectRef { id: format!("worker:{}", worker.tag), name: worker.name });
    }
    let look = async |projects: &[ProjectRef], busy: HashSet<String>| {
        site.asked();
        let look = Look { projects: projects.to_vec(), since, last: None, busy };
        let found = site.house.cloudflare().look(&site.access(), look).await.unwrap();
        (found.into_iter().map(|it| it.platform_id).collect::<HashSet<_>>(), site.asked())
    };
    // 25 Pages projects in pages of 5, 25 Workers in two questions.
    let (found, asked) = look(&projects, HashSet::new()).await;
    assert_eq!((found, asked.len()), (HashSet::new(), 5 + 2));
    let news = [site.deploy(failed("shop-web", now)).await, site.deploy(failed("api-3", now + 1)).await];
    let (found, asked) = look(&projects, HashSet::new()).await;
    assert_eq!((found, asked.len()), (HashSet::from(news.clone()), 5 + 2 + 2), "{asked:?}");
    let (_, asked) = look(&projects, HashSet::from([projects[3].id.clone()])).await;
    assert_eq!(asked.len(), 5 + 2 + 3);
    let (found, asked) = look(&[site.pages()], HashSet::new()).await;
    assert_eq!(found, HashSet::from([news[0].clone()]));
    assert!(asked.iter().all(|path| path.starts_with("/pages/")), "{asked:?}");
    let (_, asked) = look(&[site.worker()], HashSet::new()).await;
    assert_eq!(asked, ["/builds/builds/latest"]);
}

#[tokio::test]
async fn connecting_watches_both_products_and_makes_one_webhook() {
    let site = Site::new().await;
    let connection = site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    assert_eq!((connection.username.as_str(), connection.projects), ("octo-dev@example.com", 2));
    insta::assert_snapshot!(connection.delivery_note.unwrap(), @"Workers Builds has no webhooks, so its builds are found by polling.");
    {
        let state = site.house.standins.world().state();
        let ([destination], [policy]) = (&state.cloudflare.destinations[..], &state.cloudflare.policies[..])
        else {
            panic!("one of each");
        };
        assert_eq!(destination.url, format!("{}/api/integrations/cloudflare/webhooks", site.house.address));
        assert!(destination.secret.as_ref().unwrap().len() >= 32);
        let [project] = &policy.filters["project_id"][..] else { panic!("one project") };
        assert_eq!(*project, site.pages.project_id);
        assert_eq!((policy.filters["event"].len(), policy.filters["environment"].len()), (3, 2));
    }
    let covered = async || {
        let rows = site.house.subscriptions().await;
        let of = |project: &ProjectRef| {
            rows.iter().find(|row| row.platform_project_id == project.id).unwrap().webhook_id.clone()
        };
        (of(&site.pages()), of(&site.worker()))
    };
    let (webhook, none) = covered().await;
    assert!(webhook.is_some() && none.is_none());
    // Again: the same webhook, as it covers everything.
    site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    assert_eq!(covered().await.0, webhook);
    // Another project: one webhook for both takes its place.
    let more = NewProject { name: "docs".into(), account: "Acme".into(), ..NewProject::default() };
    let docs = add_project(site.house.standins.world(), more).unwrap();
    site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    assert_ne!(covered().await.0, webhook);
    {
        let state = site.house.standins.world().state();
        assert_eq!((state.cloudflare.destinations.len(), state.cloudflare.policies.len()), (1, 1));
        assert!(state.cloudflare.policies[0].filters["project_id"].contains(&docs.id));
    }
    connection_manager::disconnect(site.house.platforms(), &site.house.user_id, Provider::CLOUDFLARE)
        .await
        .unwrap();
    let state = site.house.standins.world().state();
    assert_eq!((state.cloudflare.destinations.len(), state.cloudflare.policies.len()), (0, 0));
}

#[tokio::test]
async fn a_webhook_without_its_policy_is_made_again() {
    let site = Site::new().await;
    let world = site.house.standins.world();
    site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    world.state().cloudflare.policies[0].enabled = false;
    let before = world.state().cloudflare.destinations[0].id.clone();
    site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    let state = world.state();
    assert_eq!((state.cloudflare.destinations.len(), state.cloudflare.policies.len()), (1, 1));
    assert_ne!(state.cloudflare.destinations[0].id, before);
    assert!(state.cloudflare.policies[0].enabled);
}

#[rstest]
#[case::refused(Kind::Status { status: 400 })]
#[case::answer_lost(Kind::AfterEffect { status: 500 })]
#[tokio::test]
async fn half_a_webhook_does_not_stay(#[case] kind: Kind) {
    let site = Site::new().await;
    site.fault(Some("POST"), "/policies", kind);
    let url = format!("{}/hook", site.house.address).parse().unwrap();
    assert!(site.house.cloudflare().create_webhook(&site.access(), &url, &site.both()).await.is_err());
    let state = site.house.standins.world().state();
    assert_eq!((state.cloudflare.destinations.len(), state.cloudflare.policies.len()), (0, 0));
}

#[tokio::test]
async fn a_policy_that_also_mails_is_left() {
    let site = Site::new().await;
    let url = format!("{}/hook", site.house.address).parse().unwrap();
    let cloudflare = site.house.cloudflare();
    let made = cloudflare.create_webhook(&site.access(), &url, &site.both()).await.unwrap();
    let world = site.house.standins.world();
    let mails = vec!["ops@example.com".to_owned()];
    world.state().cloudflare.policies[0].mechanisms.insert("email".to_owned(), mails);
    cloudflare.delete_webhook(&site.access(), &made.id).await.unwrap();
    assert_eq!(world.state().cloudflare.policies.len(), 1);
    assert_eq!(cloudflare.delete_webhook(&site.access(), &made.id).await, Err(PlatformError::NotFound));
}

#[tokio::test]
async fn a_plan_without_webhooks_is_polled() {
    let site = Site::with(false).await;
    let connection = site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    assert_eq!((connection.delivery, connection.projects), (Delivery::Polling, 2));
    assert!(connection.delivery_note.unwrap().contains("polling"));
    assert!(site.house.standins.world().state().cloudflare.destinations.is_empty());
}

#[tokio::test]
async fn what_a_token_may_is_tried_out() {
    let site = Site::new().await;
    let probe = async |permissions: &[&str]| {
        let access = site.house.access(&site.token(permissions), Some(&site.pages.account_id));
        let projects = site.house.cloudflare().projects(&access).await.unwrap();
        let probes = site.house.cloudflare().probe(&access, &projects).await.unwrap();
        probes.iter().map(|Probe { name, allowed, .. }| (*name, *allowed)).collect::<Vec<_>>()
    };
    let named = |pages, workers, webhooks| {
        vec![("Pages deployments and build logs", pages), ("Workers Builds", workers), (WEBHOOKS, webhooks)]
    };
    assert_eq!(probe(&PERMISSIONS).await, named(Some(true), Some(true), Some(true)));
    assert_eq!(probe(&["pages.read"]).await, named(Some(true), Some(false), Some(false)));
    let workers = ["workers_builds.read", "workers_scripts.read", "notifications.read"];
    assert_eq!(probe(&workers).await, named(None, Some(true), Some(true)));
}

#[tokio::test]
async fn a_delivery_is_believed_with_its_secret_alone() {
    let site = Site::new().await;
    site.house.connect_to(Provider::CLOUDFLARE, &site.pages.token).await.unwrap();
    let world = site.house.standins.world();
    let failing = Build { project: "shop-web".into(), state: Some("failure".into()), ..Build::default() };
    let built = build(world, failing).await.unwrap();
    assert_eq!(built.deliveries[0].attempts[0].status, Some(200), "{:?}", built.deliveries[0].attempts);
    let forged = standins::scenario::Redelivery { forged: true, ..Default::default() };
    let attempts = standins::scenario::redeliver(world, Server::Cloudflare, forged).await.unwrap();
    assert_eq!(attempts[0].status, Some(401), "{:?}", attempts[0]);
}
