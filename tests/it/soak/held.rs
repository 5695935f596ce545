//! What a process holds of the machine at a moment.

use crate::app::App;
use anyhow::Context as _;
use deploymend::server::db::{Db, Pool};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

const MIB: f64 = 1024.0 * 1024.0;

/// What is looked at.
pub struct Machine {
    process: u32,
    data: PathBuf,
    database: Db,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Held {
    /// Since the beginning.
    pub at: Duration,
    /// Resident, MiB.
    pub memory: f64,
    pub handles: usize,
    pub threads: usize,
    /// Started by the process, or by one of those.
    pub processes: usize,
    pub sandboxes: usize,
    /// MiB.
    pub database: f64,
}

impl Held {
    pub const HEAD: &'static str = " minute  memory MiB  handles  threads  processes  sandboxes  database MiB  deliveries  refused   pages  streams   fixes  repaired";
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, memory, handles, threads, processes, sandboxes, database } = self;
        let minute = at.as_secs_f64() / 60.0;
        write!(
            f,
            "{minute:>7.1}{memory:>12.1}{handles:>9}{threads:>9}{processes:>11}{sandboxes:>11}{database:>14.1}"
        )
    }
}

impl Machine {
    pub async fn new(app: &App, data: &Path, database_url: &str) -> anyhow::Result<Self> {
        let database = Db::connect(database_url).await?;
        Ok(Self { process: app.child.id(), data: data.to_owned(), database })
    }

    pub async fn look(&self, at: Duration) -> anyhow::Result<Held> {
        let process = PathBuf::from(format!("/proc/{}", self.process));
        let status = fs::read_to_string(process.join("status"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        };
        Ok(Held {
            at,
            memory: number("VmRSS:").context("no VmRSS")? / 1024.0,
            threads: number("Threads:").context("no Threads")? as usize,
            handles: fs::read_dir(process.join("fd"))?.count(),
            processes: descendants(self.process)?,
            sandboxes: self.sandboxes(),
            database: self.database_size().await? / MIB,
        })
    }

    fn sandboxes(&self) -> usize {
        let below = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
        let homes = below(self.data.join("work")).map(|home| home.path().join("sandboxes"));
        homes.map(|sandboxes| below(sandboxes).count()).sum()
    }

    async fn database_size(&self) -> anyhow::Result<f64> {
        Ok(match &self.database.pool {
            Pool::Sqlite(pool) => {
                let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(pool).await?;
                let size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(pool).await?;
                (pages * size) as f64
            }
            Pool::Postgres(pool) => {
                let size: i64 =
                    sqlx::query_scalar("SELECT pg_database_size(current_database())").fetch_one(pool).await?;
                size as f64
            }
        })
    }
}

/// How many processes descend from one.
fn descendants(ancestor: u32) -> anyhow::Result<usize> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that has ended meanwhile is nobody's.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in brackets may hold anything.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(id);
        }
    }
    let (mut found, mut next) = (BTreeSet::new(), vec![ancestor]);
    while let Some(id) = next.pop() {
        for child in children.get(&id).into_iter().flatten() {
            if found.insert(*child) {
                next.push(*child);
            }
        }
    }
    Ok(found.len())
}
