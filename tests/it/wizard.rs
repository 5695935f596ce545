//! What the token wizard and the page of projects rest on: tokens tried out before anything is stored, a team chosen,
//! projects of every kind, and syncing.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use deploymend::{
    model::{
        ApiError, ErrorCode, Permission, ProjectStanding, Provider, RepositoryKind, TokenReport, TokenScope,
    },
    server::{
        db,
        integrations::{
            PlatformError,
            connection_manager::{self, ConnectRequest, ConnectionError},
        },
    },
};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::{Build, Seed, Seeded},
    vercel::{
        actions::{NewProject, NewTeam, NewToken, add_team, add_token},
        state::Plan,
    },
};
use std::collections::{BTreeMap, HashSet};

const BASE: &str = "/api/integrations/vercel";

fn fault(path: &str, times: u32, kind: Kind) -> Fault {
    Fault { server: Server::Vercel, method: None, path: path.into(), times, kind }
}

async fn examine(house: &House, token: &str) -> Result<TokenReport, ConnectionError> {
    connection_manager::examine(house.platforms(), &house.user_id, Provider::VERCEL, &token.into()).await
}

fn permissions(report: &TokenReport) -> Vec<(&str, Permission)> {
    report.checks.iter().map(|check| (check.name.as_str(), check.permission)).collect()
}

/// A second team of the person, with one project.
fn second_team(house: &House) -> String {
    let team = NewTeam { slug: "beta".into(), plan: Plan::Pro, members: vec!["octo-dev".into()] };
    let team = add_team(house.standins.world(), team).unwrap().id;
    add_project(house, "beta", "beta-app", None);
    team
}

fn add_project(house: &House, team: &str, name: &str, link: Option<Value>) -> String {
    let new = NewProject { name: name.into(), team: Some(team.into()), link, ..NewProject::default() };
    house.standins.add_project(new).unwrap().id
}

async fn connected() -> (House, Seeded) {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    (house, seeded)
}

async fn overview(house: &House) -> BTreeMap<String, (ProjectStanding, RepositoryKind)> {
    let overview = connection_manager::overview(house.platforms(), &house.integration().await).await.unwrap();
    assert!(overview.trouble.is_none());
    let row = |known: connection_manager::Known| match known {
        connection_manager::Known { project: Some(project), standing, .. } => {
            (project.name.clone(), (standing, project.link.kind()))
        }
        connection_manager::Known { watched, standing, .. } => {
            let watched = watched.unwrap();
            (watched.platform_project_name.clone(), (standing, db::subscriptions::repository_kind(&watched)))
        }
    };
    overview.projects.into_iter().map(row).collect()
}

#[tokio::test]
async fn a_good_token_says_whose_it_is_what_it_may_and_when_it_ends() {
    let house = House::new().await;
    house.seed().await;
    let team = second_team(&house);
    let end = house.state.clock.now().timestamp_millis() + 86_400_000;
    let new = NewToken { user: "octo-dev".into(), expires_at: Some(end), ..NewToken::default() };
    let token = add_token(house.standins.world(), new).unwrap();
    let report = examine(&house, &token).await.unwrap();
    assert_eq!(
        (report.owner.username.as_str(), report.owner.name.as_deref()),
        ("octo-dev", Some("Octo Dev"))
    );
    assert_eq!(report.expires_at.map(|end| end.timestamp_millis()), Some(end));
    assert!(report.usable());
    assert!(report.checks.iter().all(|check| check.permission == Permission::Works), "{:?}", report.checks);
    assert_eq!(report.replaces, None);
    let beta = report.scopes.iter().find(|scope| scope.name == "beta").unwrap();
    assert_eq!(
        beta,
        &TokenScope { team_id: Some(team), name: "beta".into(), projects: 1, repositories: vec![] }
    );
    assert_eq!(report.scopes.iter().map(|scope| scope.repositories.len()).sum::<usize>(), 1);
    // Looking stores nothing, and connecting takes the platform's word for the expiry.
    assert!(db::integrations::list(&house.state.db, &house.user_id).await.unwrap().is_empty());
    let connection = house.connect(&token).await.unwrap();
    assert_eq!(connection.expires_at, report.expires_at);
}

#[tokio::test]
async fn an_expired_token_is_refused_with_what_to_do() {
    let house = House::new().await;
    house.seed().await;
    let new = NewToken { user: "octo-dev".into(), expires_at: Some(1), ..NewToken::default() };
    let token = add_token(house.standins.world(), new).unwrap();
    let error = ApiError::from(examine(&house, &token).await.unwrap_err());
    assert_eq!(error.code, ErrorCode::TokenRefused);
    assert!(error.message.contains("expired") && error.message.contains("create a new one"), "{error}");
}

