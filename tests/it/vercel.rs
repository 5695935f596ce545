//! Vercel's client and the connection manager against the stand-in.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use deploymend::{
    model::{ConnectionHealth, Delivery, DeploymentState, Provider},
    server::{
        db,
        integrations::{
            DeploymentsQuery, PlatformError, ProjectRef, RepositoryLink,
            connection_manager::{self, ConnectionError},
        },
    },
};
use rstest::rstest;
use serde_json::json;
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::{Seed, Seeded},
    vercel::{
        actions::{NewDeployment, NewProject, NewTeam, NewToken, NewUser, add_team, add_token, add_user},
        state::Plan,
    },
};
use std::time::Duration;

fn project(seeded: &Seeded) -> ProjectRef {
    ProjectRef { id: seeded.project_id.clone(), name: "shop-web".into() }
}

fn fault(path: &str, kind: Kind) -> Fault {
    Fault { server: Server::Vercel, method: None, path: path.into(), times: 1, kind }
}

#[tokio::test]
async fn a_token_tells_its_owner() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let vercel = house.vercel();
    let user = vercel.validate_token(&seeded.vercel_token.as_str().into()).await.unwrap();
    assert_eq!((user.username.as_str(), user.email.as_deref()), ("octo-dev", Some("octo-dev@example.com")));
    house.standins.revoke_vercel_token(&seeded.vercel_token);
    let refused = vercel.validate_token(&seeded.vercel_token.into()).await;
    assert_eq!(refused, Err(PlatformError::TokenRefused));
}

#[rstest]
#[case::rate_limit(Kind::RateLimited { retry_after: Some(7) }, PlatformError::Transient { retry_after: Some(Duration::from_secs(7)) })]
#[case::broken(Kind::Status { status: 500 }, PlatformError::Transient { retry_after: None })]
#[case::unavailable(Kind::Status { status: 503 }, PlatformError::Transient { retry_after: None })]
#[case::unauthorized(Kind::Status { status: 401 }, PlatformError::TokenRefused)]
#[case::gone(Kind::Status { status: 410 }, PlatformError::NotFound)]
#[case::cut(Kind::Truncated, PlatformError::Transient { retry_after: None })]
#[tokio::test]
async fn trouble_is_sorted_by_what_helps(#[case] kind: Kind, #[case] expected: PlatformError) {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.add_fault(fault("/v2/user", kind));
    let token = seeded.vercel_token.into();
    assert_eq!(house.vercel().validate_token(&token).await, Err(expected));
    assert!(house.vercel().validate_token(&token).await.is_ok());
}

#[tokio::test]
async fn a_window_without_retry_after_is_still_waited_for() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.add_fault(fault("/v2/user", Kind::RateLimited { retry_after: None }));
    let outcome = house.vercel().validate_token(&seeded.vercel_token.into()).await;
    let Err(PlatformError::Transient { retry_after: Some(wait) }) = outcome else { panic!("{outcome:?}") };
    assert!(wait <= Duration::from_secs(60), "{wait:?}");
}

#[tokio::test]
async fn lists_are_paged_to_the_end() {
    let house = House::new().await;
    let seeded = house.seed().await;
    for n in 0..12 {
        let name = format!("project-{n}");
        house
            .standins
            .add_project(NewProject { name, team: Some("acme".into()), ..NewProject::default() })
            .unwrap();
        let slug = format!("team-{n}");
        add_team(house.standins.world(), NewTeam { slug, plan: Plan::Pro, members: vec!["octo-dev".into()] })
            .unwrap();
    }
    let access = house.access(&seeded.vercel_token, Some(&seeded.team_id));
    assert_eq!(house.vercel().projects(&access).await.unwrap().len(), 13);
    assert_eq!(house.vercel().teams(&access).await.unwrap().len(), 13);
}

