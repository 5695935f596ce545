//! The contract of a platform: one suite over every registered provider, each product against its stand-in.
//!
//! What a platform brings along is its [`Fixture`]. Nothing here asks which one it is.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

mod cloudflare;
mod fake;
pub mod fixture;
mod polling;
pub mod products;
mod render;
mod vercel;
mod webhooks;

use crate::house::House;
use chrono::TimeDelta;
use deploymend::{
    model::{DeploymentState, Permission, PlatformDeployment, Provider},
    platforms::BUILT_IN,
    server::integrations::{
        DeploymentsQuery, PlatformError, RepositoryLink, TokenProvider, connection_manager,
    },
};
use fixture::{BadToken, Deploy, Fixture, Place};
use products::*;
use rstest::rstest;
use rstest_reuse::apply;
use secrecy::ExposeSecret as _;
use standins::{faults::Kind, webhook::Delivery};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// A house with the fixture's platform in it.
struct Setting {
    house: House,
    place: Place,
    client: Arc<dyn TokenProvider>,
}

async fn setting(it: &dyn Fixture) -> Setting {
    let house = it.house().await;
    house.seed().await;
    let place = it.seed(&house);
    let client = house.state.registry.get(it.provider()).unwrap();
    Setting { house, place, client }
}

impl Setting {
    async fn deploy(&self, it: &dyn Fixture, state: &str, log: &str, ago: TimeDelta) -> String {
        let at = self.house.state.clock.now() - ago;
        it.deploy(&self.house, Deploy { project: &self.place.project, state, log, at }).await
    }

    async fn list(&self, query: DeploymentsQuery) -> Vec<PlatformDeployment> {
        let query = DeploymentsQuery { projects: vec![self.place.project.clone()], ..query };
        self.client.deployments(&self.place.access, query).await.unwrap()
    }
}

/// What the first try of each delivery was answered.
fn answers(deliveries: Vec<Delivery>) -> Vec<(u16, String)> {
    let first = deliveries.into_iter().filter_map(|delivery| delivery.attempts.into_iter().next());
    first.map(|attempt| (attempt.status.unwrap_or_default(), attempt.answer)).collect()
}

#[test]
fn every_registered_provider_has_its_fixture() {
    let config = crate::house::config();
    let registry = deploymend::server::integrations::Registry::new(&config, Default::default()).unwrap();
    let registered: BTreeSet<_> = registry.all().map(|provider| provider.provider()).collect();
    let fixtures = all_products().iter().map(|it| it.provider()).collect();
    assert!(registered.is_subset(&fixtures), "{registered:?} have {fixtures:?}");
    // What the browser knows is what the server can talk to.
    assert_eq!(registered, BUILT_IN.iter().copied().map(Provider::of).collect());
}

#[apply(every_product)]
#[tokio::test]
async fn a_good_token_tells_its_owner_and_what_it_reaches(it: &dyn Fixture) {
    let setting = setting(it).await;
    let Setting { place, client, .. } = &setting;
    let token = &place.access.token;
    client.check_token_format(token.expose_secret()).unwrap();
    let user = client.validate_token(token).await.unwrap();
    assert_eq!(user.email.as_deref(), Some("octo-dev@example.com"), "{}", it.name());
    assert!(!user.external_id.is_empty() && !user.username.is_empty());
    let teams = client.teams(&place.access).await.unwrap();
    assert!(teams.iter().any(|team| Some(&team.id) == place.access.team_id.as_ref() && team.accessible));
    let projects = client.projects(&place.access).await.unwrap();
    let project = projects.iter().find(|project| project.id == place.project.id).unwrap();
    assert_eq!(project.name, place.project.name);
    assert_eq!(project.team_id, place.access.team_id);
    assert_eq!(project.link.github_full_name(), Some(fixture::REPOSITORY));
    assert_eq!(client.project(&place.access, &place.project).await.unwrap(), *project);
    for probe in client.probe(&place.access, &projects).await.unwrap() {
        assert_ne!(probe.allowed, Some(false), "{}: {probe:?}", it.name());
    }
    let budget = client.budget(token).unwrap();
    assert!(budget.limit > budget.remaining && budget.remaining > 0, "{budget:?}");
}

#[apply(every_product)]
#[tokio::test]
async fn a_bad_token_is_refused_by_every_call(
    it: &dyn Fixture,
    #[values(BadToken::Unknown, BadToken::Expired)] kind: BadToken,
) {
    let Setting { house, mut place, client } = setting(it).await;
    place.access.token = it.bad_token(&house, kind).into();
    let (access, project) = (&place.access, &place.project);
    let refused = Err(PlatformError::TokenRefused);
    assert_eq!(client.validate_token(&access.token).await.map(drop), refused, "{}", it.name());
    assert_eq!(client.teams(access).await.map(drop), refused);
    assert_eq!(client.projects(access).await.map(drop), refused);
    assert_eq!(client.project(access, project).await.map(drop), refused);
    assert_eq!(client.deployment(access, project, "x").await.map(drop), refused);
    assert_eq!(client.build_log(access, project, "x").await.map(drop), refused);
    assert_eq!(client.redeploy(access, project, "x").await.map(drop), refused);
    assert_eq!(client.webhooks(access).await.map(drop), refused);
    let query = DeploymentsQuery { projects: vec![project.clone()], ..DeploymentsQuery::default() };
    assert_eq!(client.deployments(access, query).await.map(drop), refused);
}

