//! A platform that the program was not built with: connected, polled and listed like the others.

use super::{Deploy, Fixture as _, HARBOUR, Harbour};
use chrono::TimeDelta;
use deploymend::{
    model::{FixStatus, Provider},
    server::{
        intake::poll,
        views::{self, Views},
    },
};
use secrecy::ExposeSecret as _;
use serde_json::json;

#[tokio::test]
async fn a_platform_of_one_folder_is_connected_polled_and_listed() {
    let it = Harbour::new();
    let house = it.house().await;
    house.seed().await;
    let place = it.seed(&house);
    let named = |name: &str| name.parse::<Provider>();
    assert_eq!(named("harbour"), Ok(HARBOUR));
    assert!(named("haven").is_err() && serde_json::from_value::<Provider>(json!("haven")).is_err());

    let views = Views::new(house.state.auth.clone(), house.platforms().clone());
    let page = views::integrations(&views, &house.user_id).await.unwrap();
    let names: Vec<_> = page.platforms.iter().map(|card| card.provider.display_name()).collect();
    assert_eq!(names, ["Vercel", "Cloudflare", "Render", "Harbour"]);
    let [.., card] = &page.platforms[..] else { panic!("no card") };
    assert_eq!(card.token_page.as_deref(), Some("https://harbour.test/tokens"));
    assert_eq!(card.connection, None);

    let (status, answer) = house.call("GET", "/api/integrations/harbour/status", None).await;
    assert_eq!((status, &answer["provider"]), (200, &json!("harbour")), "{answer}");
    let token = json!({"token": place.access.token.expose_secret()});
    let (status, answer) = house.call("POST", "/api/integrations/harbour/connect", Some(token)).await;
    assert_eq!((status, &answer["connection"]["provider"]), (200, &json!("harbour")), "{answer}");
    let page = views::integrations(&views, &house.user_id).await.unwrap();
    let connection = page.platforms[3].connection.as_ref().unwrap();
    assert_eq!((connection.provider, connection.projects), (HARBOUR, 1));

    house.state.clock.advance(TimeDelta::seconds(10));
    let (log, at) = ("src/a.ts(3,7): error TS2322", house.state.clock.now());
    let id = it.deploy(&house, Deploy { project: &place.project, state: it.failed(), log, at }).await;
    house.state.clock.advance(TimeDelta::seconds(60));
    poll::poll_due(&house.ctx).await.unwrap();
    let fixes = house.fixes().await;
    let [fix] = &fixes[..] else { panic!("{fixes:?}") };
    assert_eq!((fix.provider, &fix.platform_deployment_id), (HARBOUR, &id));
    assert_eq!((fix.status, fix.provider.display_name()), (FixStatus::Pending, "Harbour"));
    assert_eq!(serde_json::to_value(fix).unwrap()["provider"], "harbour");
    assert!(house.woken().iter().any(|(_, woken)| *woken == fix.id), "queued");
}
