//! Render's client and the connection manager against the stand-in.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use chrono::TimeDelta;
use deploymend::{
    model::{Connection, Delivery, DeploymentState, Provider},
    server::{
        db,
        integrations::{
            Access, DeploymentsQuery, Look, PlatformError, Project, ProjectRef, RepositoryLink,
            TokenProvider, WebhookKind, connection_manager,
        },
    },
};
use rstest::rstest;
use secrecy::SecretString;
use standins::{
    faults::{Fault, Kind},
    record::Server,
    render::{
        actions::{
            Change, NewDeployment, NewOwner, NewProject, add_deployment, add_owner, add_project,
            change_deployment, remove_project, revoke_token,
        },
        scenario::{Build, Seed, Seeded, build, seed},
        state::{Deploy, Plan, Settings},
    },
    vercel::state::DeliveryMode,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

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
        self.house.state.registry.get(Provider::Render).unwrap()
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
        connection_manager::connect(house.platforms(), &house.user_id, Provider::Render, token).await.unwrap()
    }
}

#[tokio::test]
async fn a_key_tells_its_owner_and_how_much_it_may_still_ask() {
    let it = Rendered::new().await;
    let (client, token) = (it.client(), it.seeded.token.as_str().into());
    assert_eq!(client.budget(&token), None);
    let user = client.validate_token(&token).await.unwrap();
    assert_eq!((user.username.as_str(), user.external_id.as_str()), ("Octo Dev", "octo-dev@example.com"));
    let budget = client.budget(&token).unwrap();
    assert_eq!((budget.limit, budget.remaining), (400, 399));
    assert_eq!(client.token_expires_at(&token).await, Ok(None));
    revoke_token(it.house.standins.world(), &it.seeded.token);
    assert_eq!(client.validate_token(&token).await, Err(PlatformError::TokenRefused));
}

#[rstest]
#[case::rate_limit(Kind::RateLimited { retry_after: Some(7) }, PlatformError::Transient { retry_after: Some(Duration::from_secs(7)) })]
#[case::broken(Kind::Status { status: 500 }, PlatformError::Transient { retry_after: None })]
#[case::unauthorized(Kind::Status { status: 401 }, PlatformError::TokenRefused)]
#[case::gone(Kind::Status { status: 410 }, PlatformError::NotFound)]
#[case::cut(Kind::Truncated, PlatformError::Transient { retry_after: None })]
#[tokio::test]
async fn trouble_is_sorted_by_what_helps(#[case] kind: Kind, #[case] expected: PlatformError) {
    let it = Rendered::new().await;
    it.fault("/users", kind);
    let token = it.seeded.token.as_str().into();
    assert_eq!(it.client().validate_token(&token).await, Err(expected));
    assert!(it.client().validate_token(&token).await.is_ok());
}

#[tokio::test]
async fn lists_are_paged_to_the_end() {
    let it = Rendered::new().await;
    for n in 0..12 {
        it.add(&format!("service-{n}"));
        let new =
            NewOwner { name: format!("team-{n}"), admins: vec!["octo-dev".into()], ..NewOwner::default() };
        add_owner(it.house.standins.world(), new).unwrap();
    }
    assert_eq!(it.client().projects(&it.access()).await.unwrap().len(), 13);
    assert_eq!(it.client().teams(&it.access()).await.unwrap().len(), 13);
    // There is no personal scope to ask about.
    it.asked("");
    let personal = it.house.access(&it.seeded.token, None);
    assert_eq!(it.client().projects(&personal).await, Ok(Vec::new()));
    assert_eq!(it.asked(""), 0);
}

