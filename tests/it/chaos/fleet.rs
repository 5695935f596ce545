//! Servers and workers, each with a data folder of its own as on a machine of its own, and what is to be repaired.

use super::{Size, line::Line};
use crate::{
    app::{App, Settings, settings},
    world::{QUICK_LOG, agent, facing, seed_quick},
};
use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use deploymend::server::db::testing::{self, TestDb};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use standins::{Options, Standins, github::actions::NewCommit, scenario::Build};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::JoinHandle;

/// A failure to come.
pub struct Failing {
    project: String,
    pub repository: String,
    pub branch: String,
}

pub struct Fleet {
    pub standins: Standins,
    pub servers: Vec<App>,
    /// The first worker's to the database.
    pub line: Line,
    pub database_url: String,
    workers: Arc<Mutex<Vec<Worker>>>,
    projects: Vec<(String, String)>,
    size: Size,
    _kept: TestDb,
}

/// A worker, started again whenever it is killed.
struct Worker {
    settings: Settings,
    log: PathBuf,
    child: Child,
}

impl Worker {
    fn start(settings: Settings, log: PathBuf) -> anyhow::Result<Self> {
        let child = Self::spawn(&settings, &log)?;
        Ok(Self { settings, log, child })
    }

    fn spawn(settings: &Settings, log: &Path) -> anyhow::Result<Child> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = settings.command();
        command.arg("work");
        Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?)
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        self.child = Self::spawn(&self.settings, &self.log)?;
        Ok(())
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn locked(workers: &Mutex<Vec<Worker>>) -> MutexGuard<'_, Vec<Worker>> {
    workers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What kills workers, until it is stopped.
pub struct Killer {
    work: JoinHandle<anyhow::Result<()>>,
    kills: Arc<AtomicUsize>,
}

impl Killer {
    pub fn kills(&self) -> usize {
        self.kills.load(Ordering::Relaxed)
    }

    /// Returns how many there were. The workers live on.
    pub async fn stop(self) -> anyhow::Result<usize> {
        self.work.abort();
        match self.work.await {
            Ok(ended) => ended?,
            Err(error) => anyhow::ensure!(error.is_cancelled(), "{error}"),
        }
        Ok(self.kills.load(Ordering::Relaxed))
    }
}

