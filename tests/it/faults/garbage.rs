//! What answers is no platform: for each of them, each way to be broken. It is asked again, less and less often; card and
//! page say what is wrong; and once it is over, everything goes on by itself.

use super::stage::{Platform, Stage};
use crate::{
    contract::{
        fixture::{Deploy, Fixture},
        products::{Pages, Render, Vercel, Workers},
    },
    house::House,
    world::QUICK,
};
use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use deploymend::{
    model::{Connection, FixStatus, Trouble},
    server::{
        github::{self, GithubError},
        intake::poll,
        integrations::{PlatformError, connection_manager},
    },
};
use rstest::rstest;
use secrecy::SecretString;
use standins::{
    faults::Kind,
    garbage::Garbage::{self, *},
    record::Server,
};
use std::time::Duration;

/// What nobody can make sense of.
const UNREADABLE: [Garbage; 6] = [Html, Half, WrongTypes, ErrorBody, Endless, Redirect];
/// A failure is found within this, however often the platform was asked in vain: the longest pause and its jitter.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(11);

/// A platform with a project whose last build has failed, and nobody was told.
async fn failing(it: &dyn Fixture) -> anyhow::Result<House> {
    let house = it.house().await;
    house.seed().await;
    let place = it.seed(&house);
    let token = place.access.token.clone();
    connection_manager::connect(house.platforms(), &house.user_id, it.provider(), token).await?;
    ensure!(poll::poll_due(&house.ctx).await? == 1);
    house.state.clock.advance(TimeDelta::seconds(20));
    let at = house.state.clock.now();
    let log = "src/a.ts(3,7): error TS2322";
    it.deploy(&house, Deploy { project: &place.project, state: it.failed(), log, at }).await;
    Ok(house)
}

async fn card(house: &House, it: &dyn Fixture) -> anyhow::Result<Connection> {
    let status = connection_manager::status(house.platforms(), &house.user_id, it.provider()).await?;
    status.context("it is not connected")
}

/// Polls when that is due and not before. Returns how long it took.
async fn next_poll(house: &House, it: &dyn Fixture) -> anyhow::Result<TimeDelta> {
    let db = &house.state.db;
    let row = deploymend::server::db::integrations::of_user(db, &house.user_id, it.provider()).await?;
    let due = row.and_then(|row| row.next_poll_at).context("it is never polled again")?;
    let pause = due - house.state.clock.now();
    ensure!(poll::poll_due(&house.ctx).await? == 0, "it was polled before it was due");
    house.state.clock.advance(pause);
    it.new_window(house);
    ensure!(poll::poll_due(&house.ctx).await? == 1, "it was not polled when it was due");
    Ok(pause)
}

fn server(it: &dyn Fixture) -> anyhow::Result<Server> {
    Ok(match it.provider().as_str() {
        "vercel" => Server::Vercel,
        "cloudflare" => Server::Cloudflare,
        "render" => Server::Render,
        other => anyhow::bail!("{other} has no stand-in"),
    })
}

#[rstest]
#[tokio::test]
async fn a_poll_that_gets_garbage_is_made_again_and_finds_what_it_missed(
    #[values(&Vercel, &Pages, &Workers, &Render)] it: &dyn Fixture,
    #[values(Html, Half, WrongTypes, ErrorBody, Endless, Redirect)] garbage: Garbage,
) -> anyhow::Result<()> {
    let house = failing(it).await?;
    house.standins.break_down(server(it)?, "", Kind::Garbage { garbage });
    let mut pauses = Vec::new();
    for _ in 0..4 {
        pauses.push(next_poll(&house, it).await?);
        let outage = card(&house, it).await?.outage.context("the card says nothing")?;
        ensure!(outage.trouble == Trouble::Unreadable, "{}: {outage:?}", it.name());
        ensure!(house.fixes().await.is_empty(), "{} was understood", it.name());
    }
    // The first one was due before anything was wrong; jitter is a tenth.
    let grows = |two: &[TimeDelta]| two[1].num_milliseconds() * 10 > two[0].num_milliseconds() * 14;
    ensure!(pauses[1..].windows(2).all(grows), "{}: {pauses:?}", it.name());
    let since = card(&house, it).await?.outage.map(|outage| outage.since);
    ensure!(since.is_some_and(|since| house.state.clock.now() - since >= pauses[1] + pauses[2]));

    house.standins.clear_faults();
    ensure!(next_poll(&house, it).await? <= LONGEST_PAUSE);
    ensure!(house.fixes().await.len() == 1, "{}: the failure was lost", it.name());
    ensure!(card(&house, it).await?.outage.is_none(), "the card still says something");
    ensure!(next_poll(&house, it).await? < TimeDelta::minutes(1), "it is as quick as before");
    ensure!(house.fixes().await.len() == 1, "{}: the failure was found twice", it.name());
    Ok(())
}

