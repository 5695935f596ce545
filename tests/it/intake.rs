//! Deliveries over HTTP and polls, against the stand-in: exactly one fix for each failure.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use chrono::TimeDelta;
use deploymend::{
    model::{EventKind, FixStatus, Provider, Stage},
    server::{
        db,
        intake::poll::{PollError, keep_polling, poll_connection, poll_due},
        integrations::{PlatformError, connection_manager},
    },
};
use serde_json::{Value, json};
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::{Redelivery, Seed, Seeded},
    vercel::{
        actions::{NewDeployment, change_deployment},
        state::{DeliveryMode, Plan},
    },
};
use tokio_util::sync::CancellationToken;

const LOG: &str = "Running \"npm run build\"\nsrc/a.ts(3,7): error TS2322";

async fn connected() -> (House, Seeded) {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    (house, seeded)
}

/// How many failures were new; `None` when somebody else polls.
async fn poll(house: &House) -> Option<usize> {
    poll_connection(&house.ctx, &house.integration().await).await.unwrap().map(|found| found.new)
}

#[tokio::test]
async fn a_delivery_becomes_a_fix() {
    let (house, seeded) = connected().await;
    let (made, deliveries) = house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    assert!(deliveries[0].attempts[0].succeeded());
    let answer: Value = serde_json::from_str(&deliveries[0].attempts[0].answer).unwrap();
    let fixes = house.fixes().await;
    assert_eq!(answer, json!({"received": true, "action": "queued", "fixId": fixes[0].id}));
    assert_eq!(
        (fixes[0].platform_deployment_id.as_str(), fixes[0].status),
        (made.id.as_str(), FixStatus::Pending)
    );
    assert_eq!(house.woken(), [(format!("vercel-webhook:{}", deliveries[0].id), fixes[0].id.clone())]);
    assert!(house.integration().await.last_delivery_at.is_some());
}

#[tokio::test]
async fn the_same_delivery_fifty_times_at_once_is_one_fix() {
    let (house, seeded) = connected().await;
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    let fifty = Redelivery { times: Some(50), ..Redelivery::default() };
    let answers = house.standins.deliver(fifty).await.unwrap();
    assert!(answers.iter().all(|answer| answer.status == Some(200)));
    let said = |word: &str| answers.iter().filter(|answer| answer.answer.contains(word)).count();
    assert_eq!((said("\"queued\""), said("\"duplicate\"")), (1, 49));
    assert_eq!((house.fixes().await.len(), house.woken().len()), (1, 1));
}

#[tokio::test]
async fn a_forged_delivery_is_refused_and_not_stored() {
    let (house, seeded) = connected().await;
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    for wanted in [
        Redelivery { forged: true, ..Redelivery::default() },
        Redelivery { unsigned: true, ..Redelivery::default() },
    ] {
        let answers = house.standins.deliver(wanted).await.unwrap();
        assert_eq!(answers[0].status, Some(401));
        let body: Value = serde_json::from_str(&answers[0].answer).unwrap();
        assert_eq!(body["error"]["code"], "bad_signature");
    }
    assert!(house.fixes().await.is_empty());
    assert_eq!(db::deliveries::count(&house.state.db).await.unwrap(), 0);
}

#[tokio::test]
async fn a_lost_delivery_is_found_by_the_poll_and_its_repetition_is_a_duplicate() {
    let (house, seeded) = connected().await;
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    let (made, _) = house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    assert_eq!(poll(&house).await, Some(1));
    assert_eq!(poll(&house).await, Some(0));
    let fixes = house.fixes().await;
    assert_eq!((fixes.len(), fixes[0].platform_deployment_id.as_str()), (1, made.id.as_str()));
    assert_eq!(house.woken(), [(format!("{}:1", fixes[0].id), fixes[0].id.clone())]);
    let late = house.standins.deliver(Redelivery::default()).await.unwrap();
    assert!(late[0].answer.contains("duplicate"), "{}", late[0].answer);
    assert_eq!(house.fixes().await.len(), 1);
}

#[tokio::test]
async fn a_plan_without_webhooks_gets_its_fixes_by_polling() {
    let house = House::new().await;
    let seeded = house.seed_with(Seed { plan: Plan::Hobby, ..Seed::default() }).await;
    house.connect(&seeded.vercel_token).await.unwrap();
    for _ in 0..7 {
        house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    }
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    assert_eq!(house.fixes().await.len(), 7);
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 0, "not due before the interval is over");
}

#[tokio::test]
async fn what_failed_before_the_connection_and_what_succeeded_is_left_alone() {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.break_project(&seeded.project_id, None, LOG, false).await.unwrap();
    house.state.clock.advance(TimeDelta::hours(1));
    house.connect(&seeded.vercel_token).await.unwrap();
    let project = seeded.project_id.clone();
    let ready = NewDeployment { project, state: Some("READY".into()), ..NewDeployment::default() };
    house.standins.deploy(ready, false).await.unwrap();
    assert_eq!(poll(&house).await, Some(0));
    assert!(house.fixes().await.is_empty());
}