#[rstest]
#[case::broken("/v2/user", Kind::Status { status: 503 })]
#[case::teams("/v2/teams", Kind::Status { status: 500 })]
#[case::projects("/v10/projects", Kind::RateLimited { retry_after: Some(30) })]
#[case::deployments("/v7/deployments", Kind::Status { status: 502 })]
#[case::webhooks("/v1/webhooks", Kind::Truncated)]
#[tokio::test]
async fn a_platform_in_trouble_is_not_taken_for_a_bad_token(#[case] path: &str, #[case] kind: Kind) {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.add_fault(fault(path, 1, kind));
    let body = json!({"token": seeded.vercel_token});
    let (status, answer) = house.call("POST", &format!("{BASE}/token/test"), Some(body.clone())).await;
    assert_eq!((status, &answer["error"]["code"]), (502, &json!("platform_unavailable")), "{path}");
    let (status, answer) = house.call("POST", &format!("{BASE}/token/test"), Some(body)).await;
    assert_eq!((status, &answer["valid"]), (200, &json!(true)));
}

#[tokio::test]
async fn an_expiry_that_is_not_told_is_no_trouble() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.add_fault(fault("/v5/user/tokens", 2, Kind::Status { status: 403 }));
    assert_eq!(examine(&house, &seeded.vercel_token).await.unwrap().expires_at, None);
    house.connect(&seeded.vercel_token).await.unwrap();
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.add_fault(fault("/v7/deployments", 1, Kind::Status { status: 403 }));
    let report = examine(&house, &seeded.vercel_token).await.unwrap();
    assert!(!report.usable());
    assert_eq!(permissions(&report)[1], ("Deployments and build logs", Permission::Missing));
    assert!(report.checks[1].note.as_ref().unwrap().contains("acme"));
    // One that is refused in one place only is a limit.
    second_team(&house);
    house.standins.add_fault(fault("/v10/projects", 1, Kind::Status { status: 403 }));
    let report = examine(&house, &seeded.vercel_token).await.unwrap();
    assert!(report.usable());
    assert_eq!(permissions(&report)[0], ("Projects", Permission::Limited));
}

#[tokio::test]
async fn webhooks_that_cannot_be_are_a_limit_with_its_reason() {
    let house = House::with(|config| config.public_url = None).await;
    let seeded = house.seed().await;
    let report = examine(&house, &seeded.vercel_token).await.unwrap();
    assert_eq!(permissions(&report)[2], ("Webhooks", Permission::Limited));
    assert!(report.checks[2].note.as_ref().unwrap().contains("DEPLOYMEND_PUBLIC_URL"));
    assert!(report.usable());
}

#[tokio::test]
async fn a_token_of_another_account_says_what_it_would_end() {
    let (house, _) = connected().await;
    let other = house
        .seed_with(Seed {
            login: "second".into(),
            team: "beta".into(),
            repository: "beta/x".into(),
            ..Seed::default()
        })
        .await;
    let report = examine(&house, &other.vercel_token).await.unwrap();
    assert_eq!(report.replaces.as_deref(), Some("octo-dev"));
}

#[tokio::test]
async fn one_team_is_chosen_and_the_others_are_let_go() {
    let (house, seeded) = connected().await;
    let beta = second_team(&house);
    let request = |team: &str| ConnectRequest {
        team_id: Some(team.to_owned()),
        note: Some("beta only".into()),
        auto_fix: false,
        ..ConnectRequest::from(SecretString::from(seeded.vercel_token.as_str()))
    };
    let connect = |team: String| {
        connection_manager::connect(house.platforms(), &house.user_id, Provider::VERCEL, request(&team))
    };
    let connection = connect(beta.clone()).await.unwrap();
    assert_eq!((connection.projects, connection.token_note.as_deref()), (1, Some("beta only")));
    let [watched] = &house.subscriptions().await[..] else { panic!("one project") };
    assert_eq!((watched.team_id.as_deref(), watched.auto_fix_enabled), (Some(beta.as_str()), false));
    let webhooks = house.standins.webhooks();
    assert_eq!((webhooks.len(), webhooks[0].owner_id.as_str()), (1, beta.as_str()));
    // Syncing stays with the team.
    let synced = connection_manager::sync(house.platforms(), &house.integration().await).await.unwrap();
    assert_eq!((synced.added, synced.gone), (0, 0));
    let unknown = connect("team_of_somebody_else".into()).await;
    assert!(matches!(unknown, Err(ConnectionError::UnknownTeam)));
    assert_eq!(house.integration().await.team_id, Some(beta));
}

