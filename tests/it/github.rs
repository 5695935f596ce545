//! From a clone to a pull request, against real git over HTTP and the REST API's stand-in.

use deploymend::{
    model::{ErrorType, Finding, Timestamp, Verdict},
    server::{
        clock::Clock,
        fix::guard::{self, Bounds},
        github::{
            CheckState, Client, GithubError, NewPullRequest, PullRequestState, RepositoryName,
            git::{Checkout, Commit, GitError, Identity, Pushed, Remote},
            pull_request::{HandedIn, LABELS, Proposal, find_or_create},
            webhooks::{self, GithubEvent},
        },
    },
};
use secrecy::SecretString;
use standins::{
    Options, Standins,
    faults::{Fault, Kind},
    github::{
        actions::{NewCheck, NewRepository, NewToken, NewUser, add_check, add_token, add_user},
        state::Hook,
    },
    record::Server,
};
use std::{collections::BTreeMap, path::Path, time::Duration};
use url::Url;

const REPOSITORY: &str = "acme/shop-web";
const BRANCH: &str = "fix/deployment-01J";
const PATCH: &[u8] = b"diff --git a/src/list.ts b/src/list.ts\n--- a/src/list.ts\n+++ b/src/list.ts\n\
    @@ -1,2 +1,2 @@\n const a = 1;\n-p.titel;\n+p.title;\n";

/// A repository with one failing commit, at a GitHub of its own.
struct World {
    standins: Standins,
    failing: String,
    token: SecretString,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        // Built together with the product, the stand-ins' HTTP client has no cryptography of its own.
        deploymend::server::github::install_tls_provider();
        let standins = Standins::start(Options::default()).expect("stand-ins");
        let user = |login: &str, name: Option<&str>| {
            add_user(
                standins.world(),
                NewUser { login: login.into(), name: name.map(Into::into), email: None, public_email: false },
            );
        };
        user("acme", None);
        user("octo-dev", Some("Octo Dev"));
        let files = [("src/list.ts", "const a = 1;\np.titel;\n"), ("package.json", "{}\n")];
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        let collaborators =
            BTreeMap::from([("octo-dev".to_owned(), standins::github::state::Permission::Push)]);
        let new = NewRepository {
            full_name: REPOSITORY.into(),
            private: true,
            collaborators,
            files: files.collect(),
            ..NewRepository::default()
        };
        let (_, failing) = standins.add_repository(new).await.expect("a repository");
        let token = Self::add_token(&standins, NewToken { login: "octo-dev".into(), ..NewToken::default() });
        Self { standins, failing, token, folder: tempfile::tempdir().expect("a folder") }
    }

    fn add_token(standins: &Standins, new: NewToken) -> SecretString {
        SecretString::from(add_token(standins.world(), new).expect("a token"))
    }

    fn host(&self) -> Url {
        self.standins.github_url().parse().expect("an address")
    }

    fn client_for(&self, token: &SecretString) -> Client {
        let base = self.standins.github_api_url().parse().expect("an address");
        Client::new(&base, token, Clock::System).expect("a client")
    }

    fn client(&self) -> Client {
        self.client_for(&self.token)
    }

    fn remote_for(&self, token: &SecretString) -> Remote {
        Remote::new(&self.host(), &name(), token).expect("a remote")
    }

    fn remote(&self) -> Remote {
        self.remote_for(&self.token)
    }

    async fn clone_to(&self, folder: &str) -> Checkout {
        let into = self.folder.path().join(folder);
        Checkout::clone_at(&self.remote(), &self.failing, Some("main"), &into).await.expect("a clone")
    }

    /// Clone, guard, commit and push, as the worker does it: a new folder and a new client each time.
    async fn push_fix(&self, folder: &str) -> (String, Pushed) {
        let checkout = self.clone_to(folder).await;
        let (report, staged) =
            guard::check_patch(&checkout, PATCH, &finding(), &Bounds::default()).await.expect("judged");
        assert!(report.passed(), "{}", report.objections());
        let user = self.client().current_user().await.expect("a user");
        let author = Identity { name: user.name, email: user.email };
        let at: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let commit = Commit { author: &author, committer: &author, at, message: "Fix the build" };
        let sha = checkout.commit(&staged.expect("staged"), &commit).await.expect("committed");
        let pushed = checkout.push(&self.remote(), BRANCH, None).await.expect("pushed");
        (sha, pushed)
    }

    async fn hand_in(&self, body: &str) -> Result<HandedIn, GithubError> {
        let (client, repository) = (self.client(), name());
        let proposal = Proposal {
            repository: &repository,
            head: BRANCH,
            base: "main",
            title: "Fix the build",
            body,
            draft: false,
        };
        find_or_create(&client, &proposal).await
    }

    fn fault(&self, method: &str, path: &str, kind: Kind) {
        let fault =
            Fault { server: Server::Github, method: Some(method.into()), path: path.into(), times: 1, kind };
        self.standins.add_fault(fault);
    }

    fn add_hook(&self, hook: Hook) {
        let mut state = self.standins.world().state();
        state.github.repository_mut(REPOSITORY).expect("a repository").hooks.push(hook);
    }

    fn pull_creates(&self) -> standins::record::Creates {
        self.standins.creates(&format!("/repos/{REPOSITORY}/pulls"))
    }
}

