//! From a stored failure to a cause that was seen again in the sandbox. Everything that speaks against starting an
//! agent is found here.

use super::{Run, Stop, again::built_again, prepare::Subject};
use crate::{
    model::{DeploymentState, EventKind, Finding, FixStatus, PlatformDeployment, Provider, Stage, Verdict},
    server::{
        db::{self, fixes::FixChange, incidents::Lead},
        diagnosis::{self, Hints},
        fix::crash_point,
        integrations::{BuildLog, DeploymentsQuery},
        rules::{self, Rule},
        sandbox::Slot,
    },
};

impl Run<'_> {
    pub(super) async fn analyze(&mut self) -> Result<(), Stop> {
        if self.status() == FixStatus::Pending {
            let change = FixChange {
                status: Some(FixStatus::Analyzing),
                started_at: Some(Some(self.ctx.clock.now())),
                ..FixChange::default()
            };
            self.record(change, vec![status_event(FixStatus::Analyzing, None)]).await?;
        }
        crash_point!("analyzing");
        let subject = self.subject().await?;
        let deployment = self
            .ask(&subject, || {
                let id = &self.fix.platform_deployment_id;
                subject.provider.deployment(&subject.access, &subject.project_ref, id)
            })
            .await?;
        self.still_wanted(&subject, &deployment).await?;
        // After a restart the stored diagnosis is as good as a new one.
        let finding = match self.fix.finding {
            Some(_) => self.finding()?,
            None => self.diagnose(&subject, &deployment).await?,
        };
        self.apply_rules(&finding).await?;
        if finding.verdict == Verdict::Flaky {
            self.build_again(&subject, &deployment, &finding).await?;
        }
        if finding.verdict != Verdict::Code {
            let advice = finding.advice.clone().unwrap_or_else(|| finding.message.clone());
            return Err(Stop::skipped(verdict_code(finding.verdict), advice));
        }
        self.lead(&subject, &finding).await?;
        self.no_open_twin(&finding).await?;
        self.reproduce(&subject).await
    }

    /// A failure that no longer stands needs no fix.
    async fn still_wanted(&self, subject: &Subject, deployment: &PlatformDeployment) -> Result<(), Stop> {
        let platform = subject.platform_name();
        if deployment.state != DeploymentState::Failed {
            let state = deployment.state.label().to_lowercase();
            return Err(Stop::skipped(
                "not_failed",
                format!("{platform} says that this deployment is {state} now."),
            ));
        }
        // A delivery does not say when its deployment was made.
        let since = db::subscriptions::watched_since(&subject.subscription, self.ctx.clock.now());
        if deployment.created_at < since && !self.fix.started_by_hand {
            return Err(Stop::skipped(
                "before_subscription",
                "This deployment was made before its project was watched. Start the fix by hand if it is wanted.",
            ));
        }
        let Some(branch) = &deployment.branch else {
            return Err(Stop::skipped(
                "no_branch",
                format!(
                    "{platform} built this deployment from no Git branch, so there is nothing to open a pull request against."
                ),
            ));
        };
        let newer = self.newer(subject, deployment).await?;
        if newer.is_empty() || self.fix.started_by_hand {
            return Ok(());
        }
        // One that this run has asked for is no reason to say that it came too late.
        if self.has_asked() && built_again(&newer, deployment) {
            return Ok(());
        }
        Err(Stop::skipped(
            "superseded",
            format!("A newer deployment of {branch} has taken this one's place."),
        ))
    }

    /// Deployments that have taken the place of `deployment`.
    pub(super) async fn newer(
        &self,
        subject: &Subject,
        deployment: &PlatformDeployment,
    ) -> Result<Vec<PlatformDeployment>, Stop> {
        let query = DeploymentsQuery {
            projects: vec![subject.project_ref.clone()],
            branch: deployment.branch.clone(),
            since: Some(deployment.created_at),
            ..DeploymentsQuery::default()
        };
        let mut newer =
            self.ask(subject, || subject.provider.deployments(&subject.access, query.clone())).await?;
        newer.retain(|other| {
            other.platform_id != deployment.platform_id
                && other.created_at > deployment.created_at
                && other.target == deployment.target
                && other.branch == deployment.branch
                && other.state != DeploymentState::Canceled
        });
        Ok(newer)
    }

    async fn diagnose(
        &mut self,
        subject: &Subject,
        deployment: &PlatformDeployment,
    ) -> Result<Finding, Stop> {
        let id = &self.fix.platform_deployment_id;
        let log: BuildLog = self
            .ask(subject, || subject.provider.build_log(&subject.access, &subject.project_ref, id))
            .await?;
        let hints = Hints {
            provider: Some(deployment.provider),
            root_directory: subject.project.root_directory.clone(),
            inspector_url: deployment.inspector_url.clone(),
        };
        // Redacted first: neither the database, the page nor the model ever sees what a log should not have said.
        let shown = diagnosis::shown(&log.lines);
        let mut finding = diagnosis::diagnose(&shown.plain, &hints);
        finding.differences = self.differences(subject, deployment, &finding, &shown.plain).await?;
        let change = FixChange {
            error_type: Some(Some(finding.error_type)),
            error_message: Some(Some(finding.message.clone())),
            error_context: Some(Some(finding.context_text())),
            finding: Some(Some(finding.clone())),
            logs: Some(Some(shown.coloured.join("\n"))),
            branch: Some(deployment.branch.clone()),
            commit_sha: Some(deployment.commit_sha.clone()),
            ..FixChange::default()
        };
        self.record(change, vec![EventKind::Diagnosed { finding: Box::new(finding.clone()) }]).await?;
        Ok(finding)
    }

    /// The first rule that matches may end the fix, or adds to the prompt. Who starts a fix by hand wants it in spite of
    /// a rule.
    async fn apply_rules(&mut self, finding: &Finding) -> Result<(), Stop> {
        let rows = db::rules::enabled(&self.ctx.db, &self.fix.subscription_id).await?;
        let rules: Vec<Rule> = rows.into_iter().map(Rule::from).collect();
        let Some(rule) = rules::first_match(&rules, finding) else {
            return Ok(());
        };
        let change = FixChange { matched_rule_id: Some(Some(rule.id.clone())), ..FixChange::default() };
        let text = format!("The rule \"{}\" matches.", rule.name);
        self.record(change, vec![EventKind::Note { text, stage: None }]).await?;
        if rule.skip_fix && !self.fix.started_by_hand {
            return Err(Stop::skipped(
                "rule",
                format!("The rule \"{}\" says to skip this error.", rule.name),
            ));
        }
        Ok(())
    }

    /// One fix per commit and error, however many platforms it fails on.
    async fn lead(&mut self, subject: &Subject, finding: &Finding) -> Result<(), Stop> {
        let (db, now) = (&self.ctx.db, self.ctx.clock.now());
        let user_id = &subject.subscription.user_id;
        let lead = db::incidents::lead(db, &self.fix, user_id, &finding.fingerprint, now).await?;
        let (incident_id, leader) = match lead {
            None => return Ok(()),
            Some(Lead::Own { incident_id }) => (incident_id, None),
            Some(Lead::Of { incident_id, leader }) => (incident_id, Some(leader)),
        };
        if self.fix.incident_id.as_ref() != Some(&incident_id) {
            let change = FixChange { incident_id: Some(Some(incident_id)), ..FixChange::default() };
            self.record(change, vec![]).await?;
        }
        let Some(leader) = leader else { return Ok(()) };
        let platform = leader.provider.parse().map_or("another platform", Provider::display_name);
        Err(Stop::skipped(
            "same_commit",
            format!(
                "This commit failed with the same error on {platform} ({}). One fix repairs both.",
                leader.project_name
            ),
        ))
    }

    /// One open pull request per branch and error.
    async fn no_open_twin(&self, finding: &Finding) -> Result<(), Stop> {
        let twin = db::fixes::open_twin(&self.ctx.db, &self.fix, &finding.fingerprint).await?;
        match twin {
            Some(twin) => Err(Stop::skipped(
                "same_error_open",
                format!(
                    "Pull request #{} already repairs this error on this branch.",
                    twin.pr_number.map_or_else(String::new, |number| number.to_string())
                ),
            )),
            None => Ok(()),
        }
    }

    /// Runs the platform's own commands and expects them to fail.
    async fn reproduce(&mut self, subject: &Subject) -> Result<(), Stop> {
        let clone = self.clean_clone(subject).await?;
        let plan = self.plan(subject, &clone)?;
        let workspace = self.workspace().await?;
        workspace.load(Slot::Agent, clone.dir()).await?;
        let failed = self.build(Slot::Agent, &plan, "install", "reproduce", Some(Stage::Reproduced)).await?;
        let Some(failure) = failed else {
            let platform = subject.platform_name();
            let differences = self.finding()?.differences;
            let look = if differences.is_empty() {
                format!(
                    "Compare the environment variables and the Node.js version set on {platform} with what the project needs, then redeploy."
                )
            } else {
                format!("{} Look there first, then redeploy on {platform}.", differences.join(" "))
            };
            return Err(Stop::skipped(
                "not_reproduced",
                format!("The same build passes here, so the code is not the cause. {look}"),
            ));
        };
        let output: Vec<String> = failure.tail.lines().map(str::to_owned).collect();
        if diagnosis::diagnose(&output, &Hints::default()).verdict == Verdict::Flaky {
            return Err(Stop::failed(
                "registry",
                format!(
                    "`{}` fails in the sandbox for want of a connection, so nothing can be proved. Try again later.",
                    failure.command
                ),
            ));
        }
        let change = FixChange {
            status: Some(FixStatus::Fixing),
            fix_attempt_number: Some(1),
            before_exit_code: Some(failure.exit_code),
            ..FixChange::default()
        };
        self.record(change, vec![status_event(FixStatus::Fixing, None)]).await
    }
}

pub(super) fn status_event(status: FixStatus, stage: Option<Stage>) -> EventKind {
    EventKind::Status { status, reason_code: None, reason: None, stage }
}

fn verdict_code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Code => "code",
        Verdict::Config => "platform_setting",
        Verdict::Platform => "platform_limit",
        Verdict::Flaky => "flaky",
    }
}
