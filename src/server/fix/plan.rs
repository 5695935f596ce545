//! From a project's settings and files to the commands that its platform runs: what is reproduced, and what proves
//! the repair. The platform's settings come first, then the repository's files, then what the platform printed.

use super::runtime;
use crate::server::integrations::{Project, ProjectRef, RepositoryFiles, TokenProvider};
use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// The commands of one project, run in its root directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildPlan {
    /// Relative to the repository's root; empty for the root itself.
    pub root: PathBuf,
    /// Shell command that installs the dependencies; `None` when the project has none to install.
    pub install: Option<String>,
    /// Shell command that builds.
    pub build: String,
    /// The Node.js version that is pinned.
    pub node: Option<String>,
    /// Set for both.
    pub env: Vec<(String, String)>,
}

/// Why there is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The platform's root directory is not in the repository, or points out of it.
    #[error("The root directory \"{0}\" set on the platform is not in the repository at this commit.")]
    NoRoot(String),
    /// Neither the platform nor the repository names a build command.
    #[error(
        "Neither the platform's settings nor package.json name a build command, so the failure cannot be reproduced."
    )]
    NoBuildCommand,
    /// `package.json` is not JSON.
    #[error("package.json at this commit is not valid JSON.")]
    BadManifest,
}

/// The package managers that a lockfile can name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PackageManager {
    Npm { lockfile: bool },
    Pnpm(String),
    Yarn1,
    YarnBerry(String),
    Bun(String),
}

const PNPM_FALLBACK: &str = "9";
const BUN_FALLBACK: &str = "1";

impl PackageManager {
    /// From the lockfile, with the version that `packageManager` pins.
    fn detect(root: &Path, manifest: &Value) -> Self {
        let pinned =
            manifest.get("packageManager").and_then(Value::as_str).and_then(|pin| pin.split_once('@'));
        let version = |name: &str, fallback: &str| match pinned {
            Some((manager, version)) if manager == name => {
                version.split('+').next().unwrap_or(fallback).to_owned()
            }
            _ => fallback.to_owned(),
        };
        let has = |name: &str| root.join(name).is_file();
        if has("pnpm-lock.yaml") {
            Self::Pnpm(version("pnpm", PNPM_FALLBACK))
        } else if has("yarn.lock") {
            match version("yarn", "1").as_str() {
                old if old.starts_with("1") => Self::Yarn1,
                new => Self::YarnBerry(new.to_owned()),
            }
        } else if has("bun.lock") || has("bun.lockb") {
            Self::Bun(version("bun", BUN_FALLBACK))
        } else {
            Self::Npm { lockfile: has("package-lock.json") || has("npm-shrinkwrap.json") }
        }
    }

    /// Frozen wherever there is a lockfile: an install must not change what is proved.
    fn install(&self) -> String {
        match self {
            Self::Npm { lockfile: true } => "npm ci".to_owned(),
            Self::Npm { lockfile: false } => "npm install --no-package-lock".to_owned(),
            Self::Pnpm(version) => format!("npx --yes pnpm@{version} install --frozen-lockfile"),
            Self::Yarn1 => "npx --yes yarn@1 install --frozen-lockfile".to_owned(),
            Self::YarnBerry(version) => format!("npx --yes @yarnpkg/cli-dist@{version} install --immutable"),
            Self::Bun(version) => format!("npx --yes bun@{version} install --frozen-lockfile"),
        }
    }

    fn run(&self, script: &str) -> String {
        match self {
            Self::Npm { .. } => format!("npm run {script}"),
            Self::Pnpm(version) => format!("npx --yes pnpm@{version} run {script}"),
            Self::Yarn1 => format!("npx --yes yarn@1 run {script}"),
            Self::YarnBerry(version) => format!("npx --yes @yarnpkg/cli-dist@{version} run {script}"),
            Self::Bun(version) => format!("npx --yes bun@{version} run {script}"),
        }
    }
}

