//! Turns Vercel's projects and deployments into ours: link variants, state words, Git facts out of `meta`.

use super::wire::{self, Meta};
use crate::{
    model::{DeploymentState, PlatformDeployment, Provider, Timestamp},
    server::integrations::{Access, DeliveredDeployment, Project, RepositoryLink, lenient::filled},
};

/// A project. Its team is its owner when that is one, else the one that was asked about.
pub fn project(project: wire::Project, access: &Access) -> Project {
    let production_branch = project.link.as_ref().and_then(|link| link.production_branch.clone());
    Project {
        name: project.name.unwrap_or_else(|| project.id.clone()),
        team_id: project
            .account_id
            .filter(|owner| owner.starts_with("team_"))
            .or_else(|| access.team_id.clone()),
        link: project.link.map_or(RepositoryLink::None, link),
        framework: project.framework,
        root_directory: filled(project.root_directory),
        install_command: filled(project.install_command),
        build_command: filled(project.build_command),
        output_directory: filled(project.output_directory),
        node_version: project.node_version,
        production_branch,
        id: project.id,
    }
}

fn link(link: wire::Link) -> RepositoryLink {
    let path = |owner: Option<String>, name: Option<String>| match (filled(owner), filled(name)) {
        (Some(owner), Some(name)) => Some(format!("{owner}/{name}")),
        _ => None,
    };
    let linked = match link.kind.as_str() {
        "github" | "github-limited" => {
            path(link.org, link.repo).map(|full_name| RepositoryLink::Github { full_name, host: None })
        }
        "github-custom-host" => path(link.org, link.repo)
            .map(|full_name| RepositoryLink::Github { full_name, host: Some(link.host.unwrap_or_default()) }),
        "gitlab" => path(link.project_namespace, link.project_name)
            .or(filled(link.project_name_with_namespace))
            .map(|full_name| RepositoryLink::Gitlab { full_name }),
        "bitbucket" => path(link.owner, link.slug).map(|full_name| RepositoryLink::Bitbucket { full_name }),
        _ => None,
    };
    linked.unwrap_or(RepositoryLink::Other { kind: link.kind })
}

/// A deployment. `None` when it has no id: then nothing can be done with it.
pub fn deployment(deployment: wire::Deployment) -> Option<PlatformDeployment> {
    let git = Git::of(&deployment);
    let id = filled(deployment.uid).or(filled(deployment.id))?;
    let state = state(deployment.ready_state.or(deployment.state).or(deployment.status).as_deref());
    let (project_id, project_name) = match deployment.project {
        Some(project) => (project.id, project.name),
        None => (None, None),
    };
    let creator =
        deployment.creator.and_then(|creator| filled(creator.github_login).or(filled(creator.username)));
    let created = deployment.created_at.or(deployment.created).and_then(Timestamp::from_timestamp_millis);
    Some(PlatformDeployment {
        provider: Provider::VERCEL,
        platform_id: id,
        project_id: deployment.project_id.or(project_id).unwrap_or_default(),
        project_name: deployment.name.or(project_name).unwrap_or_default(),
        state,
        url: filled(deployment.url),
        inspector_url: filled(deployment.inspector_url),
        target: Some(deployment.target.unwrap_or_else(|| "preview".to_owned())),
        branch: git.branch,
        commit_sha: git.sha,
        commit_message: git.message,
        commit_author: git.author.or(creator),
        repository: git.repository,
        from_fork: git.from_fork,
        error_code: deployment
            .error_code
            .or(deployment.seat_block.and_then(|block| block.block_code))
            .or(deployment.oom_report),
        error_message: deployment.error_message.or(deployment.ready_state_reason),
        created_at: created.unwrap_or_default(),
    })
}

/// The deployment of a delivery.
pub fn delivered(deployment: wire::Deployment, target: Option<&str>) -> Option<DeliveredDeployment> {
    let git = Git::of(&deployment);
    Some(DeliveredDeployment {
        id: filled(deployment.id).or(filled(deployment.uid))?,
        project_name: deployment.name,
        target: Some(target.unwrap_or("preview").to_owned()),
        branch: git.branch,
        commit_sha: git.sha,
        repository: git.repository,
        from_fork: git.from_fork,
    })
}

/// A word for a state. An unknown one counts as still building, so that nothing is decided too early.
pub fn state(word: Option<&str>) -> DeploymentState {
    match word {
        Some("QUEUED") => DeploymentState::Queued,
        Some("INITIALIZING" | "BUILDING") => DeploymentState::Building,
        Some("READY") => DeploymentState::Ready,
        Some("ERROR") => DeploymentState::Failed,
        // BLOCKED is a policy's doing: there is no build and nothing to repair.
        Some("CANCELED" | "DELETED" | "BLOCKED") => DeploymentState::Canceled,
        unknown => {
            let word: String = unknown.unwrap_or_default().chars().take(40).collect();
            tracing::warn!(state = %word, "unknown Vercel deployment state, taken as building");
            DeploymentState::Building
        }
    }
}

