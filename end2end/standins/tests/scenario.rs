//! The control API, really run builds, and the example projects.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use reqwest::Client;
use serde_json::{Value, json};
use standins::scenario::{Build, Seed};
use standins::{Options, Standins};

#[tokio::test]
async fn a_branch_is_really_built() {
    let standins = Standins::start(Options::default()).unwrap();
    let check = "cat result.txt; grep -q good result.txt";
    let settings = json!({"installCommand": "true", "buildCommand": check}).as_object().unwrap().clone();
    let files = [("result.txt".to_owned(), Some("bad\n".to_owned()))].into();
    let seeded = standins.seed(Seed { files, settings, ..Seed::default() }).await.unwrap();
    let build = |branch: &str| Build {
        project: seeded.project_id.clone(),
        branch: Some(branch.to_owned()),
        run: true,
        ..Build::default()
    };
    let failed = standins.build(build("main")).await.unwrap();
    assert_eq!((failed.deployment.state.as_str(), failed.exit_code), ("ERROR", Some(1)));
    let log: Vec<&str> = failed.deployment.log.iter().map(|line| line.text.as_str()).collect();
    assert!(log.contains(&"bad") && log.contains(&format!("Running \"{check}\"").as_str()), "{log:?}");
    assert_eq!(failed.deployment.target.as_deref(), Some("production"));
    standins
        .commit(standins::github::actions::NewCommit {
            repository: seeded.repository.clone(),
            branch: Some("fix/one".to_owned()),
            files: [("result.txt".to_owned(), Some("good\n".to_owned()))].into(),
            ..Default::default()
        })
        .await
        .unwrap();
    let fixed = standins.build(build("fix/one")).await.unwrap();
    assert_eq!((fixed.deployment.state.as_str(), fixed.deployment.target), ("READY", None));
    assert_eq!(fixed.deployment.meta["githubCommitRef"], "fix/one");
    assert!(standins.build(build("none")).await.is_err());
}

#[tokio::test]
async fn the_control_api_shows_and_changes_everything() {
    let standins = Standins::start(Options::default()).unwrap();
    let client = Client::new();
    let control = format!("{}/_control", standins.github_url());
    let post = async |path: &str, body: Value| {
        let response = client.post(format!("{control}{path}")).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap_or(Value::Null))
    };
    let (status, seeded) = post("/seed", json!({"repository": "acme/web", "files": {"a.txt": "x"}})).await;
    assert_eq!((status, &seeded["repository"]), (200, &json!("acme/web")));
    let (_, made) = post(
        "/vercel/deployments?deliver=false",
        json!({"project": seeded["projectId"], "log": "one\ntwo", "branch": "main"}),
    )
    .await;
    assert_eq!(made["deployment"]["state"], "ERROR");
    assert_eq!(post("/model", json!({"mode": "deletes_test", "stepDelayMs": 5})).await.0, 204);
    assert_eq!(post("/faults", json!({"server": "vercel", "kind": "rate_limited", "times": 2})).await.0, 204);
    assert_eq!(post("/vercel/projects", json!({"name": "x"})).await.0, 400);
    assert_eq!(post("/vercel/deployments", json!({"project": "x", "colour": 1})).await.0, 422);
    let snapshot: Value =
        client.get(format!("{control}/snapshot")).send().await.unwrap().json().await.unwrap();
    assert_eq!(snapshot["vercel"]["deployments"][0]["log"], 2);
    assert_eq!(snapshot["model"]["mode"], "deletes_test");
    assert_eq!(snapshot["faults"][0]["times"], 2);
    assert_eq!(snapshot["requests"], json!([]), "control calls are not recorded");
    let query = "repository=acme/web&branch=main";
    let branch: Value =
        client.get(format!("{control}/github/branch?{query}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&branch["files"]["a.txt"], &branch["commits"][0]["author"]["name"]),
        (&json!("x"), &json!("Octo Dev"))
    );
    assert_eq!(post("/reset", Value::Null).await.0, 204);
    assert_eq!(standins.snapshot()["vercel"]["projects"], json!([]));
}

#[test]
fn lockfiles_name_no_other_registry() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    for name in ["healthy", "broken-type", "broken-name", "broken-import"] {
        let text = std::fs::read_to_string(fixtures.join(name).join("package-lock.json")).unwrap();
        let lock: Value = serde_json::from_str(&text).unwrap();
        for (package, entry) in lock["packages"].as_object().unwrap() {
            let resolved = entry["resolved"].as_str().unwrap_or("https://registry.npmjs.org/");
            assert!(resolved.starts_with("https://registry.npmjs.org/"), "{name} {package}: {resolved}");
        }
    }
}