impl Fleet {
    pub async fn start(size: Size) -> anyhow::Result<Self> {
        let kept = testing::empty().await?;
        let standins = Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() })?;
        let mut projects = Vec::new();
        let mut tokens = None;
        for number in 0..size.repositories {
            let seeded = seed_quick(&standins, &format!("acme/app-{number}")).await?;
            projects.push((seeded.project_id, seeded.repository));
            tokens = Some((seeded.github_token, seeded.vercel_token));
        }
        let (github, vercel) = tokens.context("no repository")?;
        let mut fleet = Self::without_machines(size, kept, standins, projects).await?;
        fleet.start_servers(&github, &vercel).await?;
        fleet.start_workers()?;
        Ok(fleet)
    }

    async fn without_machines(
        size: Size,
        kept: TestDb,
        standins: Standins,
        projects: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let url: url::Url = kept.url.parse()?;
        let server = format!("{}:{}", url.host_str().context("no host")?, url.port().unwrap_or(5432));
        let line = Line::to(server).await?;
        let database_url = kept.url.clone();
        Ok(Self {
            standins,
            servers: vec![],
            line,
            database_url,
            workers: Arc::default(),
            projects,
            size,
            _kept: kept,
        })
    }

    fn settings(&self, machine: &str) -> Settings {
        let data = self._kept.folder.path().join(machine);
        facing(settings(&data, &self.database_url), &self.standins)
            .set("DEPLOYMEND_ENCRYPTION_KEY", format!("k1:{}", STANDARD.encode([7; 32])))
            .set("DEPLOYMEND_ALLOW_LOOPBACK_WEBHOOKS", "true")
            .set("DEPLOYMEND_OPENCODE", agent(self.size.agent).display())
            .set("DEPLOYMEND_DAILY_FIXES", 1_000_000)
    }

    async fn start_servers(&mut self, github: &str, vercel: &str) -> anyhow::Result<()> {
        let port = crate::ports::port()?;
        let public = format!("http://127.0.0.1:{port}");
        for number in 0..self.size.servers {
            let mut settings =
                self.settings(&format!("server-{number}")).set("DEPLOYMEND_PUBLIC_URL", &public);
            settings.flags.push("--no-worker");
            if number == 0 {
                settings = settings.set("DEPLOYMEND_LISTEN", format!("127.0.0.1:{port}"));
            }
            let mut server = App::start(&settings)?;
            if number == 0 {
                server.set_up().await?;
                for (account, token) in [("github", github), ("vercel", vercel)] {
                    let to =
                        server.form(&format!("/integrations/{account}/connect"), &[("token", token)]).await?;
                    anyhow::ensure!(!to.contains("error"), "{account} led to {to}");
                }
            } else {
                server.sign_in().await?;
            }
            self.servers.push(server);
        }
        Ok(())
    }

    fn start_workers(&self) -> anyhow::Result<()> {
        for number in 0..self.size.workers {
            let machine = format!("worker-{number}");
            let mut settings = self.settings(&machine);
            if number == 0 {
                let mut url: url::Url = self.database_url.parse()?;
                let _ = url.set_port(Some(self.line.address.port()));
                settings = settings.set("DATABASE_URL", url);
            }
            let log = self._kept.folder.path().join(format!("{machine}.log"));
            locked(&self.workers).push(Worker::start(settings, log)?);
        }
        Ok(())
    }

    /// The failures to come, each repository's turn after the other.
    pub fn failures(&self) -> Vec<Failing> {
        let one = |number: usize| {
            let (project, repository) = self.projects[number % self.projects.len()].clone();
            Failing { project, repository, branch: format!("work-{number}") }
        };
        (0..self.size.fixes).map(one).collect()
    }

    /// Pushes a branch that does not build, and has the platform say so.
    pub async fn fail(&self, failing: &Failing) -> anyhow::Result<()> {
        let note = (format!("notes/{}.md", failing.branch), Some("Work.\n".to_owned()));
        let commit = NewCommit {
            repository: failing.repository.clone(),
            branch: Some(failing.branch.clone()),
            files: BTreeMap::from([note]),
            ..NewCommit::default()
        };
        self.standins.commit(commit).await?;
        let build = Build {
            project: failing.project.clone(),
            branch: Some(failing.branch.clone()),
            state: Some("ERROR".into()),
            log: QUICK_LOG.into(),
            ..Build::default()
        };
        self.standins.build(build).await.map(drop)
    }

    /// Kills one of the workers every so often and starts it again, whatever the others and the test are busy with.
    pub fn killer(&self) -> Killer {
        let (workers, every, kills) =
            (Arc::clone(&self.workers), self.size.kill_every, Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&kills);
        let work = tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(7);
            let mut turns = tokio::time::interval(every);
            turns.tick().await;
            loop {
                turns.tick().await;
                let mut workers = locked(&workers);
                let number = rng.random_range(0..workers.len());
                workers[number].restart()?;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Killer { work, kills }
    }

    /// What the folder of all machines is called.
    pub fn folder_name(&self) -> Option<&OsStr> {
        self._kept.folder.path().file_name()
    }

    /// Folders of sandboxes on any machine.
    pub fn sandboxes(&self) -> Vec<PathBuf> {
        let below = |folder: PathBuf| {
            std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .collect::<Vec<_>>()
        };
        let machines = below(self._kept.folder.path().to_owned());
        let homes = machines.into_iter().flat_map(|machine| below(machine.join("work")));
        homes.flat_map(|home| below(home.join("sandboxes"))).collect()
    }

    /// The last lines of every worker's log.
    pub fn said(&self) -> String {
        let tail = |worker: &Worker| {
            let text = std::fs::read_to_string(&worker.log).unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(5).collect();
            format!(
                "{}\n  {}\n",
                worker.log.display(),
                lines.into_iter().rev().collect::<Vec<_>>().join("\n  ")
            )
        };
        locked(&self.workers).iter().map(tail).collect()
    }

    pub fn repositories(&self) -> impl Iterator<Item = &str> {
        self.projects.iter().map(|(_, repository)| repository.as_str())
    }
}