#[tokio::test]
async fn deployments_are_filtered_and_paged() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let now = chrono::Utc::now().timestamp_millis();
    let deployment = |n: i64, state: &str| NewDeployment {
        project: seeded.project_id.clone(),
        state: Some(state.into()),
        created_at: Some(now - n * 1000),
        ..NewDeployment::default()
    };
    for n in 0..14 {
        house
            .standins
            .deploy(deployment(n, if n % 2 == 0 { "ERROR" } else { "READY" }), false)
            .await
            .unwrap();
    }
    house.standins.deploy(deployment(20, "OF_TOMORROW"), false).await.unwrap();
    let access = house.access(&seeded.vercel_token, Some(&seeded.team_id));
    let list = |query| {
        let (vercel, access) = (house.vercel(), access.clone());
        async move { vercel.deployments(&access, query).await.unwrap() }
    };
    let one = || vec![project(&seeded)];
    let all = list(DeploymentsQuery { projects: one(), ..DeploymentsQuery::default() }).await;
    assert_eq!(all.len(), 15);
    assert!(all.is_sorted_by_key(|deployment| std::cmp::Reverse(deployment.created_at)));
    assert_eq!(all[14].state, DeploymentState::Building);
    let failed = list(DeploymentsQuery {
        projects: one(),
        state: Some(DeploymentState::Failed),
        since: chrono::DateTime::from_timestamp_millis(now - 9500),
        ..DeploymentsQuery::default()
    });
    assert_eq!(failed.await.len(), 5);
    let newest = list(DeploymentsQuery { projects: one(), limit: Some(3), ..DeploymentsQuery::default() });
    assert_eq!(newest.await.len(), 3);
    let other = list(DeploymentsQuery {
        projects: one(),
        branch: Some("other".into()),
        ..DeploymentsQuery::default()
    });
    assert_eq!(other.await, []);
}

#[tokio::test]
async fn one_deployment_has_its_git_facts_and_its_log() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let log: Vec<String> = (0..2500).map(|n| format!("line {n}")).collect();
    let (made, _) =
        house.standins.break_project(&seeded.project_id, None, &log.join("\n"), false).await.unwrap();
    let access = house.access(&seeded.vercel_token, Some(&seeded.team_id));
    let deployment = house.vercel().deployment(&access, &project(&seeded), &made.id).await.unwrap();
    assert_eq!(deployment.state, DeploymentState::Failed);
    assert_eq!(deployment.repository.as_deref(), Some("acme/shop-web"));
    assert_eq!(deployment.commit_sha.as_deref(), Some(seeded.sha.as_str()));
    assert_eq!(deployment.branch.as_deref(), Some("main"));
    assert!(!deployment.from_fork);
    let read = house.vercel().build_log(&access, &project(&seeded), &made.id).await.unwrap();
    let (head, tail) = (read.lines.first().unwrap(), read.lines.last().unwrap());
    assert_eq!((head.as_str(), tail.as_str(), read.gap_after), ("line 0", "line 2499", None));
    assert_eq!(read.lines, log);
    assert_eq!(
        house.vercel().deployment(&access, &project(&seeded), "dpl_none").await,
        Err(PlatformError::NotFound)
    );
}

#[tokio::test]
async fn a_cut_log_is_not_taken_for_a_whole_one() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let log = "line\n".repeat(50);
    let (made, _) = house.standins.break_project(&seeded.project_id, None, &log, false).await.unwrap();
    house.standins.add_fault(fault("/events", Kind::Truncated));
    let access = house.access(&seeded.vercel_token, Some(&seeded.team_id));
    let outcome = house.vercel().build_log(&access, &project(&seeded), &made.id).await;
    assert_eq!(outcome, Err(PlatformError::Transient { retry_after: None }));
}

