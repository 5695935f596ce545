//! From a guarded patch to an open pull request: applied to a clean clone, built again, committed, pushed, opened.
//! Every step can be repeated after a crash: the commit is made from stored facts only, so its id is the same again.

use super::{
    Run, Stop,
    analyze::status_event,
    evidence::Evidence,
    prepare::{Pauses, Subject},
};
use crate::{
    model::{EventKind, FixStatus, Stage},
    server::{
        db::fixes::FixChange,
        fix::crash_point,
        github::{
            Client,
            body::branch_name,
            git::{Checkout, Commit},
            pull_request::{self, Proposal},
        },
        sandbox::Slot,
    },
};

impl Run<'_> {
    pub(super) async fn review(&mut self) -> Result<(), Stop> {
        let subject = self.subject().await?;
        let clone = self.clean_clone(&subject).await?;
        let plan = self.plan(&subject, &clone)?;
        let branch = branch_name(&subject.subscription.fix_branch_prefix, &self.fix.id);
        let Some(head) = self.commit(&subject, &clone).await? else {
            return self
                .next_attempt(&subject, "patch", "The agent's patch does not apply to a clean clone.".into())
                .await;
        };
        if self.fix.head_sha.as_deref() != Some(head.as_str()) {
            crash_point!("reviewing");
            let workspace = self.workspace().await?;
            workspace.load(Slot::Verify, clone.dir()).await?;
            if let Some(failure) =
                self.build(Slot::Verify, &plan, "verify_install", "verify", Some(Stage::Verified)).await?
            {
                let what = format!(
                    "With the patch applied, `{}` exits {}:\n{}",
                    failure.command,
                    failure.exit(),
                    failure.tail
                );
                return self.next_attempt(&subject, "verify", what).await;
            }
            let red = self.red_builds(&subject.subscription.user_id).await?;
            if let Some(what) = self.builds_elsewhere(&red, &clone, &plan).await? {
                return self.next_attempt(&subject, "verify", what).await;
            }
            let change = FixChange {
                head_sha: Some(Some(head.clone())),
                fix_branch_name: Some(Some(branch.clone())),
                after_exit_code: Some(Some(0)),
                ..FixChange::default()
            };
            self.record(change, vec![]).await?;
        }
        crash_point!("before_push");
        self.push(&subject, &clone, &branch, &head).await?;
        crash_point!("after_push");
        self.open_pull_request(&subject, &branch).await
    }

    /// The patch as a commit by the connected user. `None` when it does not apply.
    async fn commit(&self, subject: &Subject, clone: &Checkout) -> Result<Option<String>, Stop> {
        let Some(diff) = self.fix.diff.as_deref() else {
            return Ok(None);
        };
        let staged = match self.lease.guard(clone.stage(diff.as_bytes())).await? {
            Ok(staged) => staged,
            Err(error) if error.is_disk_full() => return Err(Stop::disk_full()),
            Err(error) => {
                tracing::warn!(fix.id = %self.fix.id, %error, "A patch did not apply");
                return Ok(None);
            }
        };
        let message = self.evidence().await?.story(&[]).commit_message();
        let commit = Commit {
            author: &subject.github.author,
            committer: &subject.github.author,
            // Not "now": a repeated commit must have the same id.
            at: self.fix.created_at,
            message: &message,
        };
        let head = self.lease.guard(clone.commit(&staged, &commit)).await?;
        head.map(Some).map_err(|error| {
            if error.is_disk_full() {
                return Stop::disk_full();
            }
            tracing::error!(fix.id = %self.fix.id, %error, "A commit could not be made");
            Stop::failed("commit", "The repaired files could not be committed. The server's log says why.")
        })
    }

    async fn push(
        &mut self,
        subject: &Subject,
        clone: &Checkout,
        branch: &str,
        head: &str,
    ) -> Result<(), Stop> {
        // An earlier attempt of this fix may have pushed: that head may be replaced, a stranger's may not.
        let known = self.fix.pushed_sha.clone();
        let mut pauses = Pauses::default();
        loop {
            match self.lease.guard(clone.push(&subject.github.remote, branch, known.as_deref())).await? {
                Ok(_) => break,
                Err(error) if error.is_transient() && pauses.left(None) => {
                    self.lease.guard(pauses.wait(&self.ctx.clock, None)).await?
                }
                Err(error) => {
                    tracing::warn!(fix.id = %self.fix.id, %error, "A branch could not be pushed");
                    let what = format!("{branch} could not be pushed to {}", self.fix.repository);
                    return Err(Stop::git(&error, "push", &what));
                }
            }
        }
        let change = FixChange { pushed_sha: Some(Some(head.to_owned())), ..FixChange::default() };
        self.record(change, vec![]).await
    }

    async fn evidence(&self) -> Result<Evidence, Stop> {
        let evidence = Evidence::of(self.ctx, &self.fix).await?;
        evidence.ok_or_else(|| Stop::failed("no_finding", "The stored diagnosis is missing. Try again."))
    }

    async fn open_pull_request(&mut self, subject: &Subject, branch: &str) -> Result<(), Stop> {
        let github = &subject.github;
        let client = Client::new(&self.ctx.config.github_api, &github.token, self.ctx.clock.clone())
            .map_err(|error| Stop::github(&error))?;
        let evidence = self.evidence().await?;
        // What is pushed now has been built nowhere yet.
        let story = evidence.story(&[]);
        let (title, body) = (story.title(), story.body());
        let proposal = Proposal {
            repository: &github.repository,
            head: branch,
            base: self.fix.branch.as_deref().unwrap_or_default(),
            title: &title,
            body: &body,
            draft: !story.verified(),
        };
        let opened = self.ask_github(|| pull_request::find_or_create(&client, &proposal)).await?.pull_request;
        let number = i32::try_from(opened.number).unwrap_or(i32::MAX);
        crash_point!("after_create");
        let now = self.ctx.clock.now();
        let change = FixChange {
            status: Some(FixStatus::PrCreated),
            pr_number: Some(Some(number)),
            pr_url: Some(Some(opened.url.clone())),
            pr_opened_at: Some(self.fix.pr_opened_at.or(Some(now))),
            completed_at: Some(Some(now)),
            ..FixChange::default()
        };
        let events = vec![
            EventKind::PullRequest { number, url: opened.url },
            status_event(FixStatus::PrCreated, None),
        ];
        self.record(change, events).await?;
        tracing::info!(fix.id = %self.fix.id, "A verified pull request is open");
        Ok(())
    }
}