impl BuildPlan {
    /// The plan for a clean clone of the commit that failed. `log` is what the platform printed, without colours.
    ///
    /// # Errors
    /// There is nothing that could be run.
    pub fn detect(
        clone: &Path,
        provider: &dyn TokenProvider,
        project: &Project,
        log: &[String],
    ) -> Result<Self, PlanError> {
        // A root directory that the platform says nothing about may still be in a file of the repository's root.
        let reference = ProjectRef::from(project);
        let files = Files { clone, folder: clone.to_owned() };
        let first = project.build_settings().or(provider.settings_in_files(&reference, &files));
        let named = first.root_directory.clone().unwrap_or_default();
        let root = relative_root(&named).filter(|root| clone.join(root).is_dir());
        let root = root.ok_or(PlanError::NoRoot(named))?;
        let files = Files { clone, folder: clone.join(&root) };
        let settings = project
            .build_settings()
            .or(provider.settings_in_files(&reference, &files))
            .or(runtime::in_files(&files))
            .or(provider.settings_in_log(log));

        let manifest = read_json(&files.folder.join("package.json"))?;
        let manager = manifest.as_ref().map(|manifest| PackageManager::detect(&files.folder, manifest));
        let install = match settings.install_command {
            Some(command) if command.trim().is_empty() => None,
            Some(command) => Some(command),
            None => manager.as_ref().map(PackageManager::install),
        };
        let script = |name: &&str| {
            let scripts = manifest.as_ref()?.get("scripts")?;
            scripts.get(name)?.as_str()?;
            Some(manager.as_ref()?.run(name))
        };
        let set = settings.build_command.filter(|command| !command.trim().is_empty());
        let build = match (set, settings.after_build) {
            (Some(build), Some(after)) => format!("{build} && {after}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => {
                provider.build_scripts().iter().find_map(script).ok_or(PlanError::NoBuildCommand)?
            }
        };
        let node = settings.node_version.as_deref().and_then(runtime::version);
        // Whatever installs, also as a part of the build: a lockfile that nobody has is no part of a repair.
        let env = match &manager {
            Some(PackageManager::Npm { lockfile: false }) => {
                vec![("npm_config_package_lock".to_owned(), "false".to_owned())]
            }
            _ => Vec::new(),
        };
        Ok(Self { root, install, build, env, node })
    }

    /// The arguments that run one of the commands as the platform does: in a shell, with the project's own programs
    /// on the path.
    pub fn argv(command: &str) -> Vec<String> {
        let script = format!("{}\nexport PATH=\"$PWD/node_modules/.bin:$PATH\"\n{command}", runtime::path());
        ["/bin/sh", "-c", &script].map(str::to_owned).to_vec()
    }
}

/// A path that stays below the repository's root.
fn relative_root(setting: &str) -> Option<PathBuf> {
    let path = Path::new(setting.trim().trim_start_matches("./").trim_matches('/'));
    path.components().all(|part| matches!(part, Component::Normal(_))).then(|| path.to_owned())
}

fn read_json(path: &Path) -> Result<Option<Value>, PlanError> {
    if !is_file(path) {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|_| PlanError::BadManifest)?;
    serde_json::from_str(&text).map(Some).map_err(|_| PlanError::BadManifest)
}

/// A link in a hostile repository could point anywhere on this machine.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|data| data.is_file())
}

/// A clean clone, of which platforms read some files.
struct Files<'a> {
    clone: &'a Path,
    folder: PathBuf,
}

impl RepositoryFiles for Files<'_> {
    fn at_root(&self, name: &str) -> Option<String> {
        read_text(&self.clone.join(name))
    }

    fn in_project(&self, name: &str) -> Option<String> {
        read_text(&self.folder.join(name))
    }
}