#[tokio::test]
async fn connecting_watches_everything_with_one_webhook_per_team() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.seed_with(Seed { repository: "acme/docs".into(), ..Seed::default() }).await;
    let gitlab =
        json!({"type": "gitlab", "projectName": "x", "projectNamespace": "acme", "productionBranch": "main"});
    let other = NewProject {
        name: "elsewhere".into(),
        team: Some("acme".into()),
        link: Some(gitlab),
        ..NewProject::default()
    };
    house.standins.add_project(other).unwrap();

    let connection = house.connect(&format!("  {}\n", seeded.vercel_token)).await.unwrap();
    assert_eq!((connection.username.as_str(), connection.projects), ("octo-dev", 3));
    assert_eq!((connection.covered, connection.repairable), (3, 2));
    assert_eq!((connection.delivery, connection.delivery_note), (Delivery::Webhook, None));
    let [webhook] = &house.standins.webhooks()[..] else { panic!("one webhook") };
    assert_eq!(webhook.url, format!("{}/api/integrations/vercel/webhooks", house.address));
    assert_eq!(webhook.events, ["deployment.error", "deployment.succeeded", "deployment.canceled"]);
    for row in house.subscriptions().await {
        assert_eq!(row.webhook_id.as_ref(), Some(&webhook.id));
        match row.repository_kind.as_str() {
            "github" => assert!(row.github_repo_full_name.starts_with("acme/")),
            // Nothing can be pushed to a repository without a name.
            kind => assert_eq!((kind, row.github_repo_full_name.as_str()), ("gitlab", "")),
        }
        assert!(row.auto_fix_enabled);
        let sealed = row.webhook_secret.unwrap();
        assert!(!sealed.contains(&webhook.secret));
        let identity = db::subscriptions::secret_identity(&row.id);
        assert!(house.state.keys.open(&identity, &sealed).is_ok());
    }
    let row = house.integration().await;
    assert!(!row.access_token.contains(&seeded.vercel_token));

    // Again: the same subscriptions, the same webhook.
    let again = house.connect(&seeded.vercel_token).await.unwrap();
    assert_eq!((again.id, again.projects), (connection.id, 3));
    assert_eq!(house.standins.webhooks().len(), 1);
    assert_eq!(house.standins.webhooks()[0].id, webhook.id);
}

#[tokio::test]
async fn connecting_twice_at_once_is_connecting_once() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let tries = futures::future::join_all((0..5).map(|_| house.connect(&seeded.vercel_token))).await;
    let ids: Vec<String> = tries.into_iter().map(|outcome| outcome.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(house.standins.webhooks().len(), 1);
    assert_eq!(house.subscriptions().await.len(), 1);
}

#[tokio::test]
async fn strays_of_a_crash_are_cleaned_up_and_others_webhooks_are_left() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let access = house.access(&seeded.vercel_token, Some(&seeded.team_id));
    let ours = format!("{}/api/integrations/vercel/webhooks", house.address).parse().unwrap();
    let foreign = format!("{}/elsewhere", house.address).parse().unwrap();
    let stray = house.vercel().create_webhook(&access, &ours, &[]).await.unwrap();
    let other = house.vercel().create_webhook(&access, &foreign, &[]).await.unwrap();
    house.connect(&seeded.vercel_token).await.unwrap();
    let left: Vec<String> = house.standins.webhooks().into_iter().map(|webhook| webhook.id).collect();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&other.id) && !left.contains(&stray.id));
}

#[tokio::test]
async fn a_webhook_that_vanished_is_made_again() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    let before = house.standins.webhooks()[0].id.clone();
    let access = house.access(&seeded.vercel_token, Some(&seeded.team_id));
    house.vercel().delete_webhook(&access, &before).await.unwrap();
    house.connect(&seeded.vercel_token).await.unwrap();
    let after = house.standins.webhooks()[0].id.clone();
    assert_ne!(before, after);
    assert_eq!(house.subscriptions().await[0].webhook_id.as_deref(), Some(after.as_str()));
}

#[tokio::test]
async fn a_plan_without_webhooks_is_polled() {
    let house = House::new().await;
    let seeded = house.seed_with(Seed { plan: Plan::Hobby, ..Seed::default() }).await;
    let connection = house.connect(&seeded.vercel_token).await.unwrap();
    assert_eq!((connection.delivery, connection.health), (Delivery::Polling, ConnectionHealth::Ok));
    insta::assert_snapshot!(connection.delivery_note.unwrap(), @"
        Vercel refused the webhook; its plan may have none. Failures are found by polling.
    ");
}

#[tokio::test]
async fn without_a_public_address_no_webhook_is_made() {
    let house = House::with(|config| config.public_url = None).await;
    let seeded = house.seed().await;
    let connection = house.connect(&seeded.vercel_token).await.unwrap();
    assert_eq!((connection.delivery, connection.projects), (Delivery::Polling, 1));
    assert!(connection.delivery_note.unwrap().contains("DEPLOYMEND_PUBLIC_URL"));
    assert!(house.standins.webhooks().is_empty());
}

#[tokio::test]
async fn a_refused_token_stores_nothing() {
    let house = House::new().await;
    house.seed().await;
    let refused = house.connect("vcp_this_token_was_never_given_out").await;
    assert!(matches!(refused, Err(ConnectionError::Platform { error: PlatformError::TokenRefused, .. })));
    assert!(matches!(house.connect("short").await, Err(ConnectionError::Format(_))));
    let status =
        connection_manager::status(house.platforms(), &house.user_id, Provider::VERCEL).await.unwrap();
    assert_eq!(status, None);
}

#[tokio::test]
async fn trouble_while_connecting_stores_nothing_and_can_be_repeated() {
    let house = House::new().await;
    let seeded = house.seed().await;
    for path in ["/v2/teams", "/v10/projects"] {
        house.standins.add_fault(fault(path, Kind::Status { status: 502 }));
        assert!(house.connect(&seeded.vercel_token).await.is_err(), "{path}");
        assert!(house.subscriptions().await.is_empty());
    }
    assert_eq!(house.connect(&seeded.vercel_token).await.unwrap().delivery, Delivery::Webhook);
}

#[tokio::test]
async fn a_webhook_made_without_an_answer_does_not_stay() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let lost =
        Fault { method: Some("POST".into()), ..fault("/v1/webhooks", Kind::AfterEffect { status: 500 }) };
    house.standins.add_fault(lost);
    let connection = house.connect(&seeded.vercel_token).await.unwrap();
    assert_eq!(connection.delivery, Delivery::Polling);
    let stray = house.standins.webhooks()[0].id.clone();
    assert_eq!(house.connect(&seeded.vercel_token).await.unwrap().delivery, Delivery::Webhook);
    let [webhook] = &house.standins.webhooks()[..] else { panic!("one webhook") };
    assert_ne!(webhook.id, stray);
}