#[tokio::test]
async fn services_of_every_kind_are_projects_and_previews_are_not() {
    let it = Rendered::new().await;
    let add = |name: &str, new: NewProject| {
        let owner = it.seeded.account_id.clone();
        add_project(it.house.standins.world(), NewProject { name: name.into(), owner, ..new }).unwrap();
    };
    let image = Some("docker.io/acme/api:1".into());
    add("image", NewProject { image, ..NewProject::default() });
    let repo = Some("https://gitlab.com/acme/web/site.git".into());
    let settings = Settings {
        kind: standins::render::state::Kind::StaticSite,
        root_dir: "web".into(),
        build_command: Some("hugo".into()),
        suspended: true,
        ..Settings::default()
    };
    add("site", NewProject { repo, settings, ..NewProject::default() });
    let preview_of = Some(it.seeded.project_id.clone());
    let repository = Some("acme/shop-web".to_owned());
    add("shop-web-pr-1", NewProject { preview_of, repository, ..NewProject::default() });
    let projects = it.client().projects(&it.access()).await.unwrap();
    let find = |name: &str| projects.iter().find(|project| project.name == name);
    assert!(find("shop-web-pr-1").is_none() && projects.len() == 3);
    assert_eq!(find("image").unwrap().link, RepositoryLink::None);
    let site = find("site").unwrap();
    assert_eq!(site.link, RepositoryLink::Gitlab { full_name: "acme/web/site".into() });
    assert_eq!(
        (site.build_command.as_deref(), site.output_directory.as_deref()),
        (Some("hugo"), Some("dist"))
    );
    let shop: &Project = find("shop-web").unwrap();
    assert_eq!(shop.link.github_full_name(), Some("acme/shop-web"));
    assert_eq!(shop.team_id.as_ref(), Some(&it.seeded.account_id));
    assert_eq!(it.client().project(&it.access(), &it.service()).await.as_ref(), Ok(shop));
}

#[tokio::test]
async fn deployments_are_filtered_and_paged() {
    let it = Rendered::new().await;
    let other = it.add("other");
    let now = it.house.state.clock.now();
    for n in 0..14 {
        let service = if n % 3 == 0 { other.clone() } else { it.service() };
        it.deploy(&service, n * 10, if n % 2 == 0 { "build_failed" } else { "live" }, "").await;
    }
    it.deploy(&it.service(), 200, "of_tomorrow", "").await;
    let list = async |query: DeploymentsQuery| {
        let gone = ProjectRef { id: "srv-gone".into(), name: "gone".into() };
        let projects = vec![it.service(), other.clone(), gone];
        let deployments = it.client().deployments(&it.access(), DeploymentsQuery { projects, ..query }).await;
        deployments.unwrap()
    };
    let all = list(DeploymentsQuery::default()).await;
    assert_eq!(all.len(), 15);
    assert!(all.is_sorted_by_key(|deployment| std::cmp::Reverse(deployment.created_at)));
    assert_eq!(all[14].state, DeploymentState::Building);
    let failed = DeploymentsQuery {
        state: Some(DeploymentState::Failed),
        since: Some(now - TimeDelta::seconds(100)),
        until: Some(now - TimeDelta::seconds(20)),
        ..DeploymentsQuery::default()
    };
    let ages: Vec<i64> =
        list(failed).await.iter().map(|deployment| (now - deployment.created_at).num_seconds()).collect();
    assert_eq!(ages, [40, 60, 80, 100]);
    assert_eq!(list(DeploymentsQuery { limit: Some(3), ..DeploymentsQuery::default() }).await, all[..3]);
    let main = DeploymentsQuery { branch: Some("main".into()), ..DeploymentsQuery::default() };
    assert_eq!(list(main).await.len(), 15);
    it.asked("/deploys");
    let another = DeploymentsQuery { branch: Some("next".into()), ..DeploymentsQuery::default() };
    assert_eq!(list(another).await, []);
    assert_eq!(it.asked("/deploys"), 0);
    let nobody = DeploymentsQuery::default();
    assert_eq!(it.client().deployments(&it.access(), nobody).await, Ok(Vec::new()));
}

