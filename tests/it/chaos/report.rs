//! What came of it, checked and as a table.

use super::{Size, fleet::Fleet, watchers::Seen};
use crate::machines::was_continued;
use deploymend::{
    model::FixStatus,
    server::{
        db::{self, Db, entity::deployment},
        sandbox::bubblewrap::MARKER,
    },
};
use sea_orm::EntityTrait as _;
use std::{collections::BTreeMap, ffi::OsStr};

pub struct Report {
    pub size: Size,
    pub seconds: f64,
    pub kills: usize,
    pub restarts: usize,
    pub was_cut: bool,
    /// So many processes were in its sandboxes at once.
    pub most_inside: usize,
}

pub fn ended(row: &deployment::Model) -> bool {
    FixStatus::parse(&row.fix_status).is_some_and(|status| !status.is_unfinished())
}

/// Processes in sandboxes of the fleet: they see a part of its folder. Other tests have sandboxes, too.
pub fn inside(fleet: &Fleet) -> Vec<i32> {
    let Some(folder) = fleet.folder_name().and_then(OsStr::to_str) else { return vec![] };
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_inside = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
        mounts.contains(folder)
            && environment
                .split(|byte| *byte == 0)
                .any(|variable| variable.starts_with(format!("{MARKER}=").as_bytes()))
    };
    pids.filter(is_inside).collect()
}

impl Report {
    /// `Err` with the first thing that is not as it should be.
    pub async fn check(
        &self,
        fleet: &Fleet,
        database: &Db,
        seen: &Seen,
    ) -> anyhow::Result<Result<(), String>> {
        let rows = deployment::Entity::find().all(&database.orm).await?;
        let other: Vec<_> = rows
            .iter()
            .filter(|row| row.fix_status != FixStatus::PrCreated.as_str())
            .map(|row| (&row.id, &row.fix_status, &row.reason_code, &row.reason))
            .collect();
        if rows.len() != self.size.fixes || !other.is_empty() {
            return Ok(Err(format!("{} fixes, of which without a pull request: {other:#?}", rows.len())));
        }
        for row in &rows {
            let stored = db::events::since(database, &row.id, 0, u64::MAX).await?;
            let stored: Vec<i64> = stored.iter().map(|event| event.seq).collect();
            if seen.of(&row.id) != stored {
                return Ok(Err(format!(
                    "{}: stored are {stored:?}, a browser saw {:?}",
                    row.id,
                    seen.of(&row.id)
                )));
            }
        }
        let mut pulls: BTreeMap<(String, String), usize> = BTreeMap::new();
        for repository in fleet.repositories() {
            for pull in fleet.standins.pulls(repository) {
                *pulls.entry((repository.to_owned(), pull.base)).or_default() += 1;
            }
        }
        if pulls.len() != self.size.fixes || pulls.values().any(|count| *count != 1) {
            return Ok(Err(format!("pull requests by branch: {pulls:#?}")));
        }
        let (strays, sandboxes) = (inside(fleet), fleet.sandboxes());
        if !strays.is_empty() || !sandboxes.is_empty() {
            return Ok(Err(format!("processes {strays:?} and sandboxes {sandboxes:?} are left")));
        }
        if self.restarts != self.size.restarts || !self.was_cut || self.kills == 0 || self.most_inside == 0 {
            return Ok(Err("nothing happened to it".to_owned()));
        }
        Ok(Ok(()))
    }

    pub async fn print(&self, database: &Db, seen: &Seen) -> anyhow::Result<()> {
        let rows = deployment::Entity::find().all(&database.orm).await?;
        let mut resumed = 0;
        for row in &rows {
            let events = db::events::since(database, &row.id, 0, u64::MAX).await?;
            resumed += events.iter().filter(|event| was_continued(&event.kind)).count();
        }
        println!(
            "\n{:<44} {}",
            "servers, workers",
            format_args!("{}, {}", self.size.servers, self.size.workers)
        );
        println!("{:<44} {} in {:.0} s", "failing deployments", rows.len(), self.seconds);
        let between = self.seconds / self.kills as f64;
        println!("{:<44} {}, one every {between:.1} s", "workers killed", self.kills);
        println!("{:<44} {}", "restarts of the database", self.restarts);
        println!("{:<44} {} s", "one worker without the database for", self.size.cut_for.as_secs());
        println!("{:<44} {}", "fixes with a pull request", rows.len());
        println!("{:<44} {resumed}", "times a fix was taken over from the dead");
        println!("{:<44} {}, each once and in order", "events seen by browsers", seen.events());
        println!("{:<44} {}", "most processes in sandboxes at once", self.most_inside);
        println!("{:<44} 0", "processes and sandboxes left");
        Ok(())
    }
}
