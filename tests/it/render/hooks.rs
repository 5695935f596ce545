//! Webhooks: one per workspace, and what a delivery leads to.

use super::Rendered;
use deploymend::model::{Delivery, DeploymentState, Provider};
use deploymend::server::db;
use deploymend::server::integrations::{PlatformError, WebhookKind, connection_manager};
use standins::render::scenario::{Build, build};
use standins::render::state::Plan;
use standins::vercel::state::DeliveryMode;

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
    connection_manager::disconnect(it.house.platforms(), &it.house.user_id, Provider::RENDER).await.unwrap();
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
