//! The list over stored fixes and the platform's deployments, as programs and as browsers without scripts see it.

use crate::{app::App, world::World};
use anyhow::Context as _;
use chrono::TimeDelta;
use deploymend::{
    model::{DeploymentList, DeploymentState, ErrorCode, FixStatus, Provider, Timestamp},
    server::{
        clock::{Clock, new_id},
        db::{
            self, Db,
            fixes::{self, FixChange, NewFix},
        },
    },
};
use reqwest::Method;
use serde_json::json;
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::Seed,
    vercel::actions::NewDeployment,
};

/// A product with two projects, stored fixes of the first one and deployments of both.
struct Dashboard {
    world: World,
    app: App,
    db: Db,
    subscription: String,
}

fn ago(minutes: i64) -> Timestamp {
    Clock::System.now() - TimeDelta::minutes(minutes)
}

impl Dashboard {
    async fn start() -> anyhow::Result<Self> {
        let mut world = World::new("healthy").await?;
        world.settings =
            world.settings.set("DEPLOYMEND_PAUSED", "true").set("DEPLOYMEND_POLL_INTERVAL", "3600");
        let seed = Seed { repository: "acme/landing".into(), ..Seed::default() };
        world.standins.seed(Seed { folder: Some(crate::world::fixture("healthy")), ..seed }).await?;
        let app = world.start().await?;
        let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
        let owner = db::users::by_email(&db, crate::app::EMAIL).await?.context("no owner")?;
        let all = db::subscriptions::list(&db, &owner.id).await?;
        let shop = all.into_iter().find(|watched| watched.platform_project_name == "shop-web");
        let subscription = shop.context("shop-web is not watched")?.id;
        Ok(Self { world, app, db, subscription })
    }

    /// Stores a failure that the platform does not list. Returns its id.
    async fn store(
        &self,
        name: &str,
        at: Timestamp,
        status: FixStatus,
        branch: &str,
    ) -> anyhow::Result<String> {
        let fix = NewFix {
            id: new_id(),
            subscription_id: self.subscription.clone(),
            provider: Provider::VERCEL,
            platform_deployment_id: name.into(),
            webhook_delivery_id: None,
            project_name: "shop-web".into(),
            repository: self.world.seeded.repository.clone(),
            branch: Some(branch.into()),
            commit_sha: Some("ab".repeat(20)),
            deployment_created_at: None,
            status: FixStatus::Skipped,
            reason_code: None,
            reason: None,
            started_by_hand: false,
        };
        let id = fix.id.clone();
        fixes::admit(&self.db, fix, None, at).await?;
        let mut row = fixes::find(&self.db, &id).await?.context("not stored")?;
        let change = FixChange {
            status: Some(status),
            error_message: Some(Some(format!("Error of {name}"))),
            ..FixChange::default()
        };
        fixes::transition(&self.db, &mut row, change, vec![], at).await?;
        Ok(id)
    }

    /// A deployment at the platform, of which nobody is told.
    async fn deploy(&self, project: &str, state: &str, at: Timestamp, branch: &str) -> anyhow::Result<()> {
        let new = NewDeployment {
            project: project.into(),
            branch: Some(branch.into()),
            sha: Some(self.world.standins.commits(&format!("acme/{project}"), "main").await?[0].sha.clone()),
            state: Some(state.into()),
            created_at: Some(at.timestamp_millis()),
            ..NewDeployment::default()
        };
        self.world.standins.deploy(new, false).await?;
        Ok(())
    }

    async fn list(&self, parameters: &str) -> anyhow::Result<DeploymentList> {
        let answer = self.app.request(Method::GET, &format!("/api/deployments{parameters}")).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn page(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.app.request(Method::GET, path).send().await?.error_for_status()?.text().await?)
    }
}