/// The word that asks for a state, when one word covers it.
pub const fn state_filter(state: DeploymentState) -> Option<&'static str> {
    match state {
        DeploymentState::Queued => Some("QUEUED"),
        DeploymentState::Ready => Some("READY"),
        DeploymentState::Failed => Some("ERROR"),
        DeploymentState::Building | DeploymentState::Canceled => None,
    }
}

/// What a deployment was built from.
struct Git {
    branch: Option<String>,
    sha: Option<String>,
    message: Option<String>,
    author: Option<String>,
    repository: Option<String>,
    from_fork: bool,
}

impl Git {
    fn of(deployment: &wire::Deployment) -> Self {
        let meta = &deployment.meta;
        let source = deployment.git_source.as_ref();
        // Which service it is shows in the keys; command-line deployments have the plain ones.
        let any = |name: &str| {
            ["github", "gitlab", "bitbucket", "git"]
                .iter()
                .find_map(|service| get(meta, &format!("{service}{name}")))
        };
        let repository = pair(get(meta, "githubOrg"), get(meta, "githubRepo"))
            .or_else(|| pair(get(meta, "githubCommitOrg"), get(meta, "githubCommitRepo")))
            .or_else(|| get(meta, "gitlabProjectPath"))
            .or_else(|| pair(get(meta, "bitbucketRepoOwner"), get(meta, "bitbucketRepoSlug")))
            .or_else(|| source.and_then(|git| pair(git.org.clone().or(git.owner.clone()), git.repo.clone())));
        Self {
            branch: any("CommitRef").or_else(|| source.and_then(|git| filled(git.reference.clone()))),
            sha: any("CommitSha").or_else(|| source.and_then(|git| filled(git.sha.clone()))),
            message: any("CommitMessage"),
            author: any("CommitAuthorLogin").or_else(|| any("CommitAuthorName")),
            repository,
            from_fork: is_fork(meta),
        }
    }
}

/// The commit's repository is not the linked one. Without both names nothing says that it is a fork.
fn is_fork(meta: &Meta) -> bool {
    let differ = |commit: &str, linked: &str| match (get(meta, commit), get(meta, linked)) {
        (Some(commit), Some(linked)) => !commit.eq_ignore_ascii_case(&linked),
        _ => false,
    };
    differ("githubCommitOrg", "githubOrg") || differ("githubCommitRepo", "githubRepo")
}

fn get(meta: &Meta, key: &str) -> Option<String> {
    filled(meta.get(key).cloned())
}

