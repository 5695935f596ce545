//! The sandboxes that the stand-in knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tempfile::TempDir;

use super::output::Output;
use super::policy::Policy;
use super::vm::Vm;
use crate::ids::now_ms;
use crate::vercel::state::{Plan, Team};

/// What of a removed sandbox is remembered; more are forgotten, oldest first.
const KEPT: usize = 500;

/// All sandboxes, and how they misbehave.
#[derive(Debug, Default)]
pub struct Sandboxes {
    /// Those that exist, oldest first.
    pub(super) list: Vec<Sandbox>,
    /// What is remembered of those that were deleted, oldest first.
    pub(super) removed: Vec<Seen>,
    /// Sessions of one team that may run at once, in place of the plan's number.
    pub(super) concurrent: Option<usize>,
    /// So many of the next streams of logs break off in the middle.
    pub(super) breaking_streams: u32,
}

/// What a sandbox or a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The machine starts.
    Pending,
    /// Commands can be run.
    Running,
    /// The machine ends.
    Stopping,
    /// It has ended as it should.
    Stopped,
    /// The machine did not start.
    Failed,
    /// The machine was lost.
    Aborted,
}

/// A named sandbox: what its sessions are made of.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub name: String,
    pub project_id: String,
    pub team_id: String,
    pub persistent: bool,
    /// `node22`, …; without it there is an image.
    pub runtime: Option<String>,
    pub image: Option<String>,
    /// How long a session may run, in ms.
    pub timeout: u64,
    pub vcpus: u64,
    pub region: String,
    pub env: BTreeMap<String, String>,
    pub tags: Option<BTreeMap<String, String>>,
    pub policy: Policy,
    pub routes: Vec<Route>,
    pub created_at: i64,
    pub updated_at: i64,
    /// Oldest first; never empty.
    pub sessions: Vec<Session>,
    /// Where the machines' folders are.
    pub folder: Arc<TempDir>,
}

/// A port and the address that would lead to it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Route {
    pub url: String,
    pub subdomain: String,
    pub port: u16,
}

/// One run of a sandbox's machine.
#[derive(Debug)]
pub(super) struct Session {
    /// `sbx_…`.
    pub id: String,
    pub status: Status,
    /// How long it may run from its start on, in ms.
    pub timeout: u64,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub stop_requested_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub updated_at: i64,
    /// The policies that it has had; the last one counts. Never empty.
    pub policies: Vec<Policy>,
    /// Oldest first.
    pub commands: Vec<Command>,
    /// Gone when the machine has ended.
    pub vm: Option<Vm>,
}

/// A command that was started.
#[derive(Debug)]
pub(super) struct Command {
    /// `cmd_…`.
    pub id: String,
    pub name: String,
    pub args: Vec<String>,
    pub cwd: String,
    /// What the request gave, without the sandbox's own.
    pub env: BTreeMap<String, String>,
    pub sudo: bool,
    pub started_at: i64,
    pub output: Output,
}

/// A sandbox as tests see it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// The project.
    pub project_id: String,
    /// The team.
    pub team_id: String,
    /// The newest session.
    pub session_id: String,
    /// What the newest session is doing.
    pub status: Status,
    /// How long the newest session may run, in ms.
    pub timeout: u64,
    /// Virtual processors.
    pub vcpus: u64,
    /// Whether its files outlive a session.
    pub persistent: bool,
    /// `node22`, …, if it was made that way.
    pub runtime: Option<String>,
    /// Environment of all commands.
    pub env: BTreeMap<String, String>,
    /// The network policies that the newest session has had, oldest first.
    pub policies: Vec<Policy>,
    /// Commands of all sessions, oldest first.
    pub commands: Vec<SeenCommand>,
}

/// A command as tests see it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenCommand {
    /// The session that it ran in.
    pub session_id: String,
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The folder that it ran in.
    pub cwd: String,
    /// The environment that the request gave.
    pub env: BTreeMap<String, String>,
    /// Whether it ran as root.
    pub sudo: bool,
    /// None while it runs, and for ever if the session ended first.
    pub exit_code: Option<i32>,
}

