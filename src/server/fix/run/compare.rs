//! A commit that is green on another platform → what is done differently there. Logs and settings name versions,
//! commands and folders; what differs in them is where to look first.

use super::{
    Run, Stop,
    prepare::{Site, Subject},
};
use crate::{
    model::{DeploymentState, Finding, PlatformDeployment},
    server::{
        db::{self, entity::subscription},
        diagnosis::{
            self,
            contrast::{Difference, contrast},
        },
        integrations::{BuildSettings, DeploymentsQuery, PlatformError, Project, TokenProvider},
    },
};
use chrono::TimeDelta;

/// Other projects of the same repository that are asked.
const MOST: usize = 5;
/// A commit is built by all platforms within this time.
const APART: TimeDelta = TimeDelta::days(1);
/// Deployments of a project that are looked through for the commit.
const NEWEST: usize = 20;

impl Run<'_> {
    /// One sentence for each difference to each platform on which the commit is green. Trouble with those is none of
    /// this fix.
    pub(super) async fn differences(
        &self,
        subject: &Subject,
        failed: &PlatformDeployment,
        finding: &Finding,
        log: &[String],
    ) -> Result<Vec<String>, Stop> {
        let own = &subject.subscription;
        let watched = db::subscriptions::list(&self.ctx.db, &own.user_id).await?;
        let same = |other: &subscription::Model| {
            other.id != own.id
                && !own.github_repo_full_name.is_empty()
                && other.github_repo_full_name.eq_ignore_ascii_case(&own.github_repo_full_name)
        };
        let here = used(subject.provider.as_ref(), &subject.project, log);
        let mut sentences = Vec::new();
        for other in watched.into_iter().filter(same).take(MOST) {
            let Ok(site) = self.site(other).await else { continue };
            match self.lease.guard(green(&site, failed)).await? {
                Ok(Some(there)) => {
                    let name = site.provider.provider().display_name();
                    sentences.extend(told(name, &here, &there.used));
                    let others = contrast(finding, log, &there.log);
                    sentences.extend(others.iter().map(|difference| in_words(name, difference)));
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::info!(fix.id = %self.fix.id, %error, "A platform could not be compared with")
                }
            }
        }
        Ok(sentences)
    }
}

/// A build of the commit that succeeded.
struct Green {
    used: BuildSettings,
    log: Vec<String>,
}

/// What a platform used for the same commit, if it is green there.
async fn green(site: &Site, failed: &PlatformDeployment) -> Result<Option<Green>, PlatformError> {
    let query = DeploymentsQuery {
        projects: vec![site.project_ref.clone()],
        since: Some(failed.created_at - APART),
        limit: Some(NEWEST),
        ..DeploymentsQuery::default()
    };
    let deployments = site.provider.deployments(&site.access, query).await?;
    let same = |other: &&PlatformDeployment| {
        other.state == DeploymentState::Ready
            && other.commit_sha.is_some()
            && other.commit_sha == failed.commit_sha
    };
    let Some(green) = deployments.iter().find(same) else { return Ok(None) };
    let log = site.provider.build_log(&site.access, &site.project_ref, &green.platform_id).await?;
    let log = diagnosis::shown(&log.lines).plain;
    Ok(Some(Green { used: used(site.provider.as_ref(), &site.project, &log), log }))
}

/// What the log says was used, and the settings where it does not say.
fn used(provider: &dyn TokenProvider, project: &Project, log: &[String]) -> BuildSettings {
    provider.settings_in_log(log).or(project.build_settings())
}

/// The differences in words.
fn told(name: &str, here: &BuildSettings, there: &BuildSettings) -> Vec<String> {
    let mut told = Vec::new();
    if let (Some(ours), Some(theirs)) = (&here.node_version, &there.node_version)
        && major(ours) != major(theirs)
    {
        told.push(format!(
            "{name} is green on this commit with Node.js {}; here it is {}.",
            bare(theirs),
            bare(ours)
        ));
    }
    for (what, ours, theirs) in [
        ("installs with", &here.install_command, &there.install_command),
        ("builds with", &here.build_command, &there.build_command),
        ("builds in the folder", &here.root_directory, &there.root_directory),
    ] {
        let (ours, theirs) = (ours.as_deref().unwrap_or_default(), theirs.as_deref().unwrap_or_default());
        if !theirs.is_empty() && ours != theirs {
            let ours = if ours.is_empty() { "not named".to_owned() } else { format!("`{ours}`") };
            told.push(format!("{name} is green on this commit and {what} `{theirs}`; here it is {ours}."));
        }
    }
    told
}

fn in_words(name: &str, difference: &Difference) -> String {
    match difference {
        Difference::Version { tool, here, there } => {
            format!("{name} is green on this commit with {tool} {there}; here it is {here}.")
        }
        Difference::Variable { name: variable } => {
            format!(
                "`{variable}` is missing here. {name} is green on this commit: its value there is the one to compare."
            )
        }
        Difference::LetterCase { here, there } => {
            format!("`{here}` is written `{there}` in the log of {name}, where this commit is green.")
        }
    }
}

fn bare(version: &str) -> &str {
    version.trim_start_matches('v')
}

fn major(version: &str) -> &str {
    bare(version).split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(node: &str, build: &str) -> BuildSettings {
        BuildSettings {
            node_version: Some(node.to_owned()),
            build_command: Some(build.to_owned()),
            ..BuildSettings::default()
        }
    }

    #[test]
    fn versions_differ_by_their_first_number_and_commands_by_every_letter() {
        let here = settings("20.19.2", "npm run build");
        assert_eq!(told("Vercel", &here, &settings("v20.x", "npm run build")), Vec::<String>::new());
        assert_eq!(
            told("Vercel", &here, &settings("22.x", "npm run build:all")),
            [
                "Vercel is green on this commit with Node.js 22.x; here it is 20.19.2.",
                "Vercel is green on this commit and builds with `npm run build:all`; here it is `npm run build`.",
            ]
        );
    }

    #[test]
    fn what_the_other_side_does_not_say_is_no_difference() {
        let here = settings("20", "npm run build");
        assert_eq!(told("Render", &here, &BuildSettings::default()), Vec::<String>::new());
        let theirs = BuildSettings { root_directory: Some("web".into()), ..BuildSettings::default() };
        assert_eq!(
            told("Render", &here, &theirs),
            ["Render is green on this commit and builds in the folder `web`; here it is not named."]
        );
    }
}
