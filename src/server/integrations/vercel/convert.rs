//! From Vercel's JSON to the vocabulary of all platforms.

use super::wire;
use crate::{
    model::{DeploymentState, PlatformDeployment, Provider, Timestamp},
    server::integrations::{Project, RepositoryLink},
};
use serde_json::Value;
use std::collections::HashMap;

/// Where a project's code lives, for every type of link that Vercel knows, and an answer for those to come.
pub fn link(link: Option<wire::Link>) -> RepositoryLink {
    let Some(link) = link else { return RepositoryLink::None };
    let pair = |owner: Option<String>, name: Option<String>| match (owner, name) {
        (Some(owner), Some(name)) if !owner.is_empty() && !name.is_empty() => Some(format!("{owner}/{name}")),
        _ => None,
    };
    let known = match link.kind.as_str() {
        "github" | "github-limited" => {
            pair(link.org, link.repo).map(|full_name| RepositoryLink::Github { full_name, host: None })
        }
        "github-custom-host" => {
            let host = link.host.unwrap_or_else(|| "unknown".to_owned());
            pair(link.org, link.repo).map(|full_name| RepositoryLink::Github { full_name, host: Some(host) })
        }
        "gitlab" => link
            .project_name_with_namespace
            .or_else(|| pair(link.project_namespace, link.project_name))
            .map(|full_name| RepositoryLink::Gitlab { full_name }),
        "bitbucket" => pair(link.owner, link.slug).map(|full_name| RepositoryLink::Bitbucket { full_name }),
        _ => None,
    };
    known.unwrap_or(RepositoryLink::Other { kind: link.kind })
}

/// A project. `team_id` is the team that was asked.
pub fn project(project: wire::Project, team_id: Option<&str>) -> Project {
    let production_branch = project.link.as_ref().and_then(|link| link.production_branch.clone());
    // An account of a person has no team prefix and is reached without a team.
    let owner = project.account_id.filter(|account| account.starts_with("team_"));
    Project {
        id: project.id,
        name: project.name,
        team_id: owner.or_else(|| team_id.map(str::to_owned)),
        link: link(project.link),
        framework: project.framework,
        root_directory: project.root_directory.filter(|root| !root.is_empty()),
        install_command: project.install_command,
        build_command: project.build_command,
        output_directory: project.output_directory,
        node_version: project.node_version,
        production_branch,
    }
}

/// A state of Vercel in ours. An unknown one counts as building: nothing is started on a guess.
pub fn state(name: &str) -> DeploymentState {
    match name {
        "QUEUED" => DeploymentState::Queued,
        "INITIALIZING" | "BUILDING" => DeploymentState::Building,
        "READY" => DeploymentState::Ready,
        "ERROR" => DeploymentState::Failed,
        // A blocked deployment was stopped by a policy: it has no build log, and code cannot help.
        "CANCELED" | "DELETED" | "BLOCKED" => DeploymentState::Canceled,
        other => {
            tracing::warn!(state = other, "Vercel sent a state that is not known");
            DeploymentState::Building
        }
    }
}

/// What the keys of `meta` say about the Git side of a deployment.
pub struct GitMeta {
    pub branch: Option<String>,
    pub commit_sha: Option<String>,
    pub commit_message: Option<String>,
    pub commit_author: Option<String>,
    pub repository: Option<String>,
    pub from_fork: bool,
}