#[tokio::test]
async fn the_platform_is_left_alone_for_as_long_as_it_asks() {
    let (house, seeded) = connected().await;
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    house.standins.add_fault(Fault {
        server: Server::Vercel,
        method: None,
        path: "/v7/deployments".into(),
        times: 1,
        kind: Kind::RateLimited { retry_after: Some(600) },
    });
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    house.state.clock.advance(TimeDelta::seconds(599));
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 0);
    assert!(house.fixes().await.is_empty());
    house.state.clock.advance(TimeDelta::seconds(2));
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    assert_eq!(house.fixes().await.len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_noted_and_not_used_again() {
    let (house, seeded) = connected().await;
    house.standins.revoke_vercel_token(&seeded.vercel_token);
    let outcome = poll_connection(&house.ctx, &house.integration().await).await;
    assert!(matches!(outcome, Err(PollError::Platform(PlatformError::TokenRefused))));
    assert_eq!(house.integration().await.health, db::integrations::HEALTH_NEEDS_NEW_TOKEN);
    house.state.clock.advance(TimeDelta::hours(1));
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 0);
    let (status, body) = house.call("GET", "/api/integrations/vercel/status", None).await;
    assert_eq!((status, &body["connection"]["health"]), (200, &json!("needs_new_token")));
}

#[tokio::test]
async fn two_processes_poll_a_connection_once() {
    let (house, _) = connected().await;
    let row = house.integration().await;
    let polls = futures::future::join_all((0..8).map(|_| poll_connection(&house.ctx, &row))).await;
    assert_eq!(polls.into_iter().filter(|outcome| matches!(outcome, Ok(Some(_)))).count(), 1);
}

#[tokio::test]
async fn a_poll_that_goes_on_is_not_begun_again_and_one_left_behind_is() {
    let (house, _) = connected().await;
    let (db, now) = (&house.state.db, house.state.clock.now());
    let row = house.integration().await;
    assert!(db::integrations::take_poll(db, &row, now, now + TimeDelta::minutes(6)).await.unwrap());
    // Whatever makes it due meanwhile.
    db::integrations::poll_soon(db, &row.id, now).await.unwrap();
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 0);
    assert_eq!(poll(&house).await, None);
    house.state.clock.advance(TimeDelta::minutes(7));
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    assert_eq!(house.integration().await.poll_lease_until, None);
}

#[tokio::test]
async fn a_poll_that_is_asked_for_during_a_poll_comes_after_it() {
    let (house, _) = connected().await;
    let (db, now) = (&house.state.db, house.state.clock.now());
    let row = house.integration().await;
    assert!(db::integrations::take_poll(db, &row, now, now + TimeDelta::minutes(6)).await.unwrap());
    house.state.clock.advance(TimeDelta::seconds(1));
    db::integrations::poll_soon(db, &row.id, house.state.clock.now()).await.unwrap();
    let polled =
        db::integrations::Polled { next: now + TimeDelta::hours(1), seen: None, rate: None, trouble: None };
    db::integrations::end_poll(db, &row, polled, now).await.unwrap();
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 0);
}

#[tokio::test]
async fn a_project_that_is_being_built_is_asked_about_more_often() {
    let (house, seeded) = connected().await;
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    poll(&house).await;
    let pause = async || {
        let row = house.integration().await;
        (row.next_poll_at.unwrap() - house.state.clock.now()).num_seconds()
    };
    assert!((40..50).contains(&pause().await), "{}", pause().await);
    let building = NewDeployment {
        project: seeded.project_id.clone(),
        state: Some("BUILDING".into()),
        ..NewDeployment::default()
    };
    let (made, _) = house.standins.deploy(building, false).await.unwrap();
    house.state.clock.advance(TimeDelta::seconds(50));
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    assert!((13..17).contains(&pause().await), "{}", pause().await);
    change_deployment(house.standins.world(), &made.id, Some("ERROR".into()), LOG).unwrap();
    house.state.clock.advance(TimeDelta::seconds(17));
    assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    assert_eq!(house.fixes().await.len(), 1, "within a minute of its failing");
    assert!((40..50).contains(&pause().await), "{}", pause().await);
}