#[tokio::test]
async fn one_deployment_has_its_git_facts_and_a_repetition_its_commit() {
    let it = Rendered::new().await;
    let made = it.deploy(&it.service(), 60, "build_failed", "x").await;
    let read = it.client().deployment(&it.access(), &it.service(), &made.id).await.unwrap();
    assert_eq!((read.state, read.error_code.as_deref()), (DeploymentState::Failed, Some("build_failed")));
    assert_eq!((read.repository.as_deref(), read.branch.as_deref()), (Some("acme/shop-web"), Some("main")));
    assert_eq!((&read.commit_sha, read.target.as_deref()), (&made.commit, Some("production")));
    assert!(read.inspector_url.unwrap().ends_with(&format!("/{}/deploys/{}", it.seeded.project_id, made.id)));
    let other = it.add("other");
    let missing = it.client().deployment(&it.access(), &other, &made.id).await;
    assert_eq!(missing, Err(PlatformError::NotFound));
    let found = it.client().find_deployment(&it.access(), &[other, it.service()], &made.id).await.unwrap();
    assert_eq!(found.project_id, it.seeded.project_id);
    // The first is answered with 201 and a deploy, the second with 202 and nothing, since the first is not done.
    for _ in 0..2 {
        it.client().redeploy(&it.access(), &it.service(), &made.id).await.unwrap();
    }
    let state = it.house.standins.world().state();
    let [_, first, second] = &state.render.deploys[..] else { panic!("three deploys") };
    assert_eq!((&first.commit, first.status.as_str()), (&made.commit, "build_in_progress"));
    assert_eq!((second.trigger.as_str(), second.status.as_str()), ("api", "queued"));
}

#[tokio::test]
async fn a_service_is_read_once_and_never_for_another_key() {
    let it = Rendered::new().await;
    let made = it.deploy(&it.service(), 60, "live", "").await;
    let (path, client) = (format!("/services/{}", it.seeded.project_id), it.client());
    for _ in 0..3 {
        client.deployment(&it.access(), &it.service(), &made.id).await.unwrap();
    }
    assert_eq!(it.asked(&path), 1);
    let query = || DeploymentsQuery { projects: vec![it.service()], ..DeploymentsQuery::default() };
    let stranger = Access { token: "rnd_of_nobody".into(), ..it.access() };
    assert_eq!(client.deployments(&stranger, query()).await, Err(PlatformError::TokenRefused));
    assert_eq!(it.asked(&path), 1);
}

#[tokio::test]
async fn a_long_log_is_read_whole_and_only_of_its_deploy() {
    let it = Rendered::new().await;
    it.deploy(&it.service(), 7200, "build_failed", "of an earlier deploy").await;
    it.deploy(&it.add("other"), 600, "build_failed", "of another service").await;
    let log: Vec<String> = (0..2500).map(|n| format!("line {n}")).collect();
    let made = it.deploy(&it.service(), 600, "build_failed", &log.join("\n")).await;
    let read = it.client().build_log(&it.access(), &it.service(), &made.id).await.unwrap();
    assert_eq!((read.gap_after, read.lines), (None, log));
    it.fault("/logs", Kind::Truncated);
    let cut = it.client().build_log(&it.access(), &it.service(), &made.id).await;
    assert_eq!(cut, Err(PlatformError::Transient { retry_after: None }));
}

#[tokio::test]
async fn a_log_without_end_keeps_both_ends() {
    let it = Rendered::new().await;
    it.house.standins.world().state().render.rate_limit = Some(10_000);
    let log: Vec<String> = (0..62_000).map(|n| format!("line {n}")).collect();
    let made = it.deploy(&it.service(), 600, "build_failed", &log.join("\n")).await;
    let read = it.client().build_log(&it.access(), &it.service(), &made.id).await.unwrap();
    assert_eq!((read.lines.first(), read.lines.last()), (log.first(), log.last()));
    let gap = read.gap_after.unwrap();
    assert_eq!(
        (read.lines[gap].as_str(), &read.lines[gap + 1]),
        ("[... the middle of the log was left out ...]", &log[61_900])
    );
}

#[rstest]
#[case("update_failed", true)]
#[case("pre_deploy_failed", true)]
#[case("build_failed", false)]
#[tokio::test]
async fn a_program_that_does_not_start_says_why(#[case] status: &str, #[case] expected: bool) {
    let it = Rendered::new().await;
    let made = it.deploy(&it.service(), 60, "build_in_progress", "==> Build successful").await;
    let app_log = "Error: Cannot find module 'express'\n==> Exited with status 1".to_owned();
    let change = Change { status: Some(status.into()), app_log, ..Change::default() };
    change_deployment(it.house.standins.world(), &made.id, &change).unwrap();
    it.house.state.clock.advance(TimeDelta::minutes(1));
    let lines = it.client().build_log(&it.access(), &it.service(), &made.id).await.unwrap().lines;
    assert_eq!(lines[0], "==> Build successful");
    assert_eq!(lines.last().unwrap() == "==> Exited with status 1", expected, "{lines:?}");
}

