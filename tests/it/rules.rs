//! Fix rules in the running program: made, changed, put in order, tried, and what they do to failures.

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
use std::time::{Duration, Instant};
use url::form_urlencoded;

/// An install, two builds and an agent on a busy machine.
const STORY: Duration = Duration::from_secs(300);
/// A diagnosis alone.
const SOON: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);
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
        let deadline = Instant::now() + SOON;
        loop {
            let fixes = self.app.fixes().await?;
            let fix = fixes.iter().find(|fix| fix.platform_deployment_id == deployment);
            if let Some(fix) = fix.filter(|fix| !fix.status.is_unfinished()) {
                return self.app.fix(&fix.id).await;
            }
            anyhow::ensure!(Instant::now() < deadline, "no end: {fixes:#?}");
            tokio::time::sleep(LOOK).await;
        }
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

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_rule_by_plain_forms() -> anyhow::Result<()> {
    let mut it = Ruled::start("healthy").await?;
    let list = it.list();
    let (all, own) = (it.page("/rules").await?, it.page(&list).await?);
    assert!(all.contains("No rules yet") && all.contains(&format!("{list}/new")), "{all}");
    assert!(own.contains("No rules yet"));
    let settings = it.page(list.trim_end_matches("/rules")).await?;
    assert!(settings.contains(&format!("href=\"{list}\"")), "the project leads to its rules");

    // What is refused comes back with everything that was entered, and why.
    for (pattern, words) in [
        ("(", "unclosed group"),
        ("((a{900}){900}){900}", "too complex"),
        ("a(?=b)", "look-around"),
        ("  ", "The pattern is empty."),
    ] {
        let form = [
            ("name", "Größe & co"),
            ("pattern", pattern),
            ("action", "fix"),
            ("kind", "build"),
            ("prompt", "One\r\nTwo"),
        ];
        let to = it.app.form(&list, &form).await?;
        assert!(to.starts_with(&format!("{list}/new?")), "{to}");
        for (name, value) in form.into_iter().filter(|(name, _)| *name != "prompt") {
            assert_eq!(in_query(&to, name).as_deref(), Some(value), "{to}");
        }
        assert_eq!(in_query(&to, "enabled"), None);
        let html = plain(&it.page(&to).await?);
        assert!(html.contains("Nothing was saved. ") && html.contains(words), "{pattern}: {html}");
        assert!(
            html.contains("value=\"Größe &amp; co\"") && html.contains(">\nOne\nTwo</textarea>"),
            "{html}"
        );
    }
    // Nothing of it is read twice.
    let odd = "a%20(+b&amp;\\+ü</textarea><b>";
    let to = it.app.form(&list, &[("name", "n"), ("pattern", odd)]).await?;
    assert_eq!(in_query(&to, "pattern").as_deref(), Some(odd));
    let html = it.page(&to).await?;
    assert!(html.contains(">\na%20(+b&amp;amp;\\+ü&lt;/textarea&gt;&lt;b&gt;</textarea>"), "{html}");
    // As no browser sends it: an address with all of that would be longer than servers take.
    let long = "€".repeat(8_000);
    let answer = it
        .app
        .request(Method::POST, &list)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("name={long}&pattern={long}"))
        .send()
        .await?;
    let to =
        answer.headers().get("location").and_then(|to| to.to_str().ok()).context("no redirect")?.to_owned();
    assert!(to.len() < 60_000, "{}", to.len());
    assert!(it.page(&to).await?.contains("The pattern is longer than 1000 characters."));
    assert_eq!(it.names().await?, Vec::<String>::new());

    let first = it.make("First", &[("pattern", "heap"), ("action", "skip")]).await?;
    let second =
        it.make("Second", &[("pattern", "two"), ("action", "fix"), ("prompt", "Be\r\nbrief.")]).await?;
    let third = it.make("Third", &[("pattern", "three"), ("kind", "typescript")]).await?;
    assert_eq!(it.names().await?, ["First", "Second", "Third"]);

    // Order.
    for (rule, to, expected) in [
        (&third, "up", ["First", "Third", "Second"]),
        (&third, "up", ["Third", "First", "Second"]),
        (&third, "up", ["Third", "First", "Second"]),
        (&first, "down", ["Third", "Second", "First"]),
        (&first, "down", ["Third", "Second", "First"]),
    ] {
        let led = it.app.form(&format!("{list}/{rule}/move"), &[("to", to)]).await?;
        assert_eq!(led, format!("{list}?ok=rule_moved&rule={rule}#rule-{rule}"));
        assert_eq!(it.names().await?, expected);
    }
    let html = it.page(&list).await?;
    let at = |id: &str| html.find(&format!("id=\"rule-{id}\""));
    assert!(at(&third) < at(&second) && at(&second) < at(&first) && at(&third).is_some());

    // On and off, changed, gone.
    it.app.form(&format!("{list}/{second}/switch"), &[("on", "false")]).await?;
    assert_eq!(it.names().await?, ["Third", "(Second)", "First"]);
    it.app.form(&format!("{list}/{second}/switch"), &[("on", "true")]).await?;
    let html = it.page(&format!("{list}/{second}")).await?;
    assert!(html.contains("Be\nbrief.</textarea>") && html.contains("value=\"Second\""), "{html}");
    let form = [("name", "Zweite"), ("pattern", "\r\nzwei\r\ndrei\r\n"), ("action", "skip"), ("kind", "")];
    let led = it.app.form(&format!("{list}/{second}"), &form).await?;
    assert!(led.starts_with(&format!("{list}?ok=rule_saved")), "{led}");
    let (_, rules) = it.rest(Method::GET, REST, Value::Null).await?;
    let changed =
        rules.as_array().and_then(|rules| rules.iter().find(|rule| rule["id"] == second)).context("gone")?;
    assert_eq!(changed["errorPattern"], "zwei\ndrei");
    assert_eq!(
        (&changed["enabled"], &changed["skipFix"], &changed["customPrompt"]),
        (&json!(false), &json!(true), &Value::Null)
    );
    let bad = it.app.form(&format!("{list}/{second}"), &[("name", ""), ("pattern", "x")]).await?;
    assert!(bad.starts_with(&format!("{list}/{second}?")), "{bad}");
    assert!(it.page(&bad).await?.contains("A rule needs a name"));
    assert_eq!(
        it.app.form(&format!("{list}/{second}/delete"), &[]).await?,
        format!("{list}?ok=rule_deleted")
    );
    assert_eq!(it.names().await?, ["Third", "First"]);
    let gone = it.app.request(Method::GET, &format!("{list}/{second}")).send().await?;
    assert_eq!(gone.status(), 404);
    let all = it.page("/rules").await?;
    assert!(all.contains("First") && all.contains("Third") && !all.contains("No rules yet"));
    assert_eq!(it.app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_holds_whoever_changes_it() -> anyhow::Result<()> {
    let mut it = Ruled::start("healthy").await?;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(it.make(name, &[("pattern", name)]).await?);
    }
    // By dragging.
    let order = [&ids[3], &ids[1], &ids[0], &ids[2]];
    let stored: ProjectRules = it.asks("rule-order", json!({"order": order})).await?;
    let names: Vec<_> = stored.rules.iter().map(|row| row.rule.name.as_str()).collect();
    assert_eq!(names, ["d", "b", "a", "c"]);
    assert_eq!(it.names().await?, ["d", "b", "a", "c"]);
    // A page that is older than a rule, and names one that is gone.
    let order = [&ids[2], &"gone".to_owned(), &ids[0]];
    let _: ProjectRules = it.asks("rule-order", json!({"order": order})).await?;
    assert_eq!(it.names().await?, ["c", "a", "d", "b"]);
    let _: () = it.asks("rule-switch", json!({"rule": ids[0], "on": false})).await?;
    assert_eq!(it.names().await?, ["c", "(a)", "d", "b"]);

    // By REST, where the number says it.
    let new = |priority: i32| json!({"subscriptionId": it.project, "name": "e", "errorPattern": "e", "priority": priority});
    let (status, made) = it.rest(Method::POST, REST, new(-1)).await?;
    assert_eq!(status, 201, "{made}");
    assert_eq!(it.names().await?, ["e", "c", "(a)", "d", "b"]);
    let path = format!("{REST}/{}", made["id"].as_str().context("no id")?);
    it.rest(Method::PATCH, &path, json!({"priority": 9, "name": "last"})).await?;
    assert_eq!(it.names().await?, ["c", "(a)", "d", "b", "last"]);
    for (body, code) in [
        (json!({"errorPattern": "("}), 422),
        (json!({"errorPattern": "((a{900}){900}){900}"}), 422),
        (json!({"subscriptionId": "elsewhere"}), 422),
        (json!({"priority": 1}), 200),
    ] {
        let (status, answer) = it.rest(Method::PATCH, &path, body.clone()).await?;
        assert_eq!(status, code, "{body} {answer}");
    }
    assert_eq!(it.rest(Method::DELETE, &path, Value::Null).await?.0, 200);

    // Moves at the same time take turns: none is lost, and no two rules share a place.
    let path = format!("{}/{}/move", it.list(), ids[1]);
    let up = || it.app.request(Method::POST, &path).form(&[("to", "up")]).send();
    let answers = futures::future::join_all([up(), up(), up()]).await;
    for answer in answers {
        assert_eq!(answer?.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(it.names().await?, ["b", "c", "(a)", "d"]);
    let (_, rules) = it.rest(Method::GET, REST, Value::Null).await?;
    let places: Vec<_> =
        rules.as_array().into_iter().flatten().map(|rule| rule["priority"].as_i64()).collect();
    assert_eq!(places, [Some(0), Some(1), Some(2), Some(3)]);

    // No more than a failure can be held against.
    for number in 4..RULES_AT_MOST {
        let rule = RuleInput {
            name: number.to_string(),
            error_pattern: "x".into(),
            error_type: None,
            skip_fix: true,
            custom_prompt: None,
            priority: None,
            enabled: true,
        };
        let made = db::rules::create(&it.db, &it.project, Place::Last, rule, Clock::System.now()).await?;
        assert!(made.is_some());
    }
    let (status, answer) = it.rest(Method::POST, REST, new(0)).await?;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!(ErrorCode::Conflict.as_str())));
    let to = it.app.form(&it.list(), &[("name", "n"), ("pattern", "x")]).await?;
    assert_eq!(to, format!("{}?error=conflict", it.list()));
    assert!(it.page(&to).await?.contains("as many as it may have"));
    assert_eq!(it.names().await?.len(), RULES_AT_MOST);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_is_tried_on_stored_failures_and_skips_the_next_one() -> anyhow::Result<()> {
    let mut it = Ruled::start("healthy").await?;
    let list = it.list();
    let trial: Trial =
        it.asks("rule-trial", json!({"rule": null, "pattern": "heap", "error_type": null})).await?;
    assert_eq!(trial, Trial::default(), "there is nothing to try it on");
    let fix = it.fails(HEAP).await?;
    assert_ne!(fix.summary.reason_code.as_deref(), Some("rule"), "{:?}", fix.summary);

    // While it is typed.
    let trial: Trial =
        it.asks("rule-trial", json!({"rule": null, "pattern": "REACHED heap", "error_type": null})).await?;
    assert_eq!(
        (trial.tried, trial.matching, trial.matches[0].fix_id.as_str()),
        (1, 1, fix.summary.id.as_str())
    );
    let line = &trial.matches[0].lines[0];
    assert_eq!(
        (line.number, line.before.as_str(), line.matched.as_str()),
        (Some(2), "FATAL ERROR: ", "Reached heap")
    );
    for (body, matching, problem) in [
        (json!({"rule": null, "pattern": "Reached heap", "error_type": "typescript"}), 0, false),
        (json!({"rule": null, "pattern": "nothing like it", "error_type": null}), 0, false),
        (json!({"rule": null, "pattern": "(", "error_type": null}), 0, true),
    ] {
        let trial: Trial = it.asks("rule-trial", body.clone()).await?;
        assert_eq!((trial.matching, trial.problem.is_some()), (matching, problem), "{body}");
    }
    // Without a browser's help: the draft stands in the address.
    let html =
        plain(&it.page(&format!("{list}/new?name=Mine&pattern=reached+heap&action=fix&prompt=p")).await?);
    assert!(html.contains("It matches the one failure that is stored."), "{html}");
    assert!(html.contains("<mark>Reached heap</mark>") && html.contains("value=\"Mine\""), "{html}");
    let html = plain(&it.page(&format!("{list}/new?pattern=%28")).await?);
    assert!(html.contains("unclosed group") && !html.contains("Nothing was saved"), "{html}");

    // An earlier rule that is on decides instead; one that is edited is not earlier than itself.
    let earlier =
        it.make("Earlier", &[("pattern", "heap limit"), ("action", "fix"), ("prompt", "p")]).await?;
    let earlier_of = async |rule: Option<&str>| -> anyhow::Result<Option<String>> {
        let form: RuleForm = it
            .asks(
                "rule",
                json!({"rule": rule, "draft": {"name": "", "pattern": "heap", "error_type": null,
            "skip": true, "prompt": "", "enabled": true}}),
            )
            .await?;
        Ok(form.trial.matches.into_iter().next().context("no match")?.earlier)
    };
    assert_eq!(earlier_of(None).await?.as_deref(), Some("Earlier"));
    assert_eq!(earlier_of(Some(&earlier)).await?, None);

    // Skip similar: a rule before all others, once.
    let page = it.page(&format!("/deployments/{}", fix.summary.id)).await?;
    let action = format!("/deployments/{}/skip-similar", fix.summary.id);
    assert!(page.contains(&action));
    let to = it.app.form(&action, &[]).await?;
    let (path, query) = to.split_once('?').context("no message")?;
    assert_eq!(query, "ok=skip_similar");
    let rule = path.strip_prefix(&format!("{list}/")).context(format!("it led to {to}"))?.to_owned();
    let html = it.page(&to).await?;
    assert!(html.contains("This rule is new.") && html.contains("<mark>"), "{html}");
    let names = it.names().await?;
    assert!(names[0].starts_with("Skip: ") && names[1] == "Earlier", "{names:?}");
    assert_eq!(it.app.form(&action, &[]).await?, format!("{path}?ok=skip_similar_already"));
    assert_eq!(it.names().await?, names);

    // The same failure again, and another one.
    let next = it.fails(HEAP).await?;
    assert_eq!(
        (next.summary.status, next.summary.reason_code.as_deref()),
        (FixStatus::Skipped, Some("rule"))
    );
    assert!(
        next.summary.reason.as_deref().is_some_and(|reason| reason.contains(&names[0])),
        "{:?}",
        next.summary
    );
    let page = it.page(&format!("/deployments/{}", next.summary.id)).await?;
    assert!(page.contains(&format!("href=\"{list}/{rule}\"")), "its page leads to the rule");
    assert!(!page.contains("/skip-similar"), "a rule skips it already");
    let other = it.fails("==> Out of memory (used over 512Mi)").await?;
    assert_ne!(other.summary.reason_code.as_deref(), Some("rule"), "{:?}", other.summary);

    // Who starts it by hand wants it in spite of the rule.
    it.app.form(&format!("/deployments/{}/retry", next.summary.id), &[]).await?;
    let deadline = Instant::now() + SOON;
    let again = loop {
        let again = it.app.fix(&next.summary.id).await?;
        if !again.summary.status.is_unfinished() {
            break again;
        }
        anyhow::ensure!(Instant::now() < deadline, "no end: {:?}", again.summary);
        tokio::time::sleep(LOOK).await;
    };
    assert_ne!(again.summary.reason_code.as_deref(), Some("rule"), "{:?}", again.summary);

    // A rule that is off or gone skips nothing.
    it.app.form(&format!("{list}/{rule}/switch"), &[("on", "false")]).await?;
    let on = it.fails(HEAP).await?;
    assert_ne!(on.summary.reason_code.as_deref(), Some("rule"), "{:?}", on.summary);
    it.app.form(&format!("{list}/{rule}/delete"), &[]).await?;
    let page = it.page(&format!("/deployments/{}", next.summary.id)).await?;
    assert!(!page.contains(&format!("{list}/{rule}")), "nothing leads to what is gone");
    assert_eq!(it.app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prompt_of_a_rule_reaches_the_agent() -> anyhow::Result<()> {
    let mut it = Ruled::start("broken-type").await?;
    let prompt = "Prices are numbers in this shop.";
    it.make("Told", &[("pattern", "type error|TS\\d+"), ("action", "fix"), ("prompt", prompt)]).await?;
    it.world.platform_builds(true).await?;
    let fix = it.app.ended_fix(STORY).await?;
    assert_verified(&fix);
    assert!(it.world.standins.snapshot().to_string().contains(prompt), "the model was not told");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_other_people_are_not_found() -> anyhow::Result<()> {
    let mut it = Ruled::start("healthy").await?;
    let fix = it.fails(HEAP).await?.summary.id;
    let rule = it.make("Mine", &[("pattern", "heap")]).await?;
    let owner = it.app.cookie.clone();
    let invitation = invite(&it.app).await?;
    let (to, cookie) = accept(&it.app, &invitation, "second@example.test").await?;
    assert_eq!(to, "/deployments");
    it.app.cookie = cookie;

    let list = it.list();
    let one = format!("{list}/{rule}");
    assert!(it.page("/rules").await?.contains("No watched projects"));
    for path in [list.clone(), format!("{list}/new"), one.clone()] {
        let answer = it.app.request(Method::GET, &path).send().await?;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(!answer.text().await?.contains("Mine"), "{path}");
    }
    let draft = [("name", "x"), ("pattern", "x"), ("to", "up"), ("on", "false")];
    let forms = ["", "/move", "/switch", "/delete"].map(|end| format!("{one}{end}"));
    for path in forms.into_iter().chain([list.clone(), format!("/deployments/{fix}/skip-similar")]) {
        let answer = it.app.request(Method::POST, &path).form(&draft).send().await?;
        assert_eq!(answer.status(), 404, "{path}");
    }
    let place = |mut body: Value| {
        body["provider"] = json!("vercel");
        body["id"] = json!(it.project);
        body
    };
    for (function, body) in [
        ("project-rules", json!({})),
        ("rule", json!({"rule": rule, "draft": null})),
        ("rule-trial", json!({"rule": null, "pattern": "heap", "error_type": null})),
        ("rule-order", json!({"order": [rule]})),
        ("rule-switch", json!({"rule": rule, "on": false})),
    ] {
        let request = it.app.request(Method::POST, &format!("/api/pages/{function}")).json(&place(body));
        assert_eq!(request.send().await?.status(), 404, "{function}");
    }
    let (_, all) = it.rest(Method::POST, "/api/pages/rules", json!({})).await?;
    assert_eq!(all, json!([]));
    for (method, path, body) in [
        (Method::PATCH, format!("{REST}/{rule}"), json!({"name": "x"})),
        (Method::DELETE, format!("{REST}/{rule}"), Value::Null),
        (Method::GET, format!("{REST}?subscriptionId={}", it.project), Value::Null),
        (
            Method::POST,
            REST.to_owned(),
            json!({"subscriptionId": it.project, "name": "x", "errorPattern": "x"}),
        ),
    ] {
        assert_eq!(it.rest(method, &path, body).await?.0, 404, "{path}");
    }
    it.app.cookie = owner;
    assert_eq!(it.names().await?, ["Mine"]);
    // A rule is not reached by the way of another project, nor of another platform.
    for path in [
        format!("/integrations/render/projects/{}/rules/{rule}", it.project),
        format!("/integrations/vercel/projects/other/rules/{rule}"),
    ] {
        assert_eq!(it.app.request(Method::GET, &path).send().await?.status(), 404, "{path}");
        let form = it.app.request(Method::POST, &format!("{path}/delete")).form(&draft);
        assert_eq!(form.send().await?.status(), 404, "{path}");
    }
    assert_eq!(it.names().await?, ["Mine"]);
    it.app.cookie = None;
    assert_eq!(it.app.request(Method::GET, REST).send().await?.status(), 401);
    Ok(())
}
