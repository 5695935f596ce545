//! Fix rules in the running program: made, changed and put in order, tried, and what they do to failures.

mod failures;
mod life;

use crate::{
    account::{accept, invite},
    app::{App, EMAIL, assert_verified},
    world::World,
};
use anyhow::Context as _;
use deploymend::{
    model::{ErrorCode, FixDetail, FixStatus, ProjectRules, RULES_AT_MOST, RuleForm, Trial},
    server::{
        clock::Clock,
        db::{
            self, Db,
            rules::{Place, RuleInput},
        },
    },
};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use standins::scenario::Build;
use std::time::Duration;
use url::form_urlencoded;

/// An install, two builds and an agent on a busy machine.
const STORY: Duration = Duration::from_secs(300);
/// A diagnosis alone.
const SOON: Duration = Duration::from_secs(60);
/// What no code can repair: its fix ends with the diagnosis.
const HEAP: &str = "Running \"npm run build\"\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
const REST: &str = "/api/integrations/vercel/rules";

/// An owner with one watched project that builds.
struct Ruled {
    world: World,
    app: App,
    db: Db,
    /// Our id of the subscription.
    project: String,
}

impl Ruled {
    async fn start(fixture: &str) -> anyhow::Result<Self> {
        let mut world = World::new(fixture).await?;
        world.settings = world.settings.set("DEPLOYMEND_POLL_INTERVAL", "3600");
        let app = world.start().await?;
        let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
        let owner = db::users::by_email(&db, EMAIL).await?.context("no owner")?;
        let watched = db::subscriptions::list(&db, &owner.id).await?.pop().context("nothing is watched")?;
        Ok(Self { world, app, db, project: watched.id })
    }

    /// The address of the project's rules.
    fn list(&self) -> String {
        format!("/integrations/vercel/projects/{}/rules", self.project)
    }

    /// The platform reports a failure with that log. Waits for the end of its fix.
    async fn fails(&self, log: &str) -> anyhow::Result<FixDetail> {
        let build = Build {
            project: self.world.seeded.project_id.clone(),
            state: Some("ERROR".into()),
            log: log.into(),
            ..Build::default()
        };
        let deployment = self.world.standins.build(build).await?.deployment.id;
        self.app.ended(SOON, |fix| fix.platform_deployment_id == deployment).await
    }

    /// A rule made by the form. Returns its id.
    async fn make(&mut self, name: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let mut form = vec![("name", name), ("enabled", "on")];
        form.extend(fields);
        let to = self.app.form(&self.list(), &form).await?;
        let made = to.strip_prefix(&format!("{}?ok=rule_made&rule=", self.list()));
        let (id, row) = made.and_then(|rest| rest.split_once("#rule-")).context(format!("it led to {to}"))?;
        assert_eq!(id, row);
        Ok(id.to_owned())
    }

    /// The names of the rules in their order, with what is off in brackets.
    async fn names(&self) -> anyhow::Result<Vec<String>> {
        let rules: Vec<Value> =
            self.rest(Method::GET, REST, Value::Null).await?.1.as_array().cloned().context("no list")?;
        let name = |rule: &Value| match &rule["enabled"] {
            Value::Bool(true) => rule["name"].as_str().unwrap_or_default().to_owned(),
            _ => format!("({})", rule["name"].as_str().unwrap_or_default()),
        };
        Ok(rules.iter().map(name).collect())
    }

    async fn rest(&self, method: Method, path: &str, body: Value) -> anyhow::Result<(u16, Value)> {
        let request = self.app.request(method, path);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// A server function of the pages.
    async fn asks<T: DeserializeOwned>(&self, function: &str, mut body: Value) -> anyhow::Result<T> {
        body["provider"] = json!("vercel");
        body["id"] = json!(self.project);
        let answer =
            self.app.request(Method::POST, &format!("/api/pages/{function}")).json(&body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn page(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.app.request(Method::GET, path).send().await?.error_for_status()?.text().await?)
    }
}

/// The value of a field in the query of an address.
fn in_query(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The page's text without its comments, which mark where the browser takes over.
fn plain(html: &str) -> String {
    html.replace("<!>", "").replace("&#x27;", "'")
}
