//! Webhooks: made, found again and removed; genuine, forged, replayed and late deliveries.

use super::{Fixture, Setting, TimeDelta, products::*, setting};
use axum::http::HeaderMap;
use deploymend::{
    model::Delivery,
    server::{db, intake::poll, integrations::connection_manager},
};
use rstest::rstest;
use rstest_reuse::apply;
use standins::{scenario::Redelivery, webhook};

async fn connect(setting: &Setting, it: &dyn Fixture) -> deploymend::model::Connection {
    let token = setting.place.access.token.clone();
    connection_manager::connect(setting.house.platforms(), &setting.house.user_id, it.provider(), token)
        .await
        .unwrap()
}

#[apply(with_webhooks)]
#[tokio::test]
async fn a_webhook_is_made_found_again_and_removed(it: &dyn Fixture) {
    let Setting { place, client, house } = setting(it).await;
    let url = format!("{}/api/integrations/{}/webhooks", house.address, it.provider()).parse().unwrap();
    let projects = [place.project.clone()];
    let made = client.create_webhook(&place.access, &url, &projects).await.unwrap();
    let listed = client.webhooks(&place.access).await.unwrap();
    let [found] = &listed[..] else { panic!("{}: {listed:?}", it.name()) };
    assert_eq!((&found.id, found.url.as_str()), (&made.id, url.as_str()));
    assert!(found.covers(&projects));
    client.delete_webhook(&place.access, &made.id).await.unwrap();
    assert_eq!(client.webhooks(&place.access).await.unwrap(), []);
    let again = client.delete_webhook(&place.access, &made.id).await;
    assert_eq!(again, Err(deploymend::server::integrations::PlatformError::NotFound));
}

#[apply(with_webhooks)]
#[tokio::test]
async fn a_delivery_becomes_a_fix_exactly_once(it: &dyn Fixture) {
    let setting = setting(it).await;
    let connection = connect(&setting, it).await;
    assert_eq!(connection.delivery, Delivery::Webhook, "{}: {:?}", it.name(), connection.delivery_note);
    let house = &setting.house;
    let id = setting.deploy(it, it.failed(), "src/a.ts(3,7): error TS2322", TimeDelta::zero()).await;
    let answers = it.announce(house, &id).await;
    assert!(!answers.is_empty() && answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert!(answers.iter().any(|(_, body)| body.contains("\"queued\"")), "{answers:?}");
    // What says too little makes its connection be asked at once.
    poll::poll_due(&house.ctx).await.unwrap();
    let fixes = house.fixes().await;
    let [fix] = &fixes[..] else { panic!("{}: {fixes:?}", it.name()) };
    assert_eq!(fix.platform_deployment_id, id);

    let again = Redelivery { times: Some(20), ..Redelivery::default() };
    let again = it.redeliver(house, again).await;
    let is_known = |attempt: &webhook::Attempt| attempt.answer.contains("\"duplicate\"");
    assert!(again.iter().all(is_known), "{}: {again:?}", it.name());
    poll::poll_due(&house.ctx).await.unwrap();
    assert_eq!(house.fixes().await.len(), 1);
    let stored = db::deliveries::hints(&house.state.db, &connection.id, 10).await.unwrap();
    assert_eq!(stored, [], "nothing is left to be found out");
}

#[apply(with_webhooks)]
#[tokio::test]
async fn what_is_forged_or_unsigned_leaves_nothing(it: &dyn Fixture) {
    let setting = setting(it).await;
    connect(&setting, it).await;
    let house = &setting.house;
    let id = setting.deploy(it, it.failed(), "", TimeDelta::zero()).await;
    it.announce(house, &id).await;
    poll::poll_due(&house.ctx).await.unwrap();
    let (fixes, deliveries) =
        (house.fixes().await.len(), db::deliveries::count(&house.state.db).await.unwrap());
    for wanted in [
        Redelivery { forged: true, ..Redelivery::default() },
        Redelivery { unsigned: true, ..Redelivery::default() },
    ] {
        let answers = it.redeliver(house, wanted).await;
        assert_eq!(answers[0].status, Some(401), "{}: {answers:?}", it.name());
    }
    let now = (house.fixes().await.len(), db::deliveries::count(&house.state.db).await.unwrap());
    assert_eq!(now, (fixes, deliveries));
}

#[apply(with_webhooks)]
#[tokio::test]
async fn a_project_that_nobody_watches_leads_to_no_fix(it: &dyn Fixture) {
    let setting = setting(it).await;
    let house = &setting.house;
    let other = it.add_project(house, &setting.place, "of-somebody-else");
    let connection = connect(&setting, it).await;
    let row = db::subscriptions::of_integration(&house.state.db, &connection.id).await.unwrap();
    let row = row.into_iter().find(|row| row.platform_project_id == other.id).unwrap();
    connection_manager::unsubscribe(house.platforms(), &row).await.unwrap();
    let at = house.state.clock.now();
    let id = it.deploy(house, super::Deploy { project: &other, state: it.failed(), log: "", at }).await;
    for (status, body) in it.announce(house, &id).await {
        assert_eq!(status, 200, "{}: {body}", it.name());
    }
    poll::poll_due(&house.ctx).await.unwrap();
    assert_eq!(house.fixes().await, [], "{}", it.name());
}

#[apply(every_product)]
#[tokio::test]
async fn a_plan_without_webhooks_is_polled(it: &dyn Fixture) {
    let setting = setting(it).await;
    it.forbid_webhooks(&setting.house);
    let connection = connect(&setting, it).await;
    assert_eq!(connection.delivery, Delivery::Polling, "{}", it.name());
    assert!(connection.delivery_note.is_some_and(|note| note.contains("polling")));
    setting.house.state.clock.advance(TimeDelta::seconds(1));
    let id = setting.deploy(it, it.failed(), "", TimeDelta::zero()).await;
    poll::poll_due(&setting.house.ctx).await.unwrap();
    let fixes = setting.house.fixes().await;
    assert_eq!(fixes.iter().map(|fix| fix.platform_deployment_id.as_str()).collect::<Vec<_>>(), [id]);
}

/// Only a signature over the time can tell; the others know a repetition by its id.
#[tokio::test]
async fn a_delivery_that_was_kept_is_too_old() {
    let setting = setting(&Render).await;
    connect(&setting, &Render).await;
    let house = &setting.house;
    let id = setting.deploy(&Render, "build_failed", "", TimeDelta::zero()).await;
    super::Fixture::announce(&Render, house, &id).await;
    let kept = house.standins.world().state().render.deliveries[0].clone();
    let secret = {
        let state = house.standins.world().state();
        standins::render::deliveries::secret_of(&state.render, &kept.webhook_id).unwrap()
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &kept.headers {
        headers.append(name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    let sent: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    let is_believed_after = |seconds: i64| {
        let clock = &house.state.clock;
        clock.advance(TimeDelta::seconds(sent + seconds - clock.now().timestamp()));
        setting.client.verify_webhook(&headers, kept.body.as_bytes(), &secret.as_str().into())
    };
    assert!(is_believed_after(0));
    assert!(is_believed_after(300));
    assert!(!is_believed_after(301));
}