impl Sandboxes {
    /// The team's sandbox of that name in that project.
    pub(super) fn find(&mut self, team: &str, project: &str, name: &str) -> Option<&mut Sandbox> {
        self.list.iter_mut().find(|one| one.team_id == team && one.project_id == project && one.name == name)
    }

    /// Any session, with its sandbox.
    pub(super) fn session(&mut self, id: &str) -> Option<(&mut Sandbox, usize)> {
        self.list.iter_mut().find_map(|sandbox| {
            let index = sandbox.sessions.iter().position(|session| session.id == id)?;
            Some((sandbox, index))
        })
    }

    /// Whether the team may start one session more.
    pub(super) fn has_room(&self, team: &Team) -> bool {
        let most = self.concurrent.unwrap_or(match team.plan {
            Plan::Hobby => 10,
            Plan::Pro | Plan::Enterprise => 2000,
        });
        let mine = self.list.iter().filter(|sandbox| sandbox.team_id == team.id);
        mine.filter(|sandbox| sandbox.session().status.is_live()).count() < most
    }

    /// Takes a sandbox out of the list, and remembers it.
    pub(super) fn remove(&mut self, team: &str, project: &str, name: &str) -> Option<Sandbox> {
        let index = self
            .list
            .iter()
            .position(|one| one.team_id == team && one.project_id == project && one.name == name)?;
        let sandbox = self.list.remove(index);
        if self.removed.len() >= KEPT {
            self.removed.remove(0);
        }
        self.removed.push(sandbox.seen());
        Some(sandbox)
    }

    /// Takes all of a project out of the list, and remembers them.
    pub(in crate::vercel) fn remove_project(&mut self, project: &str) {
        let (gone, left): (Vec<_>, Vec<_>) =
            self.list.drain(..).partition(|sandbox| sandbox.project_id == project);
        self.list = left;
        self.removed.extend(gone.iter().map(Sandbox::seen));
    }

    /// Those that exist, oldest first.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.list.iter().map(Sandbox::seen).collect()
    }

    /// Those that were deleted, oldest first, as they were at that time.
    #[must_use]
    pub fn removed(&self) -> &[Seen] {
        &self.removed
    }
}

impl Status {
    /// Whether there is a machine.
    pub(super) fn is_live(self) -> bool {
        matches!(self, Status::Pending | Status::Running | Status::Stopping)
    }
}

impl Sandbox {
    /// The newest session.
    pub(super) fn session(&self) -> &Session {
        &self.sessions[self.sessions.len() - 1]
    }

    /// The newest session, to change it.
    pub(super) fn session_mut(&mut self) -> &mut Session {
        let last = self.sessions.len() - 1;
        &mut self.sessions[last]
    }

    fn seen(&self) -> Seen {
        let session = self.session();
        let commands = self.sessions.iter().flat_map(|session| {
            session.commands.iter().map(|command| SeenCommand {
                session_id: session.id.clone(),
                command: command.name.clone(),
                args: command.args.clone(),
                cwd: command.cwd.clone(),
                env: command.env.clone(),
                sudo: command.sudo,
                exit_code: command.output.exit_code(),
            })
        });
        Seen {
            name: self.name.clone(),
            project_id: self.project_id.clone(),
            team_id: self.team_id.clone(),
            session_id: session.id.clone(),
            status: session.status,
            timeout: session.timeout,
            vcpus: self.vcpus,
            persistent: self.persistent,
            runtime: self.runtime.clone(),
            env: self.env.clone(),
            policies: session.policies.clone(),
            commands: commands.collect(),
        }
    }
}

impl Session {
    /// The policy that counts.
    pub(super) fn policy(&self) -> &Policy {
        &self.policies[self.policies.len() - 1]
    }
    /// Takes on a status, with the times that belong to it. One that has ended stays as it is.
    pub(super) fn becomes(&mut self, status: Status) {
        if !self.status.is_live() {
            return;
        }
        let now = now_ms();
        match status {
            Status::Pending => {}
            Status::Running => self.started_at = Some(now),
            Status::Stopping => self.stop_requested_at = self.stop_requested_at.or(Some(now)),
            Status::Stopped | Status::Failed | Status::Aborted => {
                self.ended_at = Some(now);
                self.vm = None;
            }
        }
        self.status = status;
        self.updated_at = now;
    }
}
