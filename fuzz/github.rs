//! Any bytes as an answer of GitHub's REST API or as the body of its deliveries: no panic, and what is read has what
//! everything else relies on.
//!
//! The first byte says which answer it is meant to be.
#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use deploymend_fuzz::server::github::{
    RepositoryName, answers,
    facts::{CheckState, CommitChecks, PullRequestState},
    webhooks::{self, GithubEvent},
};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [answer, json @ ..] = bytes else { return Corpus::Reject };
    match answer {
        b'u' => user(json),
        b'r' => repository(json),
        b'p' => pull_request(json),
        b'c' => checks(json),
        b'd' => delivery(json),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

/// It stands in addresses of calls and of Git.
fn one_name(name: &RepositoryName) {
    let text = name.to_string();
    assert_eq!(text.matches('/').count(), 1, "{text}");
    assert!(text.split('/').all(|part| !part.is_empty() && part != "." && part != ".."), "{text}");
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%@:\\".contains(&byte)), "{text}");
}

fn user(json: &[u8]) {
    // Commits are authored with it.
    assert!(answers::user(json).is_none_or(|user| !user.email.trim().is_empty()));
}

fn repository(json: &[u8]) {
    if let Some(repository) = answers::repository(json) {
        one_name(&repository.name);
    }
}

fn pull_request(json: &[u8]) {
    if let Some(pull) = answers::pull_request(json) {
        assert!(pull.merge_sha.is_none() || pull.state == PullRequestState::Merged);
    }
}

fn checks(json: &[u8]) {
    let checks = CommitChecks { statuses: answers::statuses(json), check_runs: answers::check_runs(json) };
    let worst = checks.overall();
    assert_eq!(worst.is_none(), checks.all().next().is_none());
    if worst == Some(CheckState::Success) {
        assert!(checks.all().all(|check| check.state == CheckState::Success));
    }
}

fn delivery(json: &[u8]) {
    let name = (HeaderName::from_static("x-github-event"), HeaderValue::from_static("pull_request"));
    let headers = HeaderMap::from_iter([name]);
    let event = webhooks::parse(&headers, json);
    assert_eq!(webhooks::parse(&headers, json), event, "a repetition says the same");
    match event {
        Ok(GithubEvent::PullRequestClosed { repository, merged, merge_sha, .. }) => {
            one_name(&repository);
            assert!(merged || merge_sha.is_none());
        }
        Ok(GithubEvent::PullRequestReopened { repository, .. }) => one_name(&repository),
        Ok(GithubEvent::Ping | GithubEvent::Ignored) | Err(_) => {}
    }
}
