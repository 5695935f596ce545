//! A workspace at the stand-in's Vercel, with a small repository in it.

use crate::house::config;
use anyhow::Context as _;
use deploymend::server::{
    clock::{Clock, new_id},
    integrations::Access,
    sandbox::{
        Exec, ExecOutcome, OutputLine, Sandbox as _, SandboxError, Slot, Workspace,
        doors::Doors,
        vercel::{VercelSandbox, VercelSandboxes},
    },
};
use secrecy::SecretString;
use standins::{
    Options, Standins,
    scenario::{Seed, Seeded},
    vercel::sandbox::state::Seen,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

/// Long enough for anything here on a busy machine.
pub const MINUTE: Duration = Duration::from_secs(60);

pub struct Place {
    pub standins: Standins,
    pub seeded: Seeded,
    pub data: TempDir,
    pub clone: TempDir,
    pub fix_id: String,
    pub sandbox: VercelSandbox,
    pub workspace: Arc<dyn Workspace>,
}

impl Place {
    /// With both slots empty.
    pub async fn empty() -> anyhow::Result<Self> {
        Self::at("http://127.0.0.1:9").await
    }

    /// The same, where the server is reached under `public_url`.
    pub async fn at(public_url: &str) -> anyhow::Result<Self> {
        let standins = Standins::start(Options::default())?;
        let seeded = standins.seed(Seed::default()).await?;
        let data = TempDir::new()?;
        let clone = TempDir::new()?;
        fs::write(clone.path().join("file.txt"), "one\ntwo\n")?;
        fs::write(clone.path().join("bytes.bin"), [0_u8, 159, 146, 150])?;
        fs::create_dir(clone.path().join("app"))?;
        fs::write(clone.path().join("app/run.sh"), "#!/bin/sh\necho ran\n")?;
        fs::set_permissions(
            clone.path().join("app/run.sh"),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )?;
        for arguments in [
            "init -q -b main",
            "add -A",
            "-c user.name=Test -c user.email=test@example.com commit -q -m Start",
        ] {
            git(clone.path(), arguments)?;
        }
        let mut settings = config();
        settings.vercel_sandbox_api = standins.vercel_url().parse()?;
        settings.allow_loopback_webhooks = true;
        settings.public_url = Some(public_url.parse()?);
        let doors = Doors::default();
        doors.answer();
        let sandboxes = VercelSandboxes::new(&settings, data.path(), doors.clone(), Clock::System)?;
        let access = Access {
            token: SecretString::from(seeded.vercel_token.clone()),
            team_id: Some(seeded.team_id.clone()),
        };
        let sandbox = sandboxes.of(access, seeded.project_id.clone());
        let fix_id = new_id();
        let workspace = sandbox.create(&fix_id, &new_id()).await?;
        Ok(Self { standins, seeded, data, clone, fix_id, sandbox, workspace })
    }

    /// With the repository in the agent's slot.
    pub async fn new() -> anyhow::Result<Self> {
        let place = Self::empty().await?;
        place.workspace.load(Slot::Agent, place.clone.path()).await?;
        Ok(place)
    }

    /// Runs a shell command in the agent's slot.
    pub async fn sh(&self, line: &str) -> Result<ExecOutcome, SandboxError> {
        self.exec(Exec::shell(line, MINUTE)).await
    }

    pub async fn exec(&self, exec: Exec) -> Result<ExecOutcome, SandboxError> {
        self.workspace.exec(Slot::Agent, exec, &mut |_: OutputLine| {}).await
    }

    /// The machine of a slot, as the service has it.
    pub fn machine(&self, slot: Slot) -> anyhow::Result<Seen> {
        let name = self.name(slot);
        let found = self.standins.sandboxes().into_iter().find(|sandbox| sandbox.name == name);
        found.with_context(|| format!("there is no {name}"))
    }

    pub fn name(&self, slot: Slot) -> String {
        format!("deploymend-{}-{}", self.fix_id.to_lowercase(), slot.as_str())
    }

    /// Applies a patch to the clean clone.
    pub fn apply(&self, patch: &[u8]) -> anyhow::Result<()> {
        let file: PathBuf = self.data.path().join("a.patch");
        fs::write(&file, patch)?;
        git(self.clone.path(), &format!("apply --index {}", file.display())).map(drop)
    }
}

/// Runs Git on the host.
pub fn git(folder: &Path, arguments: &str) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    command.args(arguments.split(' ')).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.output()?;
    anyhow::ensure!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
