//! Rules by plain forms, over HTTP and by other people.

use super::*;

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