#[tokio::test]
async fn a_look_at_many_services_asks_few() {
    let it = Rendered::new().await;
    it.house.standins.world().state().render.rate_limit = Some(10_000);
    let mut projects = vec![it.service()];
    projects.extend((0..59).map(|n| it.add(&format!("service-{n}"))));
    let now = it.house.state.clock.now();
    let look = Look {
        projects: projects.clone(),
        since: now - TimeDelta::hours(1),
        last: Some(now),
        busy: HashSet::from([projects[9].id.clone()]),
    };
    let (loud, busy, silent) = (&projects[30], &projects[9], &projects[40]);
    // More than a page of lines of one service does not hide the line of another.
    it.deploy(loud, 5, "build_failed", &"line\n".repeat(150)).await;
    it.deploy(&projects[55], 6, "build_failed", "line").await;
    it.deploy(busy, 1800, "build_in_progress", "").await;
    it.deploy(silent, 1700, "canceled", "").await;
    let ids = |found: Vec<deploymend::model::PlatformDeployment>| -> HashSet<String> {
        found.into_iter().map(|deployment| deployment.project_id).collect()
    };
    let expected: HashSet<String> = [loud, &projects[55], busy].map(|service| service.id.clone()).into();
    it.client().look(&it.access(), Look { last: None, ..look.clone() }).await.unwrap();
    assert_eq!(it.asked("/deploys") / 60, 1);
    assert_eq!(ids(it.client().look(&it.access(), look.clone()).await.unwrap()), expected);
    // The three, each with the empty page after the last.
    assert_eq!(it.asked("/deploys"), 6);
    // After ten minutes nobody was forgotten, whatever the logs say.
    it.house.state.clock.advance(TimeDelta::minutes(10));
    let found = ids(it.client().look(&it.access(), look.clone()).await.unwrap());
    assert!(found.contains(&silent.id));
    // A service that is gone spoils the question about the logs, not the look.
    it.house.state.clock.advance(TimeDelta::seconds(1));
    remove_project(it.house.standins.world(), &projects[20].id);
    let found = ids(it.client().look(&it.access(), look).await.unwrap());
    assert!(found.contains(&silent.id));
}

#[tokio::test]
async fn connecting_watches_a_workspace_with_one_webhook() {
    let it = Rendered::new().await;
    let docs = it.add("docs");
    let connection = it.connect().await;
    assert_eq!((connection.username.as_str(), connection.projects), ("Octo Dev", 2));
    assert_eq!((connection.delivery, connection.delivery_note), (Delivery::Webhook, None));
    let hooks = || it.house.standins.world().state().render.webhooks.clone();
    let [webhook] = &hooks()[..] else { panic!("one webhook") };
    assert_eq!(webhook.url, format!("{}/api/integrations/render/webhooks", it.house.address));
    assert_eq!(webhook.event_filter, ["deploy_ended", "build_ended"]);
    for row in it.house.subscriptions().await {
        assert_eq!(row.webhook_id.as_ref(), Some(&webhook.id));
        let sealed = row.webhook_secret.unwrap();
        assert!(!sealed.contains(&webhook.secret));
        assert!(it.house.state.keys.open(&db::subscriptions::secret_identity(&row.id), &sealed).is_ok());
    }
    // Somebody switched it off and narrowed it: the next connection puts it right, with the same secret.
    {
        let state = &mut it.house.standins.world().state().render;
        state.webhooks[0].enabled = false;
        state.webhooks[0].event_filter = vec!["server_failed".into()];
    }
    let before = it.client().webhooks(&it.access()).await.unwrap();
    assert!(!before[0].covers(&[docs]));
    assert_eq!(it.connect().await.delivery, Delivery::Webhook);
    let [again] = &hooks()[..] else { panic!("one webhook") };
    assert_eq!((&again.id, &again.secret, again.enabled), (&webhook.id, &webhook.secret, true));
    assert_eq!(again.event_filter, webhook.event_filter);
    connection_manager::disconnect(it.house.platforms(), &it.house.user_id, Provider::Render).await.unwrap();
    assert!(hooks().is_empty());
}