fn name() -> RepositoryName {
    REPOSITORY.parse().expect("a name")
}

fn finding() -> Finding {
    Finding {
        error_type: ErrorType::Typescript,
        message: "TS2339".into(),
        root_line: "src/list.ts(2,3): error TS2339".into(),
        line_number: Some(1),
        context: Vec::new(),
        affected_files: vec!["src/list.ts".into()],
        confidence: 0.9,
        verdict: Verdict::Code,
        advice: None,
        links: Vec::new(),
        build_again: false,
        differences: Vec::new(),
        fingerprint: "f".into(),
    }
}

#[tokio::test]
async fn the_same_fix_twice_is_one_commit_and_one_pull_request() {
    let world = World::new().await;
    let (sha, pushed) = world.push_fix("one").await;
    assert_eq!(pushed, Pushed::Now);
    let first = world.hand_in("first").await.expect("handed in");
    assert_eq!(world.push_fix("two").await, (sha.clone(), Pushed::Before));
    let second = world.hand_in("second").await.expect("handed in");
    assert!(first.created && !second.created);
    assert_eq!(first.pull_request.number, second.pull_request.number);
    assert_eq!(world.standins.world().state().github.pushes.len(), 1);
    assert_eq!(world.pull_creates().calls, 1);

    let pulls = world.standins.pulls(REPOSITORY);
    let [pull] = pulls.as_slice() else { panic!("one pull request is wanted, not {}", pulls.len()) };
    assert_eq!(
        (pull.head.as_str(), pull.head_sha.as_str(), pull.base.as_str()),
        (BRANCH, sha.as_str(), "main")
    );
    assert_eq!((pull.body.as_deref(), pull.draft), (Some("second"), false));
    assert_eq!(pull.labels, LABELS);
    let commits = world.standins.commits(REPOSITORY, &format!("main..{BRANCH}")).await.expect("commits");
    assert_eq!(commits.len(), 1);
    assert_eq!(commits[0].parents, std::slice::from_ref(&world.failing));
    let user = world.client().current_user().await.expect("a user");
    assert_eq!(user.email, format!("{}+octo-dev@users.noreply.github.com", user.id));
    assert_eq!((commits[0].author.name.as_str(), &commits[0].author.email), ("Octo Dev", &user.email));
    let fixed = world.standins.read_file(REPOSITORY, BRANCH, "src/list.ts").await.expect("a file");
    assert_eq!(fixed.trim_end(), "const a = 1;\np.title;");
}

#[tokio::test]
async fn a_pull_request_whose_answer_was_lost_is_found() {
    let world = World::new().await;
    world.push_fix("one").await;
    world.fault("POST", "/pulls", Kind::AfterEffect { status: 502 });
    assert_eq!(world.hand_in("body").await, Err(GithubError::Transient { retry_after: None }));
    assert_eq!(world.standins.pulls(REPOSITORY).len(), 1, "the fault must come after the effect");
    let found = world.hand_in("body").await.expect("handed in");
    assert!(!found.created);
    assert_eq!(world.standins.pulls(REPOSITORY).len(), 1);
    assert_eq!(world.standins.pulls(REPOSITORY)[0].labels, LABELS);
}

#[tokio::test]
async fn many_at_once_end_in_one_pull_request() {
    let world = World::new().await;
    world.push_fix("one").await;
    let all = futures::future::join_all((0..8).map(|_| world.hand_in("body"))).await;
    let all: Vec<_> = all.into_iter().map(|one| one.expect("handed in")).collect();
    assert_eq!(all.iter().filter(|one| one.created).count(), 1);
    assert!(all.iter().all(|one| one.pull_request.number == 1));
    assert_eq!(world.standins.pulls(REPOSITORY).len(), 1);
    let creates = world.pull_creates();
    assert_eq!(creates.succeeded, 1);
    assert!(creates.calls > 1, "no call met GitHub's refusal of a second one");
}

