//! Turns Cloudflare's projects, Workers, deployments and builds into ours: sources, stages, outcomes, commits.

use super::{
    id,
    wire::{self, Source, Stage, Trigger},
};
use crate::{
    model::{DeploymentState, PlatformDeployment, Provider, Timestamp},
    server::integrations::{Project, ProjectRef, RepositoryLink, lenient::filled},
};
use chrono::NaiveDateTime;

const DASHBOARD: &str = "https://dash.cloudflare.com";

/// A Pages project.
pub fn pages_project(project: wire::Project, account: &str) -> Project {
    let of_source = project.source.as_ref().and_then(|source| source.config.as_ref());
    let of_source = of_source.and_then(|config| config.production_branch.clone());
    let (build_command, output_directory, root_directory) = match project.build_config {
        Some(config) => (config.build_command, config.destination_dir, config.root_dir),
        None => (None, None, None),
    };
    Project {
        id: id::pages(&project.id),
        name: project.name,
        team_id: Some(account.to_owned()),
        link: project.source.map_or(RepositoryLink::None, source_link),
        framework: filled(project.framework),
        root_directory: folder(root_directory),
        build_command: filled(build_command),
        output_directory: folder(output_directory),
        production_branch: filled(project.production_branch).or(filled(of_source)),
        ..Project::default()
    }
}

/// A Worker that is built from a repository. `None` when it has no trigger: then nothing builds it.
pub fn worker_project(worker: &ProjectRef, triggers: &[Trigger], account: &str) -> Option<Project> {
    let production = triggers.iter().find(|trigger| production_branch(trigger).is_some());
    let trigger = production.or_else(|| triggers.first())?;
    let link = trigger.repo_connection.as_ref().map_or(RepositoryLink::None, |connection| {
        let owner = connection.provider_account_name.clone();
        link(connection.provider_type.as_deref(), owner, connection.repo_name.clone())
    });
    Some(Project {
        id: worker.id.clone(),
        name: worker.name.clone(),
        team_id: Some(account.to_owned()),
        link,
        root_directory: folder(trigger.root_directory.clone()),
        build_command: filled(trigger.build_command.clone()),
        production_branch: production_branch(trigger).map(str::to_owned),
        ..Project::default()
    })
}

/// The branch that a trigger names. The one of previews has a pattern such as `*`.
fn production_branch(trigger: &Trigger) -> Option<&str> {
    let branches = trigger.branch_includes.as_ref()?;
    branches.iter().map(String::as_str).find(|branch| !branch.is_empty() && !branch.contains('*'))
}

fn source_link(source: Source) -> RepositoryLink {
    let (owner, name) = source.config.map_or((None, None), |config| (config.owner, config.repo_name));
    link(source.kind.as_deref(), owner, name)
}

fn link(kind: Option<&str>, owner: Option<String>, name: Option<String>) -> RepositoryLink {
    let kind = kind.unwrap_or_default();
    match (kind, full_name(owner, name)) {
        ("github", Some(full_name)) => RepositoryLink::Github { full_name, host: None },
        ("gitlab", Some(full_name)) => RepositoryLink::Gitlab { full_name },
        _ => RepositoryLink::Other { kind: kind.to_owned() },
    }
}

fn full_name(owner: Option<String>, name: Option<String>) -> Option<String> {
    Some(format!("{}/{}", filled(owner)?, filled(name)?))
}

/// A folder in the repository. The repository's own is none.
fn folder(path: Option<String>) -> Option<String> {
    let path = path?;
    let path = path.trim().trim_start_matches("./").trim_matches('/');
    (!path.is_empty() && path != ".").then(|| path.to_owned())
}

/// A deployment of the Pages project that was asked about, or of the one that it names itself.
pub fn pages_deployment(
    deployment: wire::Deployment,
    project: &ProjectRef,
    account: &str,
) -> PlatformDeployment {
    let state = pages_state(&deployment);
    let stage = deployment.latest_stage.and_then(|stage| stage.name);
    let commit = deployment.deployment_trigger.and_then(|trigger| trigger.metadata).unwrap_or_default();
    let repository = deployment.source.and_then(|source| source.config);
    let name = deployment.project_name.unwrap_or_else(|| project.name.clone());
    PlatformDeployment {
        provider: Provider::CLOUDFLARE,
        inspector_url: Some(format!("{DASHBOARD}/{account}/pages/view/{name}/{}", deployment.id)),
        platform_id: deployment.id,
        project_id: deployment.project_id.map_or_else(|| project.id.clone(), |uuid| id::pages(&uuid)),
        project_name: name,
        state,
        url: host(deployment.url),
        target: filled(deployment.environment),
        branch: filled(commit.branch),
        commit_sha: filled(commit.commit_hash),
        commit_message: filled(commit.commit_message),
        commit_author: None,
        repository: repository.and_then(|config| full_name(config.owner, config.repo_name)),
        // Pages builds no pull requests of forks.
        from_fork: false,
        error_code: stage.filter(|_| state == DeploymentState::Failed),
        error_message: None,
        created_at: time(deployment.created_on.as_deref()).unwrap_or_default(),
    }
}

