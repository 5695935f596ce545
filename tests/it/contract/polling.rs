//! Looks at a whole team: what they find, and what they cost.

use super::{Fixture, Setting, TimeDelta, products::*, setting};
use deploymend::server::{
    intake::poll,
    integrations::{Look, connection_manager},
};
use rstest::rstest;
use rstest_reuse::apply;

/// Projects of a large connection.
const MANY: usize = 200;

async fn large(it: &dyn Fixture) -> Setting {
    let setting = setting(it).await;
    for n in 1..MANY {
        it.add_project(&setting.house, &setting.place, &format!("project-{n:03}"));
    }
    let token = setting.place.access.token.clone();
    let house = &setting.house;
    let connection =
        connection_manager::connect(house.platforms(), &house.user_id, it.provider(), token).await.unwrap();
    assert_eq!(connection.projects as usize, MANY, "{}", it.name());
    setting
}

#[apply(every_product)]
#[tokio::test]
async fn an_hour_of_silence_costs_less_than_a_third_of_the_limit(it: &dyn Fixture) {
    let setting = large(it).await;
    let house = &setting.house;
    let before = it.requests(house);
    let mut polls = 0;
    for _ in 0..3_600 / 5 {
        house.state.clock.advance(TimeDelta::seconds(5));
        it.new_window(house);
        polls += poll::poll_due(&house.ctx).await.unwrap();
    }
    let asked = it.requests(house) - before;
    println!("{}: {asked} requests in {polls} polls of {MANY} projects in an hour", it.name());
    assert!(polls >= 60, "{}: {polls} polls in an hour", it.name());
    assert!(asked < it.third_of_the_limit(), "{}: {asked} requests", it.name());
}

/// Without any webhook, and whatever else there is.
#[apply(every_product)]
#[tokio::test]
async fn a_failure_among_many_is_found_within_a_minute(it: &dyn Fixture) {
    let setting = large(it).await;
    let house = &setting.house;
    poll::poll_due(&house.ctx).await.unwrap();
    house.state.clock.advance(TimeDelta::seconds(20));
    let id = setting.deploy(it, it.failed(), "src/a.ts(3,7): error TS2322", TimeDelta::zero()).await;
    let mut waited = 0;
    while house.fixes().await.is_empty() {
        assert!(waited < 60, "{}: not found within a minute", it.name());
        waited += 5;
        house.state.clock.advance(TimeDelta::seconds(5));
        poll::poll_due(&house.ctx).await.unwrap();
    }
    assert_eq!(house.fixes().await[0].platform_deployment_id, id);
}

#[apply(every_product)]
#[tokio::test]
async fn a_look_finds_what_is_new_and_what_is_known_to_go_on(it: &dyn Fixture) {
    let setting = setting(it).await;
    let now = setting.house.state.clock.now();
    let old = setting.deploy(it, it.failed(), "", TimeDelta::days(2)).await;
    let new = setting.deploy(it, it.failed(), "", TimeDelta::minutes(1)).await;
    let look = Look {
        projects: vec![setting.place.project.clone()],
        since: now - TimeDelta::hours(1),
        last: Some(now - TimeDelta::minutes(2)),
        busy: [setting.place.project.id.clone()].into(),
    };
    let found = setting.client.look(&setting.place.access, look.clone()).await.unwrap();
    let ids = |found: Vec<deploymend::model::PlatformDeployment>| {
        found.into_iter().map(|deployment| deployment.platform_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(found), std::slice::from_ref(&new), "{}", it.name());
    let everything = Look { since: now - TimeDelta::days(7), last: None, ..look };
    let found = setting.client.look(&setting.place.access, everything).await.unwrap();
    assert_eq!(ids(found), [new, old]);
}