pub fn git_meta(meta: &HashMap<String, Value>) -> GitMeta {
    let get = |key: &str| {
        meta.get(key).and_then(Value::as_str).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let first = |keys: &[&str]| keys.iter().find_map(|key| get(key));
    let repository = |owner: &str, name: &str| Some(format!("{}/{}", get(owner)?, get(name)?));
    let linked = repository("githubOrg", "githubRepo");
    let built = repository("githubCommitOrg", "githubCommitRepo");
    GitMeta {
        branch: first(&["githubCommitRef", "gitlabCommitRef", "bitbucketCommitRef", "gitCommitRef"]),
        commit_sha: first(&["githubCommitSha", "gitlabCommitSha", "bitbucketCommitSha", "gitCommitSha"]),
        commit_message: first(&[
            "githubCommitMessage",
            "gitlabCommitMessage",
            "bitbucketCommitMessage",
            "gitCommitMessage",
        ]),
        commit_author: first(&[
            "githubCommitAuthorLogin",
            "githubCommitAuthorName",
            "gitlabCommitAuthorName",
            "bitbucketCommitAuthorName",
            "gitCommitAuthorName",
        ]),
        from_fork: matches!((&linked, &built), (Some(linked), Some(built)) if !linked.eq_ignore_ascii_case(built)),
        repository: linked.or(built),
    }
}

/// A deployment. `None` when it lacks what nothing can be done without.
pub fn deployment(deployment: wire::Deployment) -> PlatformDeployment {
    let git = git_meta(&deployment.meta.unwrap_or_default());
    let state_name = deployment.ready_state.or(deployment.state).or(deployment.status).unwrap_or_default();
    let author = git.commit_author.or_else(|| {
        let creator = deployment.creator?;
        creator.github_login.or(creator.username)
    });
    PlatformDeployment {
        provider: Provider::Vercel,
        platform_id: deployment.id,
        project_id: deployment.project_id.unwrap_or_default(),
        project_name: deployment.name.unwrap_or_default(),
        state: state(&state_name),
        url: deployment.url,
        inspector_url: deployment.inspector_url,
        target: Some(deployment.target.unwrap_or_else(|| "preview".to_owned())),
        branch: git.branch,
        commit_sha: git.commit_sha,
        commit_message: git.commit_message,
        commit_author: author,
        repository: git.repository,
        from_fork: git.from_fork,
        error_code: deployment.error_code,
        error_message: deployment.error_message,
        created_at: deployment.created_at.or(deployment.created).and_then(from_millis).unwrap_or_default(),
    }
}

/// Vercel counts milliseconds.
pub fn from_millis(millis: i64) -> Option<Timestamp> {
    Timestamp::from_timestamp_millis(millis)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn github(full_name: &str, host: Option<&str>) -> RepositoryLink {
        RepositoryLink::Github { full_name: full_name.into(), host: host.map(str::to_owned) }
    }

    #[rstest]
    #[case(json!({"type":"github","org":"acme","repo":"shop","repoId":1}), github("acme/shop", None))]
    #[case(json!({"type":"github-limited","org":"acme","repo":"shop"}), github("acme/shop", None))]
    #[case(json!({"type":"github-custom-host","host":"git.acme.test","org":"acme","repo":"shop"}), github("acme/shop", Some("git.acme.test")))]
    #[case(json!({"type":"github","org":"acme"}), RepositoryLink::Other { kind: "github".into() })]
    #[case(json!({"type":"gitlab","projectNameWithNamespace":"a / b","projectId":"1"}), RepositoryLink::Gitlab { full_name: "a / b".into() })]
    #[case(json!({"type":"bitbucket","owner":"acme","slug":"shop","name":"Shop"}), RepositoryLink::Bitbucket { full_name: "acme/shop".into() })]
    #[case(json!({"type":"cursor-origin","owner":"acme","repo":"shop"}), RepositoryLink::Other { kind: "cursor-origin".into() })]
    #[case(json!({"productionBranch":"main"}), RepositoryLink::Other { kind: String::new() })]
    fn every_link_type_has_an_answer(#[case] text: Value, #[case] expected: RepositoryLink) {
        assert_eq!(link(Some(serde_json::from_value(text).unwrap())), expected);
    }

    #[test]
    fn only_repositories_on_github_com_get_fixes() {
        assert_eq!(github("a/b", None).github_full_name(), Some("a/b"));
        assert_eq!(github("a/b", Some("git.acme.test")).github_full_name(), None);
        assert_eq!(RepositoryLink::None.github_full_name(), None);
    }

    #[rstest]
    #[case("QUEUED", DeploymentState::Queued)]
    #[case("INITIALIZING", DeploymentState::Building)]
    #[case("BUILDING", DeploymentState::Building)]
    #[case("READY", DeploymentState::Ready)]
    #[case("ERROR", DeploymentState::Failed)]
    #[case("CANCELED", DeploymentState::Canceled)]
    #[case("DELETED", DeploymentState::Canceled)]
    #[case("BLOCKED", DeploymentState::Canceled)]
    #[case("TELEPORTING", DeploymentState::Building)]
    fn states_are_mapped(#[case] name: &str, #[case] expected: DeploymentState) {
        assert_eq!(state(name), expected);
    }

    #[rstest]
    #[case("acme", "shop", false)]
    #[case("Acme", "Shop", false)]
    #[case("stranger", "shop", true)]
    fn a_fork_is_told_by_where_the_commit_is(#[case] owner: &str, #[case] name: &str, #[case] fork: bool) {
        let meta = json!({"githubOrg":"acme","githubRepo":"shop","githubCommitOrg":owner,"githubCommitRepo":name,"githubCommitRef":"main"});
        let git = git_meta(&serde_json::from_value(meta).unwrap());
        assert_eq!((git.from_fork, git.repository.as_deref()), (fork, Some("acme/shop")));
    }
}