#[rstest]
#[case::past(json!({"expiresOn": "2020-01-01"}), 422, "invalid")]
#[case::no_day(json!({"expiresOn": "soon"}), 422, "invalid")]
#[case::note(json!({"note": "x".repeat(201)}), 422, "invalid")]
#[case::team(json!({"teamId": "team_of_somebody_else"}), 404, "not_found")]
#[case::unknown_field(json!({"secret": "x"}), 422, "invalid")]
#[tokio::test]
async fn what_goes_with_a_token_is_checked(#[case] more: Value, #[case] status: u16, #[case] code: &str) {
    let house = House::new().await;
    let seeded = house.seed().await;
    let mut body = json!({"token": seeded.vercel_token});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (answered, answer) = house.call("POST", &format!("{BASE}/connect"), Some(body)).await;
    assert_eq!((answered, &answer["error"]["code"]), (status, &json!(code)));
    assert!(house.subscriptions().await.is_empty());
}

#[tokio::test]
async fn the_user_of_a_token_is_told_in_full() {
    let house = House::new().await;
    let seeded = house.seed().await;
    for path in ["validate", "test"] {
        let body = Some(json!({"token": format!(" {} ", seeded.vercel_token)}));
        let (status, answer) = house.call("POST", &format!("{BASE}/token/{path}"), body).await;
        let user = &answer["user"];
        assert_eq!((status, &user["username"], &user["name"]), (200, &json!("octo-dev"), &json!("Octo Dev")));
        assert_eq!(user["email"], "octo-dev@example.com");
        assert!(user["id"].is_string() && user.as_object().unwrap().contains_key("avatar"));
        assert!(!answer.to_string().contains(&seeded.vercel_token), "a token never comes back");
    }
}

#[tokio::test]
async fn projects_of_every_kind_are_watched_and_only_github_is_repaired() {
    let house = House::new().await;
    let seeded = house.seed().await;
    let enterprise =
        json!({"type": "github-custom-host", "host": "git.acme.test", "org": "acme", "repo": "shop"});
    let gitlab = json!({"type": "gitlab", "projectName": "shop", "projectNamespace": "acme/web"});
    let bitbucket = json!({"type": "bitbucket", "owner": "acme", "slug": "shop"});
    for (name, link) in [
        ("on-enterprise", Some(enterprise)),
        ("on-gitlab", Some(gitlab)),
        ("on-bitbucket", Some(bitbucket)),
        ("of-tomorrow", Some(json!({"type": "of-tomorrow"}))),
        ("alone", None),
    ] {
        add_project(&house, "acme", name, link);
    }
    let connection = house.connect(&seeded.vercel_token).await.unwrap();
    assert_eq!((connection.projects, connection.repairable), (6, 1));
    let (_, list) = house.call("GET", &format!("{BASE}/subscriptions"), None).await;
    let found: BTreeMap<&str, (&str, Option<&str>)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str();
            (text("projectName").unwrap(), (text("repositoryKind").unwrap(), text("repository")))
        })
        .collect();
    let expected = BTreeMap::from([
        ("shop-web", ("github", Some("acme/shop-web"))),
        ("on-enterprise", ("github_enterprise", Some("git.acme.test/acme/shop"))),
        ("on-gitlab", ("gitlab", Some("acme/web/shop"))),
        ("on-bitbucket", ("bitbucket", Some("acme/shop"))),
        ("of-tomorrow", ("other", None)),
        ("alone", ("none", None)),
    ]);
    assert_eq!(found, expected);

    // A failure of one that cannot get a pull request is shown, says so, and wakes nobody.
    let build = Build {
        project: "alone".into(),
        state: Some("ERROR".into()),
        log: "boom".into(),
        ..Build::default()
    };
    house.standins.build(build).await.unwrap();
    let [fix] = &house.fixes().await[..] else { panic!("one failure") };
    assert_eq!(fix.reason_code.as_deref(), Some("no_pull_request"));
    assert!(fix.reason.as_ref().unwrap().contains("No repository is linked"));
    assert!(house.woken().is_empty());
}

#[tokio::test]
async fn syncing_finds_what_is_new_changed_and_gone() {
    let (house, seeded) = connected().await;
    let old = add_project(&house, "acme", "old", None);
    let sync = || async { house.call("POST", &format!("{BASE}/projects/sync"), None).await };
    assert_eq!(sync().await, (200, json!({"added": 1, "changed": 0, "gone": 0})));
    assert_eq!(sync().await, (200, json!({"added": 0, "changed": 0, "gone": 0})));

    let new = add_project(&house, "acme", "new", None);
    assert!(house.standins.remove_project(&old));
    let settings = json!({"rootDirectory": "apps/web"}).as_object().unwrap().clone();
    let world = house.standins.world();
    standins::vercel::actions::change_project(world, &seeded.project_id, None, None, settings).unwrap();
    let before = overview(&house).await;
    assert_eq!(before["new"].0, ProjectStanding::New);
    assert_eq!(before["old"].0, ProjectStanding::Gone);
    assert_eq!(sync().await, (200, json!({"added": 1, "changed": 1, "gone": 1})));
    // What is gone stays until a person says so: its fixes go with it.
    let after = overview(&house).await;
    let standing = |name: &str| after[name].0;
    assert_eq!((standing("new"), standing("old")), (ProjectStanding::Watched, ProjectStanding::Gone));
    let rows = house.subscriptions().await;
    let root = rows.iter().find(|row| row.platform_project_id == seeded.project_id).unwrap();
    assert_eq!(root.root_directory.as_deref(), Some("apps/web"));
    assert!(rows.iter().any(|row| row.platform_project_id == new && row.webhook_id.is_some()));
}

