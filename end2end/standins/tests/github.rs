//! The GitHub server as octocrab and git see it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use octocrab::Octocrab;
use octocrab::params::State;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use standins::github::actions::{NewCommit, NewToken};
use standins::github::state::OauthApp;
use standins::scenario::{Seed, Seeded};
use standins::{Options, Standins};

async fn world() -> (Standins, Seeded) {
    let standins = Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() }).unwrap();
    let files = BTreeMap::from([("a.txt".to_owned(), Some("one\n".to_owned()))]);
    let seeded = standins.seed(Seed { files, ..Seed::default() }).await.unwrap();
    (standins, seeded)
}

fn octocrab(standins: &Standins, seeded: &Seeded) -> Octocrab {
    Octocrab::builder()
        .base_uri(standins.github_api_url())
        .unwrap()
        .personal_token(seeded.github_token.clone())
        .build()
        .unwrap()
}

fn git(folder: &Path, token: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    command.args(["-c", "user.name=Octo Dev", "-c", "user.email=octo-dev@example.com"]);
    if let Some(token) = token {
        use base64::Engine as _;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"));
        command.args(["-c", &format!("http.extraHeader=Authorization: Basic {basic}")]);
    }
    command.args(arguments).output().unwrap()
}

#[tokio::test]
async fn a_pull_request_lives_as_at_github() {
    let (standins, seeded) = world().await;
    let client = octocrab(&standins, &seeded);
    assert_eq!(client.current().user().await.unwrap().login, "octo-dev");
    let repository = client.repos("acme", "shop-web").get().await.unwrap();
    assert!(repository.permissions.unwrap().push);

    let scratch = tempfile::tempdir().unwrap();
    let url = format!("{}/acme/shop-web.git", standins.github_url());
    assert!(!git(scratch.path(), None, &["clone", &url, "anonymous"]).status.success());
    assert!(!git(scratch.path(), Some("wrong"), &["clone", &url, "wrong"]).status.success());
    let token = Some(seeded.github_token.as_str());
    assert!(git(scratch.path(), token, &["clone", &url, "work"]).status.success());
    let work = scratch.path().join("work");
    std::fs::write(work.join("a.txt"), "two\n").unwrap();
    git(&work, token, &["checkout", "-b", "fix/one"]);
    git(&work, token, &["commit", "-am", "Change"]);
    assert!(git(&work, token, &["push", "origin", "fix/one"]).status.success());

    let pulls = client.pulls("acme", "shop-web");
    let none = pulls.create("Empty", "main", "main").send().await.unwrap_err();
    assert!(format!("{none:?}").contains("No commits between main and main"));
    let made = pulls.create("Fix", "fix/one", "main").body("Because").send().await.unwrap();
    assert_eq!(made.number, 1);
    let twice = pulls.create("Fix", "acme:fix/one", "main").send().await.unwrap_err();
    assert!(format!("{twice:?}").contains("A pull request already exists for acme:fix/one."));
    let absent = pulls.create("Fix", "fix/two", "main").send().await.unwrap_err();
    assert!(format!("{absent:?}").contains("invalid"));
    let creates = standins.creates("/repos/acme/shop-web/pulls");
    assert_eq!((creates.calls, creates.succeeded), (4, 1));

    let found = pulls.list().state(State::Open).head("acme:fix/one").send().await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(pulls.list().head("acme:fix/two").send().await.unwrap().items.len(), 0);
    assert_eq!(
        pulls.list().head("fix/two").send().await.unwrap().items.len(),
        1,
        "a bare branch filters nothing"
    );

    let issues = client.issues("acme", "shop-web");
    assert_eq!(issues.add_labels(1, &["deploy-fix".to_owned()]).await.unwrap()[0].name, "deploy-fix");
    issues.create_comment(1, "Hello").await.unwrap();

    std::fs::write(work.join("a.txt"), "three\n").unwrap();
    git(&work, token, &["commit", "-am", "More"]);
    assert!(git(&work, token, &["push", "origin", "fix/one"]).status.success());
    let head = String::from_utf8(git(&work, None, &["rev-parse", "HEAD"]).stdout).unwrap().trim().to_owned();
    assert_eq!(pulls.get(1).await.unwrap().head.sha, head);

    let merged = standins.merge("acme/shop-web", 1, "octo-dev").await.unwrap();
    let after = pulls.get(1).await.unwrap();
    assert_eq!(after.merge_commit_sha.as_deref(), Some(merged.as_str()));
    assert!(after.merged_at.is_some());
    assert_eq!(standins.read_file("acme/shop-web", "main", "a.txt").await.unwrap(), "three\n");
    assert_eq!(standins.snapshot()["github"]["pushes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn callers_are_checked_as_at_github() {
    let (standins, seeded) = world().await;
    let url = |path: &str| format!("{}{path}", standins.github_api_url());
    let silent = Client::new();
    let polite = Client::builder().user_agent("tests").build().unwrap();
    assert_eq!(
        silent.get(url("/user")).bearer_auth(&seeded.github_token).send().await.unwrap().status(),
        403
    );
    let user = polite.get(url("/user")).bearer_auth(&seeded.github_token).send().await.unwrap();
    assert_eq!(user.headers()["x-oauth-scopes"], "repo");
    let read_only = NewToken { login: "octo-dev".to_owned(), read_only: true, ..Default::default() };
    let read_only = standins::github::actions::add_token(standins.world(), read_only).unwrap();
    for (token, path, status) in [
        (None, "/user", 401),
        (Some("wrong"), "/user", 401),
        (None, "/repos/acme/shop-web", 404),
        (Some(read_only.as_str()), "/repos/acme/shop-web", 200),
        (Some(seeded.github_token.as_str()), "/repos/acme/other", 404),
        (Some(seeded.github_token.as_str()), "/repos/acme/shop-web/git/ref/heads/none", 404),
        (Some(seeded.github_token.as_str()), "/user/emails", 200),
    ] {
        let mut request = polite.get(url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_eq!(request.send().await.unwrap().status(), status, "{path} {token:?}");
    }
    let status = polite
        .post(url(&format!("/repos/acme/shop-web/statuses/{}", seeded.sha)))
        .bearer_auth(&read_only)
        .json(&json!({"state": "success"}))
        .send()
        .await
        .unwrap();
    assert_eq!(status.status(), StatusCode::FORBIDDEN);
    let check = polite
        .post(url("/repos/acme/shop-web/check-runs"))
        .bearer_auth(&seeded.github_token)
        .json(&json!({"name": "x", "head_sha": seeded.sha}))
        .send()
        .await
        .unwrap();
    assert_eq!(check.status(), StatusCode::FORBIDDEN);
    let scratch = tempfile::tempdir().unwrap();
    let repo = format!("{}/acme/shop-web.git", standins.github_url());
    assert!(git(scratch.path(), Some(&read_only), &["clone", &repo, "work"]).status.success());
    let work = scratch.path().join("work");
    let push = git(&work, Some(&read_only), &["push", "origin", "HEAD:refs/heads/new"]);
    assert!(!push.status.success() && String::from_utf8_lossy(&push.stderr).contains("403"));
}

#[tokio::test]
async fn refs_are_made_moved_and_removed() {
    let (standins, seeded) = world().await;
    let client = Client::builder().user_agent("tests").build().unwrap();
    let base = format!("{}/repos/acme/shop-web/git", standins.github_api_url());
    let send = async |method: &str, path: &str, body: Value| {
        let request = client.request(method.parse().unwrap(), format!("{base}{path}"));
        request.bearer_auth(&seeded.github_token).json(&body).send().await.unwrap()
    };
    let made = json!({"ref": "refs/heads/fix/x", "sha": seeded.sha});
    assert_eq!(send("POST", "/refs", made.clone()).await.status(), 201);
    let again = send("POST", "/refs", made).await;
    assert_eq!(again.status(), 422);
    assert_eq!(again.json::<Value>().await.unwrap()["message"], "Reference already exists");
    let files = BTreeMap::from([("b.txt".to_owned(), Some("b".to_owned()))]);
    let commit = NewCommit { repository: "acme/shop-web".to_owned(), files, ..Default::default() };
    let newer = standins.commit(commit).await.unwrap();
    assert_eq!(send("PATCH", "/refs/heads/fix/x", json!({"sha": newer})).await.status(), 200);
    let back = send("PATCH", "/refs/heads/fix/x", json!({"sha": seeded.sha})).await;
    assert_eq!(back.json::<Value>().await.unwrap()["message"], "Update is not a fast forward");
    assert_eq!(send("DELETE", "/refs/heads/fix/x", Value::Null).await.status(), 204);
    assert_eq!(send("DELETE", "/refs/heads/fix/x", Value::Null).await.status(), 422);
}

#[tokio::test]
async fn an_oauth_app_gets_a_token_for_a_code_once() {
    let (standins, _) = world().await;
    let callback = "https://app.test/back";
    standins.add_oauth_app(OauthApp {
        client_id: "id".into(),
        client_secret: "secret".into(),
        callback: callback.into(),
    });
    let client =
        Client::builder().redirect(reqwest::redirect::Policy::none()).user_agent("test").build().unwrap();
    let page = format!("{}/login/oauth/authorize", standins.github_url());
    // SHA-256 of "verifier", in base64url.
    let challenge = "iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ";
    let journey = |uri: &'static str, login: &'static str| {
        [
            ("client_id", "id"),
            ("redirect_uri", uri),
            ("state", "a b"),
            ("scope", "repo user"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
            ("login", login),
        ]
    };
    let decide = async |uri, login| {
        let answer = client.post(&page).form(&journey(uri, login)).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        decide("https://evil.test/back", "octo-dev").await,
        format!("{callback}?error=redirect_uri_mismatch&state=a+b")
    );
    assert_eq!(
        decide("https://app.test/backdoor", "octo-dev").await,
        format!("{callback}?error=redirect_uri_mismatch&state=a+b")
    );
    assert_eq!(decide(callback, "").await, format!("{callback}?error=access_denied&state=a+b"));
    let unknown = client.get(&page).query(&[("client_id", "other")]).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);

    let exchange = async |code: &str, secret: &str, uri: &str, verifier: &str| -> Value {
        let form = [
            ("client_id", "id"),
            ("client_secret", secret),
            ("code", code),
            ("redirect_uri", uri),
            ("code_verifier", verifier),
        ];
        let request = client.post(format!("{}/login/oauth/access_token", standins.github_url())).form(&form);
        let answer = request.header("accept", "application/json").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    };
    let code = async || {
        decide(callback, "octo-dev")
            .await
            .split("code=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    for (secret, uri, verifier, error) in [
        ("wrong", callback, "verifier", "incorrect_client_credentials"),
        ("secret", "https://app.test/back/other", "verifier", "redirect_uri_mismatch"),
        ("secret", callback, "guessed", "bad_verification_code"),
    ] {
        assert_eq!(exchange(&code().await, secret, uri, verifier).await["error"], error);
    }
    let good = code().await;
    let token = exchange(&good, "secret", callback, "verifier").await;
    assert_eq!((&token["scope"], &token["token_type"]), (&json!("repo,user"), &json!("bearer")));
    assert!(token["access_token"].as_str().unwrap().starts_with("gho_"));
    assert_eq!(exchange(&good, "secret", callback, "verifier").await["error"], "bad_verification_code");
    let late = code().await;
    standins.world().state().github.codes.iter_mut().for_each(|code| code.made_at -= 600_001);
    assert_eq!(exchange(&late, "secret", callback, "verifier").await["error"], "bad_verification_code");
    let plain =
        client.post(format!("{}/login/oauth/access_token", standins.github_url())).form(&[("code", "x")]);
    assert!(
        plain.send().await.unwrap().text().await.unwrap().starts_with("error=incorrect_client_credentials")
    );
}
