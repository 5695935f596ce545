//! What rules would do to failures, and do to them.

use super::*;

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
    let again = it.app.ended(SOON, |fix| fix.id == next.summary.id).await?;
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
    let mut it = Ruled::start("broken-port").await?;
    let prompt = "Prices are numbers in this shop.";
    it.make("Told", &[("pattern", "type error|TS\\d+"), ("action", "fix"), ("prompt", prompt)]).await?;
    it.world.platform_builds(true).await?;
    let fix = it.app.ended_fix(STORY).await?;
    assert_verified(&fix);
    assert!(it.world.standins.snapshot().to_string().contains(prompt), "the model was not told");
    Ok(())
}