#[apply(every_product)]
#[tokio::test]
async fn a_missing_permission_is_named(it: &dyn Fixture) {
    let Setting { house, place, .. } = setting(it).await;
    let Some(weak) = it.weak_token(&house, &place) else { return };
    let platforms = house.platforms();
    let check = async |token: &secrecy::SecretString| {
        let report = connection_manager::examine(platforms, &house.user_id, it.provider(), token).await;
        let checks = report.unwrap().checks.into_iter();
        checks.filter(|check| check.permission != Permission::Works).collect::<Vec<_>>()
    };
    assert_eq!(check(&place.access.token).await, [], "{}", it.name());
    let found = check(&weak.into()).await;
    let [lacking] = &found[..] else { panic!("{}: {found:?}", it.name()) };
    assert!(lacking.note.as_ref().is_some_and(|note| note.contains("Acme")), "{lacking:?}");
}

#[apply(every_product)]
#[case::rate_limit(Kind::RateLimited { retry_after: Some(7) }, PlatformError::Transient { retry_after: Some(Duration::from_secs(7)) })]
#[case::broken(Kind::Status { status: 500 }, PlatformError::Transient { retry_after: None })]
#[case::unavailable(Kind::Status { status: 503 }, PlatformError::Transient { retry_after: None })]
#[case::unauthorized(Kind::Status { status: 401 }, PlatformError::TokenRefused)]
#[case::forbidden(Kind::Status { status: 403 }, PlatformError::TokenRefused)]
#[case::cut(Kind::Truncated, PlatformError::Transient { retry_after: None })]
#[tokio::test]
async fn trouble_is_sorted_by_what_helps(
    it: &dyn Fixture,
    #[case] kind: Kind,
    #[case] expected: PlatformError,
) {
    let setting = setting(it).await;
    let id = setting.deploy(it, it.failed(), "line", TimeDelta::zero()).await;
    let Setting { place: Place { access, project }, client, .. } = &setting;
    let paths = it.paths();
    it.spoil(&setting.house, paths.user, kind.clone());
    assert_eq!(client.validate_token(&access.token).await.map(drop), Err(expected.clone()), "{}", it.name());
    it.spoil(&setting.house, paths.deployments, kind.clone());
    let query = DeploymentsQuery { projects: vec![project.clone()], ..DeploymentsQuery::default() };
    assert_eq!(client.deployments(access, query).await.map(drop), Err(expected.clone()));
    it.spoil(&setting.house, paths.log, kind);
    assert_eq!(client.build_log(access, project, &id).await.map(drop), Err(expected));
    // And then it works.
    assert_eq!(client.build_log(access, project, &id).await.unwrap().lines, ["line"]);
}

#[apply(every_product)]
#[tokio::test]
async fn a_platform_that_says_nothing_is_not_waited_for(it: &dyn Fixture) {
    let setting = setting(it).await;
    let short = reqwest::Client::builder().timeout(Duration::from_millis(200)).build().unwrap();
    it.spoil(&setting.house, it.paths().user, Kind::Slow { ms: 5_000 });
    let answer = it.over(short, &setting.house).validate_token(&setting.place.access.token).await;
    assert_eq!(answer.map(drop), Err(PlatformError::Transient { retry_after: None }), "{}", it.name());
}

#[apply(every_product)]
#[tokio::test]
async fn lists_are_read_to_their_end(it: &dyn Fixture) {
    let setting = setting(it).await;
    let mut expected = BTreeSet::from([setting.place.project.id.clone()]);
    for n in 0..12 {
        expected.insert(it.add_project(&setting.house, &setting.place, &format!("project-{n}")).id);
    }
    let listed = setting.client.projects(&setting.place.access).await.unwrap();
    let listed: Vec<String> = listed.into_iter().map(|project| project.id).collect();
    assert_eq!(listed.len(), expected.len(), "{}", it.name());
    assert!(listed.iter().all(|id| expected.contains(id)));
    // Without a team there is nothing of a team's.
    let alone = setting.place.access.for_team(None);
    assert_eq!(setting.client.projects(&alone).await.unwrap(), []);
}

#[apply(every_product)]
#[tokio::test]
async fn links_of_every_kind_are_told_apart(it: &dyn Fixture) {
    let setting = setting(it).await;
    let expected = it.add_links(&setting.house, &setting.place);
    let listed = setting.client.projects(&setting.place.access).await.unwrap();
    for (project, link) in expected {
        let found: Vec<&RepositoryLink> =
            listed.iter().filter(|listed| listed.id == project.id).map(|listed| &listed.link).collect();
        assert_eq!(found, [&link], "{}: {}", it.name(), project.name);
    }
}

