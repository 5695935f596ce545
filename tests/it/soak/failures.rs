//! Failures to repair, a few at a time: each on a branch of its own, and merged once it is repaired.

use crate::{
    app::App,
    world::{QUICK, QUICK_LOG, World},
};
use deploymend::model::{FixStatus, FixSummary};
use standins::{github::actions::NewCommit, scenario::Build};
use std::collections::{BTreeMap, BTreeSet};

/// Fixes that are under way, or wait for a worker.
const AT_ONCE: usize = 3;

#[derive(Default)]
pub struct Failures {
    made: usize,
    /// The platform's ids of those that have not ended.
    open: BTreeSet<String>,
    repaired: usize,
    to_merge: Vec<i32>,
}

impl Failures {
    /// Looks what has ended, merges what is repaired, and makes as many new ones.
    pub async fn keep_up(&mut self, world: &World, app: &App) -> anyhow::Result<()> {
        self.look(app).await?;
        for number in std::mem::take(&mut self.to_merge) {
            world.standins.merge(QUICK, u64::from(number.unsigned_abs()), "acme").await?;
        }
        while self.open.len() < AT_ONCE {
            let id = self.make(world).await?;
            self.open.insert(id);
        }
        Ok(())
    }

    /// Looks what has ended.
    pub async fn look(&mut self, app: &App) -> anyhow::Result<()> {
        // One by one: deliveries about what the platform does not know fill the list.
        for id in self.open.clone() {
            let path = format!("vercel:{id}");
            let FixSummary { status, pr_number, .. } = app.fix(&path).await?.summary;
            if status.is_unfinished() {
                continue;
            }
            self.open.remove(&id);
            self.repaired += usize::from(status == FixStatus::PrCreated);
            self.to_merge.extend(pr_number);
        }
        Ok(())
    }

    async fn make(&mut self, world: &World) -> anyhow::Result<String> {
        let branch = format!("work-{}", self.made);
        self.made += 1;
        let note = (format!("notes/{branch}.md"), Some("Work.\n".to_owned()));
        let commit = NewCommit {
            repository: QUICK.to_owned(),
            branch: Some(branch.clone()),
            files: BTreeMap::from([note]),
            ..NewCommit::default()
        };
        world.standins.commit(commit).await?;
        let build = Build {
            project: world.seeded.project_id.clone(),
            branch: Some(branch),
            state: Some("ERROR".into()),
            log: QUICK_LOG.into(),
            ..Build::default()
        };
        Ok(world.standins.build(build).await?.deployment.id)
    }

    pub fn made(&self) -> usize {
        self.made
    }

    pub fn repaired(&self) -> usize {
        self.repaired
    }

    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The end of a line.
    pub fn counted(&self) -> String {
        format!("{:>8}{:>10}", self.made, self.repaired)
    }
}