/// Odd, but to be understood: a wrong content type, and lists that never say that they have ended.
#[rstest]
#[tokio::test]
async fn what_can_be_understood_is(
    #[values(&Vercel, &Pages, &Workers, &Render)] it: &dyn Fixture,
    #[values(ContentType, Garbage::Pages)] garbage: Garbage,
) -> anyhow::Result<()> {
    let house = failing(it).await?;
    house.standins.break_down(server(it)?, "", Kind::Garbage { garbage });
    let before = it.requests(&house);
    next_poll(&house, it).await?;
    ensure!(house.fixes().await.len() == 1, "{}: the failure was not found", it.name());
    ensure!(card(&house, it).await?.outage.is_none());
    let asked = it.requests(&house) - before;
    ensure!(asked < 1_500, "{}: {asked} requests for one poll", it.name());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn an_answer_that_drips_is_not_waited_for(
    #[values(&Vercel, &Pages, &Workers, &Render)] it: &dyn Fixture,
) -> anyhow::Result<()> {
    let house = it.house().await;
    house.seed().await;
    let place = it.seed(&house);
    // The product's own client has a limit for a whole answer, too. A test does not wait for a minute.
    let short = reqwest::Client::builder().timeout(Duration::from_millis(300)).build()?;
    house.standins.break_down(server(it)?, "", Kind::Garbage { garbage: Drip });
    let answer = it.over(short, &house).validate_token(&place.access.token).await;
    ensure!(answer == Err(PlatformError::Transient { retry_after: None }), "{}: {answer:?}", it.name());
    Ok(())
}

/// Works on the fix under one kind of garbage after the other, then under none.
async fn survives(stage: &Stage, server: Server, path: &str, codes: &[&str]) -> anyhow::Result<()> {
    for (number, garbage) in UNREADABLE.into_iter().enumerate() {
        stage.standins.clear_faults();
        stage.standins.break_down(server, path, Kind::Garbage { garbage });
        if number > 0 {
            stage.wait_until_due().await?;
        }
        let row = stage.work().await?;
        let unfinished = FixStatus::parse(&row.fix_status).is_some_and(FixStatus::is_unfinished);
        let waits = unfinished && row.reason_code.as_deref().is_some_and(|code| codes.contains(&code));
        ensure!(waits, "{garbage:?}: {} {:?} {:?}", row.fix_status, row.reason_code, row.reason);
        let page = stage.page(&format!("/deployments/{}", row.id)).await?;
        let told = row.reason.filter(|reason| reason.ends_with("The fix waits and goes on by itself."));
        ensure!(told.is_some_and(|told| page.contains(&told)), "{garbage:?}: the page does not say it");
    }
    stage.standins.clear_faults();
    stage.wait_until_due().await?;
    stage.work().await?;
    stage.assert_repaired_once().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fix_waits_while_its_platform_returns_garbage(
    #[values(Platform::Vercel, Platform::Cloudflare, Platform::Render)] platform: Platform,
) -> anyhow::Result<()> {
    let stage = Stage::new(platform).await?;
    stage.fail(true).await?;
    // Some deliveries only say that there is something to look at.
    stage.poll().await?;
    survives(&stage, platform.server(), "", &["platform_answer"]).await
}

/// The clone, and the pull request: git and the REST API are two hosts at GitHub.
#[rstest]
// To git the half of an answer is a line that broke.
#[case::git(".git/", &["github_answer", "github_unavailable"])]
#[case::api("/repos/", &["github_answer"])]
#[tokio::test(flavor = "multi_thread")]
async fn a_fix_waits_while_github_returns_garbage(
    #[case] path: &str,
    #[case] codes: &[&str],
) -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.fail(true).await?;
    survives(&stage, Server::Github, path, codes).await?;
    ensure!(stage.standins.pulls(QUICK).len() == 1);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn github_s_answers_are_read_within_limits(
    #[values(Html, Half, WrongTypes, ErrorBody, Endless, Redirect)] garbage: Garbage,
) -> anyhow::Result<()> {
    let house = House::new().await;
    let seeded = house.seed().await;
    house.standins.break_down(Server::Github, "", Kind::Garbage { garbage });
    let (base, token) = (house.standins.github_api_url().parse()?, SecretString::from(seeded.github_token));
    let client = github::Client::new(&base, &token, house.state.clock.clone())?;
    ensure!(client.current_user().await == Err(GithubError::Malformed), "{garbage:?}");
    house.standins.clear_faults();
    ensure!(client.current_user().await.is_ok());
    Ok(())
}