fn ids(list: &DeploymentList) -> Vec<String> {
    list.deployments.iter().filter_map(|row| row.key().map(|(_, id)| id.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_one_over_all_sources() -> anyhow::Result<()> {
    let house = Dashboard::start().await?;
    for number in 0..60_i64 {
        let (status, branch) = match number % 6 {
            0 => (FixStatus::PrCreated, "main"),
            1 => (FixStatus::Merged, "main"),
            _ => (FixStatus::Failed, "feature/cart"),
        };
        house.store(&format!("dpl_stored_{number}"), ago(10 + 2 * number), status, branch).await?;
        let (project, state) = if number % 3 == 0 { ("landing", "CANCELED") } else { ("shop-web", "READY") };
        house.deploy(project, state, ago(11 + 2 * number), "main").await?;
    }
    let first = house.list("").await?;
    assert_eq!((first.deployments.len(), first.unavailable.len()), (50, 0));
    assert!(first.deployments.windows(2).all(|pair| pair[0].cursor() > pair[1].cursor()));
    let counts = first.counts;
    let numbers =
        [counts.projects, counts.all, counts.success, counts.failed, counts.fixed].map(|it| it.count);
    assert_eq!(numbers, [2, 120, 40, 60, 20]);

    // Pages while rows arrive.
    let mut seen = ids(&first);
    let mut next = first.next;
    while let Some(place) = next {
        house.store(&format!("dpl_late_{}", seen.len()), ago(0), FixStatus::Failed, "main").await?;
        let page = house.list(&format!("?after={place}")).await?;
        seen.extend(ids(&page));
        next = page.next;
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (120, 120));
    assert!(!seen.iter().any(|id| id.starts_with("dpl_late")));

    // Filters.
    for (parameters, rows) in [
        ("?tab=success&project=shop-web", 40),
        ("?tab=success&project=landing", 0),
        ("?project=landing", 20),
        ("?repository=Acme/Landing", 20),
        ("?repository=acme/none", 0),
        ("?platform=render", 0),
        ("?tab=fixed", 20),
        ("?tab=failed&branch=feature/cart", 40),
        ("?q=stored_59", 1),
        ("?q=STORED_5", 11),
        ("?q=abab", 50),
        ("?from=2001-01-01&to=2001-01-02", 0),
        ("?from=2001-01-01", 50),
    ] {
        assert_eq!(house.list(parameters).await?.deployments.len(), rows, "{parameters}");
    }
    let counts = house.list("?branch=feature/cart").await?.counts;
    assert_eq!((counts.all.count, counts.failed.count, counts.fixed.count), (40, 40, 0));
    for row in house.list("?tab=success").await?.deployments {
        assert_eq!((row.state(), row.fix), (DeploymentState::Ready, None));
    }
    let refused = house.app.request(Method::GET, "/api/deployments?tab=x&from=y").send().await?;
    assert_eq!(refused.status().as_u16(), ErrorCode::BadRequest.status());
    assert!(refused.text().await?.contains("tab, from"));

    // The same without scripts.
    let html = house.page("/deployments?tab=failed&branch=feature/cart").await?;
    assert_eq!(html.matches("class=\"row-link\"").count(), 40);
    let html = house.page("/repos/acme/landing/deployments").await?;
    assert_eq!(html.matches("class=\"row-link\"").count(), 20);
    let html = house.page("/deployments?tab=projects").await?;
    assert_eq!(html.matches("class=\"row-link\"").count(), 2);
    assert!(house.app.errors().is_empty(), "{:?}", house.app.errors());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deployment_is_listed_once_and_a_silent_platform_is_named() -> anyhow::Result<()> {
    let house = Dashboard::start().await?;
    house.deploy("landing", "READY", ago(5), "main").await?;
    let (failed, _) = house
        .world
        .standins
        .deploy(
            NewDeployment {
                project: "shop-web".into(),
                log: "Error: broken".into(),
                ..NewDeployment::default()
            },
            true,
        )
        .await?;
    let list = house.list("").await?;
    assert_eq!(list.deployments.len(), 2);
    let row = &list.deployments[0];
    assert_eq!(row.key(), Some((Provider::VERCEL, failed.id.as_str())));
    assert_eq!((row.author().is_some(), row.fix_status()), (true, Some(FixStatus::Skipped)));

    let fault = Fault {
        server: Server::Vercel,
        method: None,
        path: "/v7/deployments".into(),
        times: 100,
        kind: Kind::Status { status: 503 },
    };
    house.world.standins.add_fault(fault);
    // Asked with another filter: the answer to the first question is still fresh.
    let list = house.list("?tab=failed&from=2001-01-01").await?;
    assert_eq!((ids(&list), list.deployments[0].unreachable), (vec![failed.id.clone()], true));
    assert_eq!(list.unavailable.iter().map(|it| it.provider).collect::<Vec<_>>(), [Provider::VERCEL]);
    let html = house.page("/deployments?tab=failed&from=2001-01-01").await?;
    assert!(html.contains("No answer") && html.contains("row-link"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_starts_the_fix_of_a_failure_that_has_none() -> anyhow::Result<()> {
    let it = Dashboard::start().await?;
    it.deploy("landing", "READY", ago(9), "main").await?;
    it.deploy("landing", "ERROR", ago(5), "main").await?;
    it.deploy("landing", "ERROR", ago(4), "next").await?;
    let list = it.list("?project=landing").await?;
    assert!(list.deployments.iter().all(|row| row.fix.is_none()), "{list:?}");
    let [second, first, ready] = ids(&list).try_into().map_err(|ids| anyhow::anyhow!("{ids:?}"))?;

    let fix = async |body: serde_json::Value| -> anyhow::Result<(u16, serde_json::Value)> {
        let answer = it.app.request(Method::POST, "/api/deployments/fix").json(&body).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };
    let (status, started) = fix(json!({"provider": "vercel", "deploymentId": first})).await?;
    assert_eq!((status, &started["platform_deployment_id"]), (200, &json!(first)));
    for (body, expected) in [
        (json!({"provider": "vercel", "deploymentId": first}), 409),
        (json!({"id": started["id"]}), 409),
        (json!({"provider": "vercel", "deploymentId": ready}), 409),
        (json!({"provider": "vercel", "deploymentId": "dpl_of_nobody"}), 404),
        (json!({"provider": "render", "deploymentId": second}), 404),
        (json!({"id": "01JNOBODY"}), 404),
        (json!({"deploymentId": first}), 422),
        (json!({}), 422),
    ] {
        let (status, answer) = fix(body.clone()).await?;
        assert_eq!(status, expected, "{body} {answer}");
        assert!(answer["error"]["message"].is_string());
    }

    let mut app = it.app;
    let to = app.form("/deployments/fix", &[("provider", "vercel"), ("deploymentId", &second)]).await?;
    let id = to.strip_prefix("/deployments/").context("the button led elsewhere")?;
    assert_eq!(app.fix(id).await?.summary.platform_deployment_id, second);
    let to = app.form("/deployments/fix", &[("provider", "vercel"), ("deploymentId", &ready)]).await?;
    assert_eq!(to, format!("/deployments/vercel%3A{ready}?error=conflict"));
    Ok(())
}

/// For what code cannot repair: the platform is asked for the same commit again.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_built_once_more_on_request() -> anyhow::Result<()> {
    let it = Dashboard::start().await?;
    it.deploy("landing", "ERROR", ago(5), "main").await?;
    let list = it.list("?project=landing").await?;
    let [failed] = ids(&list).try_into().map_err(|ids| anyhow::anyhow!("{ids:?}"))?;
    let commit = list.deployments[0].commit().context("no commit")?.to_owned();
    for (id, expected) in [(failed.as_str(), 202), ("dpl_of_nobody", 404)] {
        let path = format!("/api/deployments/vercel:{id}/redeploy");
        let answer = it.app.request(Method::POST, &path).send().await?;
        assert_eq!(answer.status().as_u16(), expected, "{id}");
    }
    let made = || {
        let state = it.world.standins.world().state();
        let deployments = state.vercel.deployments.iter().filter(|made| made.state == "QUEUED");
        deployments.map(|made| made.meta["githubCommitSha"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(made(), [json!(commit)]);
    let mut app = it.app;
    let to = app.form(&format!("/deployments/vercel:{failed}/redeploy"), &[]).await?;
    assert_eq!(to, format!("/deployments/vercel%3A{failed}?ok=redeployed"));
    assert_eq!(made().len(), 2);
    Ok(())
}

/// PostgreSQL takes no NUL; that is the sender's trouble, not ours.
#[tokio::test(flavor = "multi_thread")]
async fn texts_that_cannot_be_stored_are_refused() -> anyhow::Result<()> {
    let it = Dashboard::start().await?;
    let rule = json!({"subscriptionId": it.subscription, "name": "a\0b", "errorPattern": "x"});
    for (method, path, body) in [
        (Method::GET, "/api/deployments/a%00b", None),
        (Method::GET, "/api/deployments?project=a%00b", None),
        (Method::POST, "/api/integrations/vercel/rules", Some(rule)),
        (Method::POST, "/api/notifications/read", Some(json!({"ids": ["a\0b"]}))),
    ] {
        let request = it.app.request(method, path);
        let answer = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let status = answer.send().await?.status().as_u16();
        assert!(status < 500, "{path}: {status}");
    }
    assert_eq!(it.app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_limits_refuse_is_told_in_our_words() -> anyhow::Result<()> {
    let it = Dashboard::start().await?;
    let large = json!({"id": "x".repeat(300 * 1024)});
    let answer = it.app.request(Method::POST, "/api/deployments/fix").json(&large).send().await?;
    assert_eq!(answer.status().as_u16(), 413);
    let body: serde_json::Value = answer.json().await?;
    assert_eq!(body["error"]["code"], "payload_too_large");
    let form = it.app.request(Method::POST, "/deployments/fix").form(&[("provider", "heroku")]);
    let answer = form.send().await?;
    assert_eq!(answer.status().as_u16(), 400);
    let body: serde_json::Value = answer.json().await?;
    assert_eq!(body["error"]["code"], "bad_request");
    // An id of a form may be anything, and none leads off the page.
    let mut app = it.app;
    let odd = [("provider", "vercel"), ("deploymentId", "a/../?b=ü\r\nx: y")];
    let to = app.form("/deployments/fix", &odd).await?;
    assert_eq!(to, "/deployments/vercel%3Aa%2F..%2F%3Fb%3D%C3%BC%0D%0Ax%3A%20y?error=not_found");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_kept_no_longer_is_said_to_be_removed() -> anyhow::Result<()> {
    let house = Dashboard::start().await?;
    let ended = ago(60 * 24 * 20);
    for (name, days, sentence) in [
        ("dpl_long_ago", 12, "The log was removed after 12 days."),
        ("dpl_of_yesterday", 1, "The log was removed after 1 day."),
    ] {
        let id = house.store(name, ended, FixStatus::Failed, "main").await?;
        let mut row = fixes::find(&house.db, &id).await?.context("not stored")?;
        let change = FixChange {
            logs: Some(Some("src/a.ts(3,7): error TS2322".to_owned())),
            completed_at: Some(Some(ended)),
            ..FixChange::default()
        };
        fixes::transition(&house.db, &mut row, change, vec![], ended).await?;
        let path = format!("/deployments/{id}");
        let before = house.page(&path).await?;
        assert!(before.contains("TS2322") && !before.contains("The log was removed"), "{name}");
        assert_eq!(db::retention::logs(&house.db, ago(0) - TimeDelta::days(days.into()), days).await?, 1);
        let after = house.page(&path).await?;
        assert!(after.contains(sentence) && !after.contains("error TS2322"), "{name}");
    }
    Ok(())
}
