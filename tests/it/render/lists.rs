//! Whose key it is, and what it lists: workspaces, services, deploys.

use super::Rendered;
use chrono::TimeDelta;
use deploymend::model::DeploymentState;
use deploymend::server::integrations::{
    Access, DeploymentsQuery, PlatformError, Project, ProjectRef, RepositoryLink,
};
use rstest::rstest;
use standins::faults::Kind;
use standins::render::actions::{NewOwner, NewProject, add_owner, add_project, revoke_token};
use standins::render::state::Settings;
use std::time::Duration;

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