#[tokio::test]
async fn github_says_that_there_is_one_already() {
    let world = World::new().await;
    world.push_fix("one").await;
    let (client, repository) = (world.client(), name());
    let new = NewPullRequest { head: BRANCH, base: "main", title: "t", body: "b", draft: true };
    let made = client.create_pull_request(&repository, new).await.expect("created");
    assert!(made.draft);
    let refusal = client.create_pull_request(&repository, new).await.expect_err("a refusal");
    assert!(refusal.is_existing_pull_request(), "{refusal:?}");
    let unknown = NewPullRequest { head: "nope", ..new };
    let refusal = client.create_pull_request(&repository, unknown).await.expect_err("a refusal");
    assert!(matches!(&refusal, GithubError::Rejected { status: 422, .. }), "{refusal:?}");
    assert!(!refusal.is_existing_pull_request());
}

#[tokio::test]
async fn what_a_person_closed_or_merged_stays_so() {
    let world = World::new().await;
    world.push_fix("one").await;
    let number = world.hand_in("first").await.expect("handed in").pull_request.number;
    world.standins.close(REPOSITORY, number).await.expect("closed");
    let closed = world.hand_in("second").await.expect("handed in");
    assert_eq!((closed.created, closed.pull_request.state), (false, PullRequestState::Closed));
    assert_eq!(world.standins.pulls(REPOSITORY)[0].body.as_deref(), Some("first"));

    let world = World::new().await;
    world.push_fix("one").await;
    world.standins.drop_github_deliveries(true);
    let hook = Hook {
        id: 1,
        url: "http://127.0.0.1:9/".into(),
        secret: Some("hook-secret".into()),
        events: vec!["pull_request".into()],
        active: true,
        created_at: 0,
    };
    world.add_hook(hook);
    let number = world.hand_in("first").await.expect("handed in").pull_request.number;
    let merge_sha = world.standins.merge(REPOSITORY, number, "acme").await.expect("merged");
    let merged = world.client().pull_request(&name(), number).await.expect("a pull request");
    assert_eq!((merged.state, merged.merge_sha.as_ref()), (PullRequestState::Merged, Some(&merge_sha)));
    let again = world.hand_in("second").await.expect("handed in");
    assert_eq!((again.created, again.pull_request.state), (false, PullRequestState::Merged));
    assert_eq!(world.standins.pulls(REPOSITORY).len(), 1);
    merge_is_delivered(&world, number, merge_sha).await;
}

/// The delivery that GitHub signs for the merge says the same as the poll.
async fn merge_is_delivered(world: &World, number: u64, merge_sha: String) {
    let closed = || {
        let deliveries = world.standins.world().state().github.deliveries.clone();
        deliveries.into_iter().find(|delivery| delivery.body.contains("\"action\":\"closed\""))
    };
    let delivery = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            match closed() {
                Some(delivery) => break delivery,
                None => tokio::task::yield_now().await,
            }
        }
    });
    let delivery = delivery.await.expect("a delivery");
    let headers = delivery
        .headers
        .iter()
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
        .collect();
    assert!(webhooks::verify(&headers, delivery.body.as_bytes(), &SecretString::from("hook-secret")));
    assert!(!webhooks::verify(&headers, delivery.body.as_bytes(), &SecretString::from("other")));
    assert_eq!(webhooks::delivery_id(&headers), Some(delivery.id));
    let expected = GithubEvent::PullRequestClosed {
        repository: name(),
        number,
        merged: true,
        merge_sha: Some(merge_sha),
        head_branch: BRANCH.to_owned(),
    };
    assert_eq!(webhooks::parse(&headers, delivery.body.as_bytes()), Ok(expected));
}

#[tokio::test]
async fn refused_tokens_say_so_and_leave_no_trace() {
    let world = World::new().await;
    let wrong = SecretString::from("github_pat_wrong");
    assert_eq!(world.client_for(&wrong).current_user().await, Err(GithubError::TokenRefused));
    let into = world.folder.path().join("wrong");
    let clone = Checkout::clone_at(&world.remote_for(&wrong), &world.failing, Some("main"), &into).await;
    assert!(matches!(clone, Err(GitError::TokenRefused)), "{clone:?}");

    // One that may only read: the repository says so before, the push says so after.
    let new = NewToken { login: "octo-dev".into(), read_only: true, ..NewToken::default() };
    let reading = World::add_token(&world.standins, new);
    let sees = world.client_for(&reading).repository(&name()).await.expect("a repository");
    assert!(!sees.can_push);
    assert!(world.client().repository(&name()).await.expect("a repository").can_push);
    let checkout = world.clone_to("reading").await;
    let push = checkout.push(&world.remote_for(&reading), BRANCH, None).await;
    assert!(matches!(push, Err(GitError::TokenRefused)), "{push:?}");

    // One for another repository only: GitHub hides this one.
    let new = NewToken {
        login: "octo-dev".into(),
        repositories: Some(vec!["acme/other".into()]),
        ..NewToken::default()
    };
    let elsewhere = World::add_token(&world.standins, new);
    assert_eq!(world.client_for(&elsewhere).repository(&name()).await, Err(GithubError::NotFound));
    let into = world.folder.path().join("elsewhere");
    let clone = Checkout::clone_at(&world.remote_for(&elsewhere), &world.failing, None, &into).await;
    assert!(matches!(clone, Err(GitError::NotFound)), "{clone:?}");

    // A token with a line end would split the header; it never leaves.
    let base = world.standins.github_api_url().parse().expect("an address");
    let split = Client::new(&base, &SecretString::from("a\nb"), Clock::System);
    assert_eq!(split.map(drop), Err(GithubError::TokenRefused));
}