#[tokio::test]
async fn what_happened_while_nobody_could_be_asked_is_found_afterwards() {
    let (house, seeded) = connected().await;
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    poll(&house).await;
    house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    let down = Fault {
        server: Server::Vercel,
        method: None,
        path: "/v7/deployments".into(),
        times: 10,
        kind: Kind::Status { status: 503 },
    };
    house.standins.add_fault(down);
    for _ in 0..10 {
        house.state.clock.advance(TimeDelta::hours(1));
        assert_eq!(poll_due(&house.ctx).await.unwrap(), 1);
    }
    assert!(house.fixes().await.is_empty());
    house.state.clock.advance(TimeDelta::hours(1));
    poll(&house).await;
    assert_eq!(house.fixes().await.len(), 1, "made before the usual window");
}

#[tokio::test]
async fn a_fork_is_skipped_whichever_way_it_comes() {
    let (house, seeded) = connected().await;
    let fork = || NewDeployment {
        project: seeded.project_id.clone(),
        fork: Some("stranger/shop-web".into()),
        ..NewDeployment::default()
    };
    house.standins.deploy(fork(), true).await.unwrap();
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    house.standins.deploy(fork(), true).await.unwrap();
    poll(&house).await;
    let fixes = house.fixes().await;
    assert_eq!(fixes.len(), 2);
    assert!(fixes.iter().all(|fix| fix.reason_code.as_deref() == Some("fork")));
    assert!(house.woken().is_empty());
}

#[tokio::test]
async fn the_poll_sees_that_the_fix_branch_is_green() {
    let (house, seeded) = connected().await;
    let once = db::subscriptions::Settings { max_fix_attempts: Some(1), ..Default::default() };
    let watched = house.subscriptions().await[0].id.clone();
    db::subscriptions::update(&house.state.db, &watched, once, house.state.clock.now()).await.unwrap();
    house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    let id = house.fixes().await[0].id.clone();
    let mut fix = db::fixes::find(&house.state.db, &id).await.unwrap().unwrap();
    let branch = format!("fix/deployment-{id}");
    let change = db::fixes::FixChange {
        status: Some(FixStatus::PrCreated),
        fix_branch_name: Some(Some(branch.clone())),
        ..db::fixes::FixChange::default()
    };
    db::fixes::transition(&house.state.db, &mut fix, change, vec![], house.state.clock.now()).await.unwrap();
    let on_branch = |state: &str| NewDeployment {
        project: seeded.project_id.clone(),
        branch: Some(branch.clone()),
        sha: Some(seeded.sha.clone()),
        state: Some(state.into()),
        ..NewDeployment::default()
    };
    house.standins.set_delivery_mode(DeliveryMode::Drop);
    house.standins.deploy(on_branch("ERROR"), true).await.unwrap();
    assert_eq!(poll(&house).await, Some(0));
    house.standins.deploy(on_branch("READY"), true).await.unwrap();
    poll(&house).await;
    poll(&house).await;
    let events = db::events::since(&house.state.db, &id, 0, 100).await.unwrap();
    let built = events.iter().filter_map(|event| match &event.kind {
        EventKind::Built { build, stage } => Some((build.ready, *stage)),
        _ => None,
    });
    assert_eq!(built.collect::<Vec<_>>(), [(false, None), (true, Some(Stage::Green))]);
    assert_eq!(house.fixes().await.len(), 1);
}

#[tokio::test]
async fn polling_ends_when_it_is_told_to() {
    let (house, _) = connected().await;
    let stop = CancellationToken::new();
    let polling = tokio::spawn(keep_polling(house.ctx.clone(), stop.clone()));
    stop.cancel();
    polling.await.unwrap();
}

#[tokio::test]
async fn one_failure_is_one_fix_for_two_users_of_a_team() {
    let (house, seeded) = connected().await;
    let second = house.another_user("second@example.test").await;
    let token = secrecy::SecretString::from(seeded.vercel_token.as_str());
    connection_manager::connect(house.platforms(), &second, Provider::VERCEL, token).await.unwrap();
    assert_eq!(house.standins.webhooks().len(), 2, "each has a secret of their own");
    let (_, deliveries) = house.standins.break_project(&seeded.project_id, None, LOG, true).await.unwrap();
    let answers: Vec<Value> = deliveries
        .iter()
        .map(|delivery| serde_json::from_str(&delivery.attempts[0].answer).unwrap())
        .collect();
    let mut actions: Vec<&str> = answers.iter().map(|answer| answer["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["duplicate", "queued"]);
    assert_eq!(answers[0]["fixId"], answers[1]["fixId"]);
    for user in [&house.user_id, &second] {
        assert_eq!(db::fixes::summaries(&house.state.db, user, 10, None).await.unwrap().len(), 1);
    }
    // The fix outlives the user through whom it came, and the other's webhook stays.
    connection_manager::disconnect(house.platforms(), &house.user_id, Provider::VERCEL).await.unwrap();
    assert_eq!(house.standins.webhooks().len(), 1);
    assert_eq!(db::fixes::summaries(&house.state.db, &second, 10, None).await.unwrap().len(), 1);
}
