//! The data folder is on a disk of its own, which fills up while a fix runs and deliveries come in.

use super::machine::{all_refused, all_taken, begin, doctor, page, ready, repaired_once, status};
use crate::world::World;
use anyhow::{Context as _, ensure};
use deploymend::server::db::testing;
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Room for a clone and a sandbox, and some. MiB.
const SIZE: u32 = 320;

/// A file system of that size which only those see who are put beside it.
struct Disk {
    folder: PathBuf,
    holder: Child,
}

impl Disk {
    /// Mounts it over `folder` in a mount namespace that a process holds.
    ///
    /// # Errors
    /// This machine does not allow it, or lacks the programs.
    fn mount(folder: &Path) -> io::Result<Self> {
        let script = format!(
            "mount -t tmpfs -o size={SIZE}m,mode=0700 disk \"$1\" && echo ready && exec sleep infinity"
        );
        let mut holder = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "--", "sh", "-c", &script, "sh"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        if let Some(stdout) = holder.stdout.take() {
            BufReader::new(stdout).read_line(&mut said)?;
        }
        let disk = Self { folder: folder.to_owned(), holder };
        if said.trim() == "ready" { Ok(disk) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    /// What starts a program beside it.
    fn through(&self) -> Vec<String> {
        let namespace = format!("--mount=/proc/{}/ns/mnt", self.holder.id());
        ["nsenter".to_owned(), namespace, "--".to_owned()].into()
    }

    /// A file on it, for those who are not beside it.
    fn ballast(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").unwrap_or(&self.folder)).join("ballast")
    }

    /// Writes until nothing more goes in.
    fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = File::create(self.ballast())?;
        for piece in [vec![0; 1 << 20], vec![0; 512]] {
            while let Ok(()) = ballast.write_all(&piece) {}
        }
        Ok(())
    }

    fn empty(&self) -> io::Result<()> {
        std::fs::remove_file(self.ballast())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_the_disk_is_full_is_taken_when_there_is_room() -> anyhow::Result<()> {
    let kept = testing::empty().await?;
    let folder = kept.folder.path().join("disk");
    std::fs::create_dir(&folder)?;
    let disk = match Disk::mount(&folder) {
        Ok(disk) => disk,
        Err(error) => {
            println!("not done: a file system of its own takes root, unshare and nsenter ({error})");
            return Ok(());
        }
    };
    // On PostgreSQL the database is elsewhere, and only fixes lack room.
    let is_sqlite = kept.url.starts_with("sqlite:");
    let url =
        if is_sqlite { format!("sqlite:{}", folder.join("test.db").display()) } else { kept.url.clone() };
    let mut world = World::quick_with(&folder.join("data"), &url, kept).await?;
    world.settings.through = disk.through();
    let app = world.start().await?;
    ready(&app, 200).await?;

    let (fix, deliveries) = begin(&world, &app).await?;
    disk.fill()?;
    let taken = if is_sqlite {
        all_refused(&app, &deliveries, 0..5).await?;
        ready(&app, 503).await?;
        ensure!(status(&app, "/health").await? == 200);
        5
    } else {
        all_taken(&app, &deliveries, 0..5).await?;
        5
    };
    for path in ["/deployments", "/integrations", &format!("/deployments/{}", fix.summary.id)] {
        let page = page(&app, path).await?;
        let told =
            if is_sqlite { "The database takes nothing in" } else { "The disk of this server is full" };
        ensure!(page.contains(told), "{path} does not say what is wrong");
    }
    let said = doctor(&world.settings).await?;
    ensure!(said.contains("missing  disk: 0 MiB are free"), "{said}");
    // The clone goes on into a full disk.
    app.said(if is_sqlite { "The database takes nothing in" } else { "A fix waits" }).await?;
    let now = app.fix(&fix.summary.id).await?.summary;
    ensure!(now.status.is_unfinished(), "it did not wait: {:?} {:?}", now.status, now.reason);

    disk.empty().context("the ballast is gone")?;
    ready(&app, 200).await?;
    all_taken(&app, &deliveries, 0..5).await?;
    repaired_once(&world, &app, &fix, taken).await?;
    let page = page(&app, "/deployments").await?;
    ensure!(!page.contains("takes nothing in") && !page.contains("is full"), "the page still says it");
    Ok(())
}