#[tokio::test]
async fn what_the_plan_refuses_is_polled() {
    let it = Rendered::on(Plan::Hobby).await;
    assert_eq!(it.connect().await.delivery, Delivery::Polling);
    let projects = it.client().projects(&it.access()).await.unwrap();
    let probes = it.client().probe(&it.access(), &projects).await.unwrap();
    assert_eq!(probes.iter().map(|probe| probe.allowed).collect::<Vec<_>>(), [Some(true), Some(false)]);
    assert!(probes[1].otherwise.unwrap().contains("Professional"));
    let outcome = it.client().webhooks(&it.access()).await;
    assert!(matches!(outcome, Err(PlatformError::Rejected { status: 402, .. })), "{outcome:?}");
}

#[tokio::test]
async fn the_one_webhook_of_somebody_else_is_left_alone() {
    let it = Rendered::new().await;
    let foreign = "https://example.com/theirs".parse().unwrap();
    let theirs = it.client().create_webhook(&it.access(), &foreign, &[]).await.unwrap();
    assert_eq!(it.connect().await.delivery, Delivery::Polling);
    let left = it.client().webhooks(&it.access()).await.unwrap();
    assert_eq!((left.len(), &left[0].id, left[0].url.as_str()), (1, &theirs.id, foreign.as_str()));
    it.client().delete_webhook(&it.access(), &theirs.id).await.unwrap();
    let gone = it.client().delete_webhook(&it.access(), &theirs.id).await;
    assert_eq!(gone, Err(PlatformError::NotFound));
    assert_eq!(it.connect().await.delivery, Delivery::Webhook);
}

#[tokio::test]
async fn a_delivery_is_believed_and_leads_to_its_deploy() {
    let it = Rendered::new().await;
    it.connect().await;
    // What is delivered is looked at here, without a receiver.
    it.house.standins.world().state().render.delivery_mode = DeliveryMode::Drop;
    let failed = Build {
        project: it.seeded.project_id.clone(),
        state: Some("build_failed".into()),
        ..Build::default()
    };
    let built = build(it.house.standins.world(), failed).await.unwrap();
    let secret = it.house.standins.world().state().render.webhooks[0].secret.as_str().into();
    let kinds: Vec<&str> = built.deliveries.iter().map(|delivery| delivery.event.as_str()).collect();
    assert_eq!(kinds, ["build_ended", "deploy_ended"]);
    for delivery in &built.deliveries {
        let headers = delivery.headers.iter();
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        assert!(it.client().verify_webhook(&headers, delivery.body.as_bytes(), &secret));
        assert!(!it.client().verify_webhook(&headers, b"{}", &secret));
        let event = it.client().parse_webhook(&headers, delivery.body.as_bytes()).unwrap();
        assert_eq!(
            (&event.delivery_id, &event.kind),
            (&delivery.id, &WebhookKind::Hint(delivery.event.clone()))
        );
        assert_eq!(event.project_id.as_ref(), Some(&it.seeded.project_id));
        let hinted = it.client().hinted(&it.access(), &it.service(), &event.delivery_id).await.unwrap();
        assert_eq!(hinted.unwrap().platform_id, built.deployment_id, "{}", delivery.event);
        let other = it.add("other");
        assert_eq!(it.client().hinted(&it.access(), &other, &event.delivery_id).await, Ok(None));
    }
    for id in ["evt-of-nobody", "rubbish"] {
        assert_eq!(it.client().hinted(&it.access(), &it.service(), id).await, Ok(None));
    }
}

#[tokio::test]
async fn a_build_that_succeeded_hints_at_nothing() {
    let it = Rendered::new().await;
    it.connect().await;
    it.deploy(&it.service(), 60, "build_failed", "").await;
    it.house.standins.world().state().render.delivery_mode = DeliveryMode::Drop;
    let live = Build { project: it.seeded.project_id.clone(), ..Build::default() };
    let built = build(it.house.standins.world(), live).await.unwrap();
    let hinted = async |n: usize| {
        it.client().hinted(&it.access(), &it.service(), &built.deliveries[n].id).await.unwrap()
    };
    assert_eq!(hinted(0).await, None);
    assert_eq!(hinted(1).await.unwrap().state, DeploymentState::Ready);
}