#[tokio::test]
async fn the_token_is_in_no_file_of_the_clone() {
    use base64::Engine;
    use secrecy::ExposeSecret;
    let world = World::new().await;
    world.push_fix("one").await;
    let token = world.token.expose_secret();
    let pair = base64::prelude::BASE64_STANDARD.encode(format!("x-access-token:{token}"));
    let seen = world
        .standins
        .world()
        .state()
        .requests
        .iter()
        .filter_map(|seen| seen.authorization.clone())
        .collect::<Vec<_>>();
    assert!(seen.contains(&format!("Basic {pair}")), "the token was not used at all");
    let mut files = 0;
    walk(&world.folder.path().join("one"), &mut |bytes| {
        files += 1;
        for secret in [token, pair.as_str()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    });
    assert!(files > 5);
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&[u8])) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => walk(&path, visit),
            false => visit(&std::fs::read(&path).expect("a file")),
        }
    }
}

#[tokio::test]
async fn limits_and_outages_can_be_waited_out() {
    let world = World::new().await;
    let waiting = |seconds| GithubError::Transient { retry_after: Some(Duration::from_secs(seconds)) };
    world.fault("GET", "/user", Kind::RateLimited { retry_after: Some(17) });
    assert_eq!(world.client().current_user().await, Err(waiting(17)));
    world.fault("GET", "/user", Kind::RateLimited { retry_after: None });
    assert_eq!(world.client().current_user().await, Err(waiting(60)));
    world.fault("GET", "/user", Kind::Status { status: 503 });
    assert_eq!(world.client().current_user().await, Err(GithubError::Transient { retry_after: None }));
    world.fault("GET", "/user", Kind::Truncated);
    let cut = world.client().current_user().await.expect_err("a cut answer");
    assert!(matches!(cut, GithubError::Transient { .. } | GithubError::Malformed), "{cut:?}");
    assert!(world.client().current_user().await.is_ok());

    world.fault("GET", "/info/refs", Kind::Status { status: 503 });
    let into = world.folder.path().join("down");
    let clone = Checkout::clone_at(&world.remote(), &world.failing, None, &into).await;
    assert!(matches!(clone, Err(GitError::Unreachable { .. })), "{clone:?}");
    let nobody = "http://127.0.0.1:9".parse().expect("an address");
    let gone = Client::new(&nobody, &world.token, Clock::System).expect("a client").current_user().await;
    assert_eq!(gone, Err(GithubError::Transient { retry_after: None }));
}

#[tokio::test]
async fn checks_are_read_as_far_as_the_token_may() {
    let world = World::new().await;
    let add = |name: &str, conclusion: Option<&str>, state: Option<&str>| {
        let new = NewCheck {
            repository: REPOSITORY.into(),
            sha: world.failing.clone(),
            name: name.into(),
            conclusion: conclusion.map(Into::into),
            state: state.map(Into::into),
        };
        add_check(world.standins.world(), new).expect("a check");
    };
    let read = async || world.client().commit_checks(&name(), &world.failing).await.expect("checks");
    assert_eq!(read().await.overall(), None);
    add("Vercel", None, Some("success"));
    assert_eq!(read().await.overall(), Some(CheckState::Success));
    add("lint", None, None);
    assert_eq!(read().await.overall(), Some(CheckState::Pending));
    add("test", Some("failure"), None);
    assert_eq!(read().await.overall(), Some(CheckState::Failure));
    world.fault("GET", "/check-runs", Kind::Status { status: 403 });
    let partly = read().await;
    assert_eq!((partly.check_runs.is_none(), partly.overall()), (true, Some(CheckState::Success)));
}