#[apply(every_product)]
#[tokio::test]
async fn every_state_is_mapped_and_an_unknown_one_is_not_over(it: &dyn Fixture) {
    let setting = setting(it).await;
    let Setting { place: Place { access, project }, client, .. } = &setting;
    for (word, state) in it.states() {
        let id = setting.deploy(it, word, "", TimeDelta::zero()).await;
        let one = client.deployment(access, project, &id).await.unwrap();
        assert_eq!((&one.platform_id, one.state), (&id, state), "{}: {word}", it.name());
        assert_eq!((&one.project_id, &one.project_name), (&project.id, &project.name));
        assert_eq!(one.branch.as_deref(), Some("main"));
        assert_eq!(one.commit_sha.as_ref().map(String::len), Some(40));
        assert!(!one.from_fork);
        assert_eq!(client.find_deployment(access, std::slice::from_ref(project), &id).await.unwrap(), one);
    }
    let nobodys = client.deployment(access, project, "00000000-0000-0000-0000-000000000000").await;
    assert_eq!(nobodys.map(drop), Err(PlatformError::NotFound));
}

#[apply(every_product)]
#[tokio::test]
async fn deployments_are_filtered_and_paged(it: &dyn Fixture) {
    let setting = setting(it).await;
    let ready = it.states().into_iter().find(|(_, state)| *state == DeploymentState::Ready).unwrap().0;
    let minutes = |n: i64| TimeDelta::minutes(n);
    // Oldest first, as they come to be: what is live takes the place of what was.
    for n in (0..14).rev() {
        let state = if n % 2 == 0 { it.failed() } else { ready };
        setting.deploy(it, state, "", minutes(n)).await;
    }
    let now = setting.house.state.clock.now();
    let all = setting.list(DeploymentsQuery::default()).await;
    assert_eq!(all.len(), 14, "{}", it.name());
    assert!(all.is_sorted_by_key(|deployment| std::cmp::Reverse(deployment.created_at)));
    let failed = DeploymentsQuery {
        state: Some(DeploymentState::Failed),
        since: Some(now - minutes(9) - TimeDelta::seconds(30)),
        ..DeploymentsQuery::default()
    };
    assert_eq!(setting.list(failed).await.len(), 5);
    let until = DeploymentsQuery { until: Some(now - minutes(9)), ..DeploymentsQuery::default() };
    assert_eq!(setting.list(until).await.len(), 4);
    let newest = setting.list(DeploymentsQuery { limit: Some(3), ..DeploymentsQuery::default() }).await;
    assert_eq!(newest, all[..3]);
    let other = DeploymentsQuery { branch: Some("other".into()), ..DeploymentsQuery::default() };
    assert_eq!(setting.list(other).await, []);
    let main = DeploymentsQuery { branch: Some("main".into()), ..DeploymentsQuery::default() };
    assert_eq!(setting.list(main).await.len(), 14);
    let of_nothing = setting.client.deployments(&setting.place.access, DeploymentsQuery::default()).await;
    assert_eq!(of_nothing.unwrap(), []);
}

#[apply(every_product)]
#[tokio::test]
async fn a_log_is_read_whole_in_order_and_without_its_neighbours(it: &dyn Fixture) {
    let setting = setting(it).await;
    let Setting { place: Place { access, project }, client, .. } = &setting;
    let lines: Vec<String> = (0..2_500).map(|n| format!("line {n} \u{1b}[31mé\u{1b}[0m")).collect();
    setting.deploy(it, it.failed(), "of an older one", TimeDelta::hours(2)).await;
    let long = setting.deploy(it, it.failed(), &lines.join("\n"), TimeDelta::hours(1)).await;
    let empty = setting.deploy(it, it.failed(), "", TimeDelta::minutes(5)).await;
    let log = client.build_log(access, project, &long).await.unwrap();
    assert_eq!((log.lines.len(), log.gap_after), (2_500, None), "{}", it.name());
    assert_eq!(log.lines, lines);
    assert_eq!(client.build_log(access, project, &empty).await.unwrap().lines, Vec::<String>::new());
    let nobodys = client.build_log(access, project, "00000000-0000-0000-0000-000000000000").await;
    assert_eq!(nobodys, Err(PlatformError::NotFound));
}

#[apply(every_product)]
#[tokio::test]
async fn a_commit_is_built_once_more(it: &dyn Fixture) {
    let setting = setting(it).await;
    let Setting { place: Place { access, project }, client, .. } = &setting;
    let id = setting.deploy(it, it.failed(), "", TimeDelta::hours(1)).await;
    client.redeploy(access, project, &id).await.unwrap();
    let [again, before] = &setting.list(DeploymentsQuery::default()).await[..] else { panic!("two") };
    assert_eq!(before.platform_id, id, "{}", it.name());
    assert_eq!((&again.commit_sha, &again.branch), (&before.commit_sha, &before.branch));
    assert!(matches!(again.state, DeploymentState::Queued | DeploymentState::Building), "{again:?}");
}