#[tokio::test]
async fn a_token_for_one_team_sees_that_team() {
    let house = House::new().await;
    let seeded = house.seed().await;
    add_team(
        house.standins.world(),
        NewTeam { slug: "other".into(), plan: Plan::Pro, members: vec!["octo-dev".into()] },
    )
    .unwrap();
    let limited = NewToken { user: "octo-dev".into(), team: Some("acme".into()), ..NewToken::default() };
    let token = add_token(house.standins.world(), limited).unwrap();
    let connection = house.connect(&token).await.unwrap();
    assert_eq!((connection.projects, connection.delivery), (1, Delivery::Webhook));
    assert_eq!(house.subscriptions().await[0].team_id.as_ref(), Some(&seeded.team_id));
}

#[tokio::test]
async fn disconnecting_leaves_nothing_behind() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    connection_manager::disconnect(house.platforms(), &house.user_id, Provider::VERCEL).await.unwrap();
    assert!(house.standins.webhooks().is_empty());
    assert!(house.subscriptions().await.is_empty());
    assert!(db::integrations::list(&house.state.db, &house.user_id).await.unwrap().is_empty());
    let again = connection_manager::disconnect(house.platforms(), &house.user_id, Provider::VERCEL).await;
    assert!(matches!(again, Err(ConnectionError::NotConnected(_))));
}

#[tokio::test]
async fn disconnecting_works_without_the_platform() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    house.standins.revoke_vercel_token(&seeded.vercel_token);
    connection_manager::disconnect(house.platforms(), &house.user_id, Provider::VERCEL).await.unwrap();
    assert!(house.subscriptions().await.is_empty());
}

#[tokio::test]
async fn another_account_takes_the_place_of_the_first() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    let user = NewUser { username: "second".into(), email: None, name: None };
    add_user(house.standins.world(), user);
    let token =
        add_token(house.standins.world(), NewToken { user: "second".into(), ..NewToken::default() }).unwrap();
    let connection = house.connect(&token).await.unwrap();
    assert_eq!((connection.username.as_str(), connection.projects), ("second", 0));
    assert!(house.standins.webhooks().is_empty());
}

#[tokio::test]
async fn the_webhook_goes_with_the_last_subscription() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.seed_with(Seed { repository: "acme/docs".into(), ..Seed::default() }).await;
    house.connect(&seeded.vercel_token).await.unwrap();
    for left in [1, 0] {
        let row = house.subscriptions().await.remove(0);
        connection_manager::unsubscribe(house.platforms(), &row).await.unwrap();
        assert_eq!(house.standins.webhooks().len(), left);
        assert_eq!(house.subscriptions().await.len(), left);
    }
}

#[test]
fn only_github_com_counts_as_github() {
    let custom = RepositoryLink::Github { full_name: "a/b".into(), host: Some("git.acme.test".into()) };
    assert_eq!(custom.github_full_name(), None);
}