/// A build of the Worker that was asked about, or of the one that its trigger names.
pub fn build(build: wire::Build, project: &ProjectRef, account: &str) -> PlatformDeployment {
    let state = build_state(build.status.as_deref(), build.build_outcome.as_deref());
    let commit = build.build_trigger_metadata.unwrap_or_default();
    let branch = filled(commit.branch);
    let production = build.trigger.as_ref().and_then(production_branch);
    let is_production = branch.is_some() && production == branch.as_deref();
    let tag = build.trigger.as_ref().and_then(|trigger| trigger.external_script_id.as_deref());
    PlatformDeployment {
        provider: Provider::CLOUDFLARE,
        inspector_url: Some(format!(
            "{DASHBOARD}/{account}/workers/services/view/{}/production/builds/{}",
            project.name, build.build_uuid
        )),
        platform_id: build.build_uuid,
        project_id: tag.map_or_else(|| project.id.clone(), id::worker),
        project_name: project.name.clone(),
        state,
        url: host(build.preview_url),
        target: Some(if is_production { "production" } else { "preview" }.to_owned()),
        branch,
        commit_sha: filled(commit.commit_hash),
        commit_message: filled(commit.commit_message),
        commit_author: filled(commit.author),
        repository: full_name(commit.provider_account_name, commit.repo_name),
        from_fork: false,
        error_code: build.build_outcome.filter(|_| state == DeploymentState::Failed),
        error_message: None,
        created_at: time(build.created_on.as_deref()).unwrap_or_default(),
    }
}

/// Where a Pages deployment stands, by its newest stage.
fn pages_state(deployment: &wire::Deployment) -> DeploymentState {
    if deployment.is_skipped == Some(true) {
        return DeploymentState::Canceled;
    }
    let stage = deployment.latest_stage.as_ref();
    let word = |of: fn(&Stage) -> Option<&String>| stage.and_then(of).map(String::as_str);
    match (word(|stage| stage.name.as_ref()), word(|stage| stage.status.as_ref())) {
        (_, Some("skipped" | "canceled")) => DeploymentState::Canceled,
        (_, Some("failure")) => DeploymentState::Failed,
        (Some("deploy"), Some("success")) => DeploymentState::Ready,
        (Some("queued"), Some("idle" | "active" | "success")) => DeploymentState::Queued,
        (_, Some("idle" | "active" | "success")) => DeploymentState::Building,
        (_, unknown) => unknown_state(unknown),
    }
}

/// Where a Worker's build stands.
fn build_state(status: Option<&str>, outcome: Option<&str>) -> DeploymentState {
    match (status, outcome) {
        (Some("queued"), _) => DeploymentState::Queued,
        (Some("initializing" | "running"), _) => DeploymentState::Building,
        (Some("stopped"), Some("success")) => DeploymentState::Ready,
        (Some("stopped"), Some("fail" | "terminated")) => DeploymentState::Failed,
        (Some("stopped"), Some("cancelled" | "skipped")) => DeploymentState::Canceled,
        (Some("stopped"), unknown) | (unknown, _) => unknown_state(unknown),
    }
}

/// An unknown word counts as still building, so that nothing is decided too early.
fn unknown_state(word: Option<&str>) -> DeploymentState {
    let word: String = word.unwrap_or_default().chars().take(40).collect();
    tracing::warn!(state = %word, "unknown Cloudflare deployment state, taken as building");
    DeploymentState::Building
}