fn pair(owner: Option<String>, name: Option<String>) -> Option<String> {
    Some(format!("{}/{}", owner?, name?))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn linked(value: Value) -> RepositoryLink {
        let project = json!({"id": "prj_1", "name": "shop", "link": value});
        let access = Access { token: "t".into(), team_id: None };
        super::project(serde_json::from_value(project).unwrap(), &access).link
    }

    #[rstest]
    #[case(json!({"type": "github", "org": "acme", "repo": "shop", "repoId": 1}), Some("acme/shop"))]
    #[case(json!({"type": "github-limited", "org": "acme", "repo": "shop"}), Some("acme/shop"))]
    #[case(json!({"type": "github", "org": "acme"}), None)]
    #[case(json!({"type": "github-custom-host", "host": "git.acme.test", "org": "acme", "repo": "shop"}), None)]
    #[case(json!({"type": "gitlab", "projectId": "1", "projectName": "shop", "projectNamespace": "acme"}), None)]
    #[case(json!({"type": "bitbucket", "owner": "acme", "slug": "shop", "uuid": "{1}"}), None)]
    #[case(json!({"type": "vercel", "org": "acme", "repo": "shop", "repoId": "1"}), None)]
    #[case(json!({"type": "of-tomorrow", "org": "acme", "repo": "shop"}), None)]
    #[case(json!({"org": 7}), None)]
    #[case(json!("rubbish"), None)]
    #[case(Value::Null, None)]
    fn only_github_gets_a_name(#[case] link: Value, #[case] expected: Option<&str>) {
        assert_eq!(linked(link).github_full_name(), expected);
    }

    #[test]
    fn other_hosts_are_told_apart() {
        insta::assert_debug_snapshot!([
            linked(json!({"type": "github-custom-host", "host": "git.acme.test", "org": "acme", "repo": "shop"})),
            linked(json!({"type": "gitlab", "projectName": "shop", "projectNamespace": "acme/web"})),
            linked(json!({"type": "bitbucket", "owner": "acme", "slug": "shop"})),
            linked(json!({"type": "cursor-origin", "owner": "acme", "repo": "shop"})),
        ], @r#"
            [
                Github {
                    full_name: "acme/shop",
                    host: Some(
                        "git.acme.test",
                    ),
                },
                Gitlab {
                    full_name: "acme/web/shop",
                },
                Bitbucket {
                    full_name: "acme/shop",
                },
                Other {
                    kind: "cursor-origin",
                },
            ]
        "#);
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
    #[case("OF_TOMORROW", DeploymentState::Building)]
    fn states(#[case] word: &str, #[case] expected: DeploymentState) {
        assert_eq!(state(Some(word)), expected);
    }

    fn read(value: Value) -> PlatformDeployment {
        deployment(serde_json::from_value(value).unwrap()).unwrap()
    }

    #[test]
    fn a_list_item() {
        insta::assert_json_snapshot!(read(json!({
            "uid": "dpl_1", "name": "shop-web", "projectId": "prj_1", "url": "shop-web-1.vercel.app",
            "state": "ERROR", "readyState": "ERROR", "target": null, "created": 1_767_323_000_000_i64,
            "creator": {"uid": "usr_1"}, "errorCode": "BUILD_FAILED", "errorMessage": "Command exited with 1",
            "meta": {"githubCommitSha": "1111111111111111111111111111111111111111", "githubCommitRef": "feature/cart",
                     "githubCommitMessage": "Add cart", "githubCommitAuthorLogin": "octo-dev", "githubOrg": "acme",
                     "githubRepo": "shop-web", "githubCommitOrg": "acme", "githubCommitRepo": "shop-web"}
        })), @r#"
            {
              "provider": "vercel",
              "platform_id": "dpl_1",
              "project_id": "prj_1",
              "project_name": "shop-web",
              "state": "failed",
              "url": "shop-web-1.vercel.app",
              "inspector_url": null,
              "target": "preview",
              "branch": "feature/cart",
              "commit_sha": "1111111111111111111111111111111111111111",
              "commit_message": "Add cart",
              "commit_author": "octo-dev",
              "repository": "acme/shop-web",
              "from_fork": false,
              "error_code": "BUILD_FAILED",
              "error_message": "Command exited with 1",
              "created_at": "2026-01-02T03:03:20Z"
            }
        "#);
    }

    #[test]
    fn the_public_view() {
        insta::assert_json_snapshot!(read(json!({"id": "dpl_1", "readyState": "ERROR", "alias": []})), @r#"
            {
              "provider": "vercel",
              "platform_id": "dpl_1",
              "project_id": "",
              "project_name": "",
              "state": "failed",
              "url": null,
              "inspector_url": null,
              "target": "preview",
              "branch": null,
              "commit_sha": null,
              "commit_message": null,
              "commit_author": null,
              "repository": null,
              "from_fork": false,
              "error_code": null,
              "error_message": null,
              "created_at": "1970-01-01T00:00:00Z"
            }
        "#);
    }

    #[test]
    fn the_git_source_stands_in_for_meta() {
        let deployment = read(
            json!({"id": "dpl_1", "readyState": "READY", "meta": {}, "project": {"id": "prj_1"},
            "gitSource": {"type": "github", "org": "acme", "repo": "shop", "ref": "main", "sha": "2222", "repoId": 7}}),
        );
        assert_eq!(deployment.repository.as_deref(), Some("acme/shop"));
        assert_eq!(deployment.branch.as_deref(), Some("main"));
        assert_eq!(deployment.commit_sha.as_deref(), Some("2222"));
        assert_eq!(deployment.project_id, "prj_1");
    }

    #[test]
    fn a_blocked_one_says_why() {
        let deployment = read(
            json!({"uid": "dpl_1", "readyState": "BLOCKED", "seatBlock": {"blockCode": "COMMIT_AUTHOR_REQUIRED"}}),
        );
        assert_eq!(deployment.state, DeploymentState::Canceled);
        assert_eq!(deployment.error_code.as_deref(), Some("COMMIT_AUTHOR_REQUIRED"));
    }

    #[rstest]
    #[case("acme", "shop", false)]
    #[case("Acme", "Shop", false)]
    #[case("stranger", "shop", true)]
    #[case("acme", "other", true)]
    fn forks(#[case] org: &str, #[case] repo: &str, #[case] fork: bool) {
        let meta = json!({"githubOrg": "acme", "githubRepo": "shop", "githubCommitOrg": org, "githubCommitRepo": repo});
        let deployment = read(json!({"uid": "dpl_1", "readyState": "ERROR", "meta": meta}));
        assert_eq!(deployment.from_fork, fork);
        assert_eq!(deployment.repository.as_deref(), Some("acme/shop"));
    }
}