#[tokio::test]
async fn a_team_that_refuses_does_not_make_its_projects_vanish() {
    let (house, seeded) = connected().await;
    second_team(&house);
    house.connect(&seeded.vercel_token).await.unwrap();
    // Teams are asked side by side: whichever refuses, nothing of it counts as gone.
    house.standins.add_fault(fault("/v10/projects", 1, Kind::Status { status: 403 }));
    let synced = connection_manager::sync(house.platforms(), &house.integration().await).await.unwrap();
    assert_eq!((synced.gone, house.subscriptions().await.len()), (0, 2));
    house.standins.add_fault(fault("/v10/projects", 1, Kind::Status { status: 403 }));
    let overview = connection_manager::overview(house.platforms(), &house.integration().await).await.unwrap();
    assert_eq!((overview.refused.len(), overview.projects.len()), (1, 2));
    assert!(overview.projects.iter().all(|known| known.standing == ProjectStanding::Watched));
}

#[tokio::test]
async fn what_is_left_out_stays_out_until_it_is_chosen_again() {
    let (house, seeded) = connected().await;
    let docs = add_project(&house, "acme", "docs", None);
    let row = house.integration().await;
    let choose = |listed: Vec<String>, chosen: Vec<String>| {
        let (house, row) = (&house, &row);
        async move {
            let chosen: HashSet<String> = chosen.into_iter().collect();
            connection_manager::choose(house.platforms(), row, &listed, &chosen).await
        }
    };
    let both = vec![docs.clone(), seeded.project_id.clone()];
    choose(both.clone(), vec![docs.clone()]).await.unwrap();
    let watched: Vec<String> =
        house.subscriptions().await.into_iter().map(|row| row.platform_project_id).collect();
    assert_eq!(watched, std::slice::from_ref(&docs));
    assert_eq!(overview(&house).await["shop-web"].0, ProjectStanding::LeftOut);
    connection_manager::sync(house.platforms(), &row).await.unwrap();
    house.connect(&seeded.vercel_token).await.unwrap();
    assert_eq!(house.subscriptions().await.len(), 1, "neither syncing nor reconnecting brings it back");

    // The last one goes with the webhook; it needs no platform.
    house.standins.add_fault(fault("/v10/projects", 9, Kind::Status { status: 500 }));
    choose(vec![docs.clone()], vec![]).await.unwrap();
    assert!(house.subscriptions().await.is_empty() && house.standins.webhooks().is_empty());
    let down = choose(both.clone(), both.clone()).await;
    assert!(matches!(down, Err(ConnectionError::Platform { error: PlatformError::Transient { .. }, .. })));
    assert!(house.subscriptions().await.is_empty());
}

#[tokio::test]
async fn nobody_chooses_what_is_somebody_elses() {
    let (house, _) = connected().await;
    let other =
        Seed { login: "second".into(), team: "beta".into(), repository: "beta/x".into(), ..Seed::default() };
    let other = house.seed_with(other).await;
    let row = house.integration().await;
    let foreign = HashSet::from([other.project_id.clone()]);
    let chosen = connection_manager::choose(house.platforms(), &row, &[], &foreign).await;
    assert!(matches!(chosen, Err(ConnectionError::UnknownProject)));
    // And nobody changes another user's subscription.
    let second = house.another_user("second@example.test").await;
    let token = SecretString::from(other.vercel_token);
    connection_manager::connect(house.platforms(), &second, Provider::VERCEL, token).await.unwrap();
    let theirs = db::subscriptions::list(&house.state.db, &second).await.unwrap().remove(0);
    let path = format!("{BASE}/subscriptions/{}", theirs.id);
    assert_eq!(house.call("PATCH", &path, Some(json!({"autoFixEnabled": false}))).await.0, 404);
    assert_eq!(house.call("DELETE", &path, None).await.0, 404);
    assert_eq!(db::subscriptions::list(&house.state.db, &second).await.unwrap(), [theirs]);
}