/// An address without its scheme.
fn host(url: Option<String>) -> Option<String> {
    let url = url?;
    let bare = url.split_once("://").map_or(url.as_str(), |(_, bare)| bare).trim_end_matches('/');
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// A time in RFC 3339. Without a zone it is UTC.
pub fn time(text: Option<&str>) -> Option<Timestamp> {
    let text = text?.trim();
    text.parse().ok().or_else(|| text.parse::<NaiveDateTime>().ok().map(|time| time.and_utc()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn site() -> ProjectRef {
        ProjectRef { id: "pages:11-22".to_owned(), name: "shop-web".to_owned() }
    }

    fn api() -> ProjectRef {
        ProjectRef { id: "worker:aabb".to_owned(), name: "shop-api".to_owned() }
    }

    fn deployment(value: Value) -> PlatformDeployment {
        pages_deployment(serde_json::from_value(value).unwrap(), &site(), "acc1")
    }

    #[rstest]
    #[case("queued", "idle", DeploymentState::Queued)]
    #[case("queued", "active", DeploymentState::Queued)]
    #[case("queued", "success", DeploymentState::Queued)]
    #[case("queued", "failure", DeploymentState::Failed)]
    #[case("initialize", "active", DeploymentState::Building)]
    #[case("clone_repo", "success", DeploymentState::Building)]
    #[case("clone_repo", "failure", DeploymentState::Failed)]
    #[case("build", "active", DeploymentState::Building)]
    #[case("build", "success", DeploymentState::Building)]
    #[case("build", "failure", DeploymentState::Failed)]
    #[case("build", "canceled", DeploymentState::Canceled)]
    #[case("build", "skipped", DeploymentState::Canceled)]
    #[case("deploy", "idle", DeploymentState::Building)]
    #[case("deploy", "success", DeploymentState::Ready)]
    #[case("deploy", "failure", DeploymentState::Failed)]
    #[case("of_tomorrow", "active", DeploymentState::Building)]
    #[case("deploy", "of_tomorrow", DeploymentState::Building)]
    fn stages(#[case] name: &str, #[case] status: &str, #[case] expected: DeploymentState) {
        let stage = json!({"name": name, "status": status});
        let found = deployment(json!({"id": "1", "latest_stage": stage}));
        assert_eq!(found.state, expected);
        assert_eq!(found.error_code.as_deref(), (expected == DeploymentState::Failed).then_some(name));
        let skipped = deployment(json!({"id": "1", "latest_stage": stage, "is_skipped": true}));
        assert_eq!(skipped.state, DeploymentState::Canceled);
    }

    #[rstest]
    #[case(Value::Null)]
    #[case(json!("rubbish"))]
    #[case(json!({}))]
    fn without_a_stage_it_is_building(#[case] stage: Value) {
        assert_eq!(deployment(json!({"id": "1", "latest_stage": stage})).state, DeploymentState::Building);
    }

    #[rstest]
    #[case("queued", None, DeploymentState::Queued)]
    #[case("initializing", None, DeploymentState::Building)]
    #[case("running", None, DeploymentState::Building)]
    #[case("stopped", Some("success"), DeploymentState::Ready)]
    #[case("stopped", Some("fail"), DeploymentState::Failed)]
    #[case("stopped", Some("terminated"), DeploymentState::Failed)]
    #[case("stopped", Some("cancelled"), DeploymentState::Canceled)]
    #[case("stopped", Some("skipped"), DeploymentState::Canceled)]
    #[case("stopped", None, DeploymentState::Building)]
    #[case("stopped", Some("of_tomorrow"), DeploymentState::Building)]
    #[case("of_tomorrow", Some("fail"), DeploymentState::Building)]
    fn outcomes(#[case] status: &str, #[case] outcome: Option<&str>, #[case] expected: DeploymentState) {
        let value = json!({"build_uuid": "1", "status": status, "build_outcome": outcome});
        let found = build(serde_json::from_value(value).unwrap(), &api(), "acc1");
        assert_eq!(found.state, expected);
        assert_eq!(found.error_code.as_deref(), outcome.filter(|_| expected == DeploymentState::Failed));
    }

    #[rstest]
    #[case(json!({"type": "github", "config": {"owner": "acme", "repo_name": "shop"}}), RepositoryLink::Github { full_name: "acme/shop".into(), host: None })]
    #[case(json!({"type": "gitlab", "config": {"owner": "acme", "repo_name": "shop"}}), RepositoryLink::Gitlab { full_name: "acme/shop".into() })]
    #[case(json!({"type": "of-tomorrow", "config": {"owner": "acme", "repo_name": "shop"}}), RepositoryLink::Other { kind: "of-tomorrow".into() })]
    #[case(json!({"type": "github", "config": {"owner": "acme"}}), RepositoryLink::Other { kind: "github".into() })]
    #[case(json!({"type": "github", "config": 7}), RepositoryLink::Other { kind: "github".into() })]
    #[case(json!({}), RepositoryLink::Other { kind: String::new() })]
    #[case(Value::Null, RepositoryLink::None)]
    #[case(json!("rubbish"), RepositoryLink::None)]
    fn links(#[case] source: Value, #[case] expected: RepositoryLink) {
        let project = json!({"id": "1", "name": "shop", "source": source});
        assert_eq!(pages_project(serde_json::from_value(project).unwrap(), "acc1").link, expected);
    }

    #[rstest]
    #[case(json!({"provider_type": "github", "provider_account_name": "acme", "repo_name": "api"}), RepositoryLink::Github { full_name: "acme/api".into(), host: None })]
    #[case(json!({"provider_type": "gitlab", "provider_account_name": "acme", "repo_name": "api"}), RepositoryLink::Gitlab { full_name: "acme/api".into() })]
    #[case(json!({"provider_type": "of-tomorrow"}), RepositoryLink::Other { kind: "of-tomorrow".into() })]
    #[case(Value::Null, RepositoryLink::None)]
    fn links_of_workers(#[case] connection: Value, #[case] expected: RepositoryLink) {
        let trigger = json!({"trigger_uuid": "t", "repo_connection": connection});
        let trigger = serde_json::from_value(trigger).unwrap();
        assert_eq!(worker_project(&api(), &[trigger], "acc1").unwrap().link, expected);
    }

    #[test]
    fn a_worker_is_built_as_its_production_trigger_says() {
        let trigger = |id: &str, branch: &str| json!({"trigger_uuid": id, "branch_includes": [branch], "build_command": format!("npm run {id}"), "root_directory": "/apps/api"});
        let triggers = [trigger("preview", "*"), trigger("production", "main")];
        let triggers: Vec<Trigger> =
            triggers.into_iter().map(|it| serde_json::from_value(it).unwrap()).collect();
        let project = worker_project(&api(), &triggers, "acc1").unwrap();
        assert_eq!(project.build_command.as_deref(), Some("npm run production"));
        assert_eq!(project.production_branch.as_deref(), Some("main"));
        assert_eq!(project.root_directory.as_deref(), Some("apps/api"));
        assert_eq!(worker_project(&api(), &triggers[..1], "acc1").unwrap().production_branch, None);
        assert_eq!(worker_project(&api(), &[], "acc1"), None);
    }

    #[test]
    fn a_deployment_in_full() {
        let value = json!({"id": "d1", "short_id": "d", "project_id": "11-22", "project_name": "shop-web",
            "environment": "preview", "url": "https://d1.shop-web.pages.dev", "created_on": "2026-01-02T03:04:05.678901Z",
            "is_skipped": false, "latest_stage": {"name": "build", "status": "failure"}, "aliases": null,
            "deployment_trigger": {"type": "github:push", "metadata": {"branch": "feature/cart", "commit_hash": "1111",
            "commit_message": "Add cart", "commit_dirty": false}}, "source": {"type": "github", "config": {"owner": "acme", "repo_name": "shop-web"}}});
        let found = deployment(value);
        assert_eq!(
            found.inspector_url.as_deref(),
            Some("https://dash.cloudflare.com/acc1/pages/view/shop-web/d1")
        );
        assert_eq!(found.url.as_deref(), Some("d1.shop-web.pages.dev"));
        assert_eq!((found.project_id.as_str(), found.target.as_deref()), ("pages:11-22", Some("preview")));
        assert_eq!(
            (found.branch.as_deref(), found.commit_sha.as_deref()),
            (Some("feature/cart"), Some("1111"))
        );
        assert_eq!(found.repository.as_deref(), Some("acme/shop-web"));
        assert_eq!(found.created_at.to_rfc3339(), "2026-01-02T03:04:05.678901+00:00");
    }

    #[rstest]
    #[case("main", "production")]
    #[case("feature", "preview")]
    fn a_build_in_full(#[case] branch: &str, #[case] target: &str) {
        let value = json!({"build_uuid": "b1", "status": "stopped", "build_outcome": "fail", "created_on": "2026-01-02T03:04:05",
            "trigger": {"trigger_uuid": "t1", "branch_includes": ["main"], "external_script_id": "aabb"},
            "build_trigger_metadata": {"branch": branch, "commit_hash": "2222", "commit_message": "Add api", "author": "octo-dev",
            "repo_name": "shop-api", "provider_account_name": "acme", "provider_type": "github"}});
        let found = build(serde_json::from_value(value).unwrap(), &api(), "acc1");
        assert_eq!(
            found.inspector_url.as_deref(),
            Some("https://dash.cloudflare.com/acc1/workers/services/view/shop-api/production/builds/b1")
        );
        assert_eq!((found.project_id.as_str(), found.target.as_deref()), ("worker:aabb", Some(target)));
        assert_eq!(
            (found.commit_author.as_deref(), found.repository.as_deref()),
            (Some("octo-dev"), Some("acme/shop-api"))
        );
        assert_eq!(found.created_at.to_rfc3339(), "2026-01-02T03:04:05+00:00");
    }

    #[rstest]
    #[case("/", None)]
    #[case("", None)]
    #[case(".", None)]
    #[case("./", None)]
    #[case("/apps/web/", Some("apps/web"))]
    #[case("./dist", Some("dist"))]
    fn folders(#[case] path: &str, #[case] expected: Option<&str>) {
        assert_eq!(folder(Some(path.to_owned())).as_deref(), expected);
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in ".{0,40}") {
            let _ = time(Some(&text));
            let _ = host(Some(text));
        }
    }
}