fn read_text(path: &Path) -> Option<String> {
    is_file(path).then(|| std::fs::read_to_string(path).ok()).flatten()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::{clock::Clock, integrations::vercel::Vercel};
    use rstest::rstest;

    fn detect(clone: &Path, project: &Project) -> Result<BuildPlan, PlanError> {
        detect_with(clone, project, &[])
    }

    fn detect_with(clone: &Path, project: &Project, log: &[&str]) -> Result<BuildPlan, PlanError> {
        let client = crate::server::integrations::http::client().unwrap();
        let address = "http://127.0.0.1:1".parse().unwrap();
        let vercel = Vercel::new(client, address, Clock::System);
        let log: Vec<String> = log.iter().map(|line| (*line).to_owned()).collect();
        BuildPlan::detect(clone, &vercel, project, &log)
    }

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const MANIFEST: &str = r#"{"scripts":{"build":"tsc"}}"#;

    #[rstest]
    #[case::npm(&[("package.json", MANIFEST), ("package-lock.json", "{}")], Some("npm ci"), "npm run build")]
    #[case::no_lockfile(&[("package.json", MANIFEST)], Some("npm install --no-package-lock"), "npm run build")]
    #[case::pnpm(
        &[("package.json", r#"{"packageManager":"pnpm@10.2.1+sha512.ab","scripts":{"build":"x"}}"#), ("pnpm-lock.yaml", "")],
        Some("npx --yes pnpm@10.2.1 install --frozen-lockfile"), "npx --yes pnpm@10.2.1 run build"
    )]
    #[case::yarn(&[("package.json", MANIFEST), ("yarn.lock", "")], Some("npx --yes yarn@1 install --frozen-lockfile"), "npx --yes yarn@1 run build")]
    #[case::vercel_build(
        &[("package.json", r#"{"scripts":{"build":"a","vercel-build":"b"}}"#)],
        Some("npm install --no-package-lock"), "npm run vercel-build"
    )]
    #[case::vercel_json(
        &[("package.json", MANIFEST), ("vercel.json", r#"{"buildCommand":"make site","installCommand":""}"#)],
        None, "make site"
    )]
    fn the_files_name_the_commands(
        #[case] files: &[(&str, &str)],
        #[case] install: Option<&str>,
        #[case] build: &str,
    ) {
        let repository = repository(files);
        let plan = detect(repository.path(), &Project::default()).unwrap();
        assert_eq!((plan.install.as_deref(), plan.build.as_str()), (install, build));
    }

    #[test]
    fn the_platform_outranks_the_files() {
        let repository = repository(&[("web/package.json", MANIFEST)]);
        let project = Project {
            root_directory: Some("./web/".into()),
            install_command: Some("npm i --legacy-peer-deps".into()),
            build_command: Some("next build".into()),
            ..Project::default()
        };
        let plan = detect(repository.path(), &project).unwrap();
        assert_eq!(plan.root, Path::new("web"));
        assert_eq!(plan.install.as_deref(), Some("npm i --legacy-peer-deps"));
        assert_eq!(plan.build, "next build");
    }

    #[test]
    fn the_files_outrank_the_log_and_the_log_outranks_a_guess() {
        let repository = repository(&[
            ("package.json", MANIFEST),
            ("package-lock.json", "{}"),
            ("vercel.json", r#"{"buildCommand":"make site"}"#),
        ]);
        let log = ["Running \"install\" command: `npm ci --force`...", "Running \"npm run of-the-log\""];
        let plan = detect_with(repository.path(), &Project::default(), &log).unwrap();
        assert_eq!(plan.install.as_deref(), Some("npm ci --force"));
        assert_eq!(plan.build, "make site");
    }

    #[rstest]
    #[case(&[("package.json", MANIFEST)], 1)]
    #[case(&[("package.json", MANIFEST), ("package-lock.json", "{}")], 0)]
    #[case(&[("package.json", MANIFEST), ("pnpm-lock.yaml", "")], 0)]
    fn nothing_makes_a_lockfile_where_there_is_none(#[case] files: &[(&str, &str)], #[case] set: usize) {
        let repository = repository(files);
        let project =
            Project { build_command: Some("npm install && npm run build".into()), ..Project::default() };
        let env = detect(repository.path(), &project).unwrap().env;
        assert_eq!(
            env.iter().filter(|(name, value)| name == "npm_config_package_lock" && value == "false").count(),
            set
        );
    }

    #[rstest]
    #[case("../elsewhere")]
    #[case("web/../../x")]
    #[case("missing")]
    fn a_root_outside_the_repository_is_refused(#[case] root: &str) {
        let repository = repository(&[("package.json", MANIFEST)]);
        let project = Project { root_directory: Some(root.into()), ..Project::default() };
        assert_eq!(detect(repository.path(), &project), Err(PlanError::NoRoot(root.into())));
    }

    #[test]
    fn without_a_build_command_there_is_no_plan() {
        let repository = repository(&[("package.json", r#"{"scripts":{"test":"x"}}"#)]);
        assert_eq!(detect(repository.path(), &Project::default()), Err(PlanError::NoBuildCommand));
    }

    #[test]
    fn a_linked_manifest_is_not_followed() {
        let outside = repository(&[("package.json", MANIFEST)]);
        let repository = repository(&[("readme", "")]);
        std::os::unix::fs::symlink(
            outside.path().join("package.json"),
            repository.path().join("package.json"),
        )
        .unwrap();
        assert_eq!(detect(repository.path(), &Project::default()), Err(PlanError::NoBuildCommand));
    }
}
