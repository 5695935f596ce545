//! What users are told about fixes, by the running program: on the page, over HTTP, and by their own webhook.

use crate::{
    app::{App, EMAIL, assert_verified, until},
    receiver::Receiver,
    world::World,
};
use anyhow::Context as _;
use deploymend::{
    model::{
        DeliveryState, FixStatus, NotificationKind, NotificationsPage, OutgoingDelivery, OutgoingWebhook,
        Provider,
    },
    server::{
        clock::{Clock, new_id},
        db::{
            self, Db,
            fixes::{self, FixChange, NewFix},
            outgoing,
            tokens::{self, NewToken},
        },
    },
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use standins::scenario::Redelivery;
use std::time::Duration;

/// An install, two builds and an agent on a busy machine.
const STORY: Duration = Duration::from_secs(300);
/// The outbox is looked at every second. A message whose sender was killed comes back after 20.
const SOON: Duration = Duration::from_secs(60);
/// Pull requests are looked over once a minute, and their ends are told after that.
const ROUND: Duration = Duration::from_secs(150);

/// The owner of a product in which nothing happens by itself, and where their webhook leads.
struct Told {
    world: World,
    app: App,
    db: Db,
    receiver: Receiver,
    secret: String,
}

impl Told {
    async fn start() -> anyhow::Result<Self> {
        let mut world = World::new("healthy").await?;
        world.settings = world
            .settings
            .set("DEPLOYMEND_PAUSED", "true")
            .set("DEPLOYMEND_POLL_INTERVAL", "3600")
            .set("DEPLOYMEND_WEBHOOK_RETRY", "0.01");
        let app = world.start().await?;
        let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
        let receiver = Receiver::start().await?;
        let secret = set(&app, &receiver.url).await?;
        Ok(Self { world, app, db, receiver, secret })
    }

    /// A fix that fails, as the worker writes it. Returns its id.
    async fn fails(&self, name: &str) -> anyhow::Result<String> {
        let owner = db::users::by_email(&self.db, EMAIL).await?.context("no owner")?;
        let watched =
            db::subscriptions::list(&self.db, &owner.id).await?.pop().context("nothing is watched")?;
        let new = NewFix {
            id: new_id(),
            subscription_id: watched.id,
            provider: Provider::VERCEL,
            platform_deployment_id: name.into(),
            webhook_delivery_id: None,
            project_name: "shop-web".into(),
            repository: self.world.seeded.repository.clone(),
            branch: Some("main".into()),
            commit_sha: None,
            deployment_created_at: None,
            status: FixStatus::Skipped,
            reason_code: None,
            reason: None,
            started_by_hand: false,
        };
        let (id, now) = (new.id.clone(), Clock::System.now());
        fixes::admit(&self.db, new, None, now).await?;
        let mut row = fixes::find(&self.db, &id).await?.context("not stored")?;
        let change = FixChange {
            status: Some(FixStatus::Failed),
            reason_code: Some(Some("verify".into())),
            reason: Some(Some("The build still fails.".into())),
            ..FixChange::default()
        };
        fixes::transition(&self.db, &mut row, change, vec![], now).await?;
        Ok(id)
    }

    async fn send_test(&self) -> anyhow::Result<OutgoingDelivery> {
        let answer = self.app.request(Method::POST, "/api/webhook/test").send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn webhook(&self) -> anyhow::Result<OutgoingWebhook> {
        json(self.app.request(Method::GET, "/api/webhook")).await
    }

    /// Waits until the newest message is as wanted.
    async fn newest(
        &self,
        what: &str,
        wanted: impl Fn(&OutgoingDelivery) -> bool,
    ) -> anyhow::Result<OutgoingDelivery> {
        let look = async || {
            let newest = self.webhook().await?.deliveries.into_iter().next();
            Ok(newest.clone().filter(|newest| wanted(newest)).ok_or(format!("{what}: {newest:#?}")))
        };
        until(SOON, look).await
    }
}

async fn json<T: serde::de::DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    Ok(request.send().await?.error_for_status()?.json().await?)
}

/// Sets the signed-in user's webhook. Returns its secret.
pub async fn set(app: &App, url: &str) -> anyhow::Result<String> {
    let answer: Value = json(app.request(Method::PUT, "/api/webhook").json(&json!({"url": url}))).await?;
    Ok(answer["secret"].as_str().context("no secret")?.to_owned())
}

pub async fn notifications(app: &App) -> anyhow::Result<NotificationsPage> {
    json(app.request(Method::GET, "/api/notifications")).await
}

pub fn kinds(page: &NotificationsPage) -> Vec<NotificationKind> {
    page.notifications.iter().map(|row| row.kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_ends_tells_its_user_once_and_sends_one_signed_message() -> anyhow::Result<()> {
    let world = World::quick().await?;
    let app = world.start().await?;
    let receiver = Receiver::start().await?;
    let secret = set(&app, &receiver.url).await?;
    world.platform_builds(true).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_verified(&fix);

    let messages = receiver.wait_for(1, SOON).await?;
    let body = messages[0].verified(&secret)?;
    assert_eq!((&body["type"], messages[0].path.as_str()), (&json!("fix.pull_request"), "/hook"));
    assert_eq!(
        (&body["data"]["id"], &body["data"]["pr_number"]),
        (&json!(fix.summary.id), &json!(fix.summary.pr_number))
    );
    assert!(body["timestamp"].is_string(), "{body}");
    let page = notifications(&app).await?;
    assert_eq!((kinds(&page), page.unread), (vec![NotificationKind::PullRequest], 1));
    assert_eq!(page.notifications[0].fix_id, fix.summary.id);

    let html = app.request(Method::GET, "/notifications").send().await?.error_for_status()?.text().await?;
    assert!(html.contains(&page.notifications[0].sentence()) && html.contains("Unread"));
    let opened = app.request(Method::GET, &format!("/deployments/{}", fix.summary.id)).send().await?;
    opened.error_for_status()?.text().await?;
    assert_eq!(notifications(&app).await?.unread, 0, "who opens the fix has read it");

    // The platform says it again, the program starts again, and then GitHub has news.
    world.standins.deliver(Redelivery { times: Some(5), ..Redelivery::default() }).await?;
    assert_eq!(app.errors(), Vec::<String>::new());
    drop(app);
    let number = u64::from(fix.summary.pr_number.context("no number")?.unsigned_abs());
    world.standins.merge(&world.seeded.repository, number, "octo-dev").await?;
    let app = world.restart(&world.settings).await?;
    let messages = receiver.wait_for(2, ROUND).await?;
    assert_eq!(messages[1].verified(&secret)?["type"], "fix.merged");
    assert_ne!(messages[0].id(), messages[1].id());
    let page = notifications(&app).await?;
    assert_eq!(kinds(&page), [NotificationKind::Merged, NotificationKind::PullRequest]);
    assert_eq!((page.unread, receiver.received().len()), (1, 2));
    let log = app.log.lock().map(|log| log.join("\n")).unwrap_or_default();
    assert!(!log.contains(&secret) && !log.contains("\"level\":\"ERROR\""), "{log}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_refused_comes_again_until_it_is_taken() -> anyhow::Result<()> {
    let it = Told::start().await?;
    it.receiver.answer(500, None);
    it.receiver.answer(500, None);
    let fix = it.fails("dpl_1").await?;
    let messages = it.receiver.wait_for(3, SOON).await?;
    for message in &messages {
        assert_eq!(message.verified(&it.secret)?["data"]["id"], json!(fix));
        assert_eq!((message.id(), message.body()), (messages[0].id(), messages[0].body()));
    }
    let taken = it.newest("it was not taken", |message| message.state == DeliveryState::Delivered).await?;
    assert_eq!((taken.id.as_str(), taken.attempts), (messages[0].id(), 3));
    assert_eq!((taken.last_status, taken.last_error, taken.next_try_at), (Some(200), None, None));

    // Who asks for time gets it, whatever the setting says.
    it.receiver.answer(503, Some(("retry-after", "3600")));
    it.send_test().await?;
    let waiting = it.newest("it was not refused", |message| message.last_status == Some(503)).await?;
    let pause = waiting.next_try_at.context("it was given up")? - Clock::System.now();
    assert!((3_500..=3_600).contains(&pause.num_seconds()), "{pause}");
    assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Pending, 1));
    let again = it.app.request(Method::POST, "/api/webhook/test").send().await?;
    assert_eq!(again.status(), 409, "one is on its way");
    assert_eq!(it.receiver.received().len(), 4);
    assert_eq!(it.app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_is_followed_and_a_receiver_that_is_gone_is_left_alone() -> anyhow::Result<()> {
    let it = Told::start().await?;
    it.receiver.answer(307, Some(("location", "/elsewhere")));
    it.fails("dpl_1").await?;
    let messages = it.receiver.wait_for(2, SOON).await?;
    assert!(messages.iter().all(|message| message.path == "/hook"), "{messages:?}");
    it.newest("it was not taken", |message| message.state == DeliveryState::Delivered).await?;

    it.receiver.answer(410, None);
    it.send_test().await?;
    let gone = it.newest("it was not given up", |message| message.state == DeliveryState::Failed).await?;
    assert_eq!((gone.last_status, gone.attempts), (Some(410), 1));
    assert!(!it.webhook().await?.enabled);
    it.fails("dpl_2").await?;
    let page = notifications(&it.app).await?;
    assert_eq!((kinds(&page).len(), page.unread), (2, 2), "the page goes on telling");
    assert_eq!(it.webhook().await?.deliveries.len(), 2, "nothing is written for a webhook that is off");
    let test = it.app.request(Method::POST, "/api/webhook/test").send().await?;
    assert_eq!(test.status(), 409);
    assert_eq!(it.receiver.received().len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_the_row_and_the_request_loses_and_repeats_nothing() -> anyhow::Result<()> {
    let mut it = Told::start().await?;
    it.app.kill_9();
    // Written while no program runs, and taken by one that is killed before it sends.
    let fix = it.fails("dpl_1").await?;
    let deadly = it.world.settings.clone().set("FAILPOINTS", "before_delivery=return");
    App::crash(&deadly, SOON).await?;
    assert_eq!(it.receiver.received().len(), 0);
    let owner = db::users::by_email(&it.db, EMAIL).await?.context("no owner")?;
    let hook = outgoing::of_user(&it.db, &owner.id).await?.context("no webhook")?;
    let stored = outgoing::recent(&it.db, &hook.id, 10).await?;
    assert_eq!((stored.len(), stored[0].attempts), (1, 1));

    it.app = it.world.restart(&it.world.settings).await?;
    let messages = it.receiver.wait_for(1, SOON).await?;
    assert_eq!(messages[0].id(), stored[0].id);
    assert_eq!(messages[0].verified(&it.secret)?["data"]["id"], json!(fix));
    it.newest("it was not taken", |message| message.state == DeliveryState::Delivered).await?;
    // What comes after it is the next one, and not the same again.
    let test = it.send_test().await?;
    let ids: Vec<_> = it.receiver.wait_for(2, SOON).await?.iter().map(|it| it.id().to_owned()).collect();
    assert_eq!(ids, [stored[0].id.clone(), test.id]);
    let page = notifications(&it.app).await?;
    assert_eq!((kinds(&page), page.unread), (vec![NotificationKind::Failed], 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn private_networks_are_not_called_even_if_they_were_stored() -> anyhow::Result<()> {
    let it = Told::start().await?;
    let put = async |url: &str| -> anyhow::Result<(u16, Value)> {
        let answer = it.app.request(Method::PUT, "/api/webhook").json(&json!({"url": url})).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };
    for url in [
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00:ec2::254]/",
        "http://192.168.0.1/",
        "http://104.16.1.34/",
        "ftp://104.16.1.34/",
        "https://name:word@104.16.1.34/",
        "not an address",
    ] {
        let (status, answer) = put(url).await?;
        assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")), "{url}");
    }
    assert_eq!(it.webhook().await?.url, it.receiver.url, "what is refused changes nothing");
    let (status, answer) = put(&it.receiver.url).await?;
    assert_eq!((status, &answer["secret"]), (200, &Value::Null), "the secret is shown once");

    // As a name that has come to lead elsewhere since it was checked.
    let owner = db::users::by_email(&it.db, EMAIL).await?.context("no owner")?;
    let hook = outgoing::of_user(&it.db, &owner.id).await?.context("no webhook")?;
    let private = outgoing::NewWebhook {
        id: hook.id,
        user_id: owner.id,
        url: "https://169.254.169.254/".into(),
        secret: hook.secret,
        enabled: true,
    };
    outgoing::put(&it.db, private, Clock::System.now()).await?;
    it.send_test().await?;
    let refused = it.newest("it was sent", |message| message.last_error.is_some()).await?;
    assert!(refused.last_error.is_some_and(|error| error.contains("private network")));
    assert_eq!((refused.last_status, it.receiver.received().len()), (None, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_what_others_are_told() -> anyhow::Result<()> {
    let it = Told::start().await?;
    it.fails("dpl_1").await?;
    it.fails("dpl_2").await?;
    let stranger = stranger(&it.db).await?;
    let client = reqwest::Client::new();
    let by_stranger = |method: Method, path: &str| {
        client.request(method, format!("{}{path}", it.app.base)).bearer_auth(&stranger)
    };
    let theirs: NotificationsPage = json(by_stranger(Method::GET, "/api/notifications")).await?;
    assert_eq!(theirs, NotificationsPage::default());
    for (method, path) in
        [(Method::GET, "/api/webhook"), (Method::DELETE, "/api/webhook"), (Method::POST, "/api/webhook/test")]
    {
        assert_eq!(by_stranger(method.clone(), path).send().await?.status(), 404, "{method} {path}");
    }
    let owners = notifications(&it.app).await?;
    let ids: Vec<_> = owners.notifications.iter().map(|row| row.id.as_str()).collect();
    for body in [json!({"ids": ids}), json!({"upTo": ids[0]}), json!({})] {
        let read = by_stranger(Method::POST, "/api/notifications/read").json(&body);
        assert_eq!(read.send().await?.status(), 200);
        assert_eq!(notifications(&it.app).await?.unread, 2, "{body}");
    }
    let read = async |body: Value| -> anyhow::Result<u64> {
        let request = it.app.request(Method::POST, "/api/notifications/read").json(&body);
        request.send().await?.error_for_status()?;
        Ok(notifications(&it.app).await?.unread)
    };
    assert_eq!(read(json!({"ids": [ids[0]]})).await?, 1);
    assert_eq!(read(json!({})).await?, 0);
    for path in ["/api/notifications", "/api/webhook", "/api/notifications/events"] {
        assert_eq!(client.get(format!("{}{path}", it.app.base)).send().await?.status(), 401, "{path}");
    }
    Ok(())
}

/// Somebody beside the owner. Returns their API token.
async fn stranger(db: &Db) -> anyhow::Result<String> {
    use sea_orm::{ActiveValue::Set, EntityTrait as _};
    let (now, token) = (Clock::System.now(), "dpm_stranger");
    let row = db::entity::user::ActiveModel {
        id: Set(new_id()),
        email: Set("stranger@example.test".to_owned()),
        name: Set("Stranger".to_owned()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let user = db::entity::user::Entity::insert(row).exec_with_returning(&db.orm).await?;
    let new = NewToken {
        id: new_id(),
        user_id: user.id,
        name: "script".into(),
        token_hash: hex::encode(Sha256::digest(token)),
        hint: "nger".into(),
        expires_at: None,
    };
    anyhow::ensure!(tokens::create(db, new, now).await?);
    Ok(token.to_owned())
}
