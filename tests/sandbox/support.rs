//! A sandbox with a small repository in it, and ways to start a test again as somebody else.

use clap::Parser;
use deploymend::server::{
    clock::new_id,
    config::Config,
    sandbox::{
        Exec, ExecOutcome, Sandbox, Slot, Workspace,
        bubblewrap::{Bubblewrap, Settings, marked},
    },
};
use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

/// Long enough for anything here on a busy machine.
pub const MINUTE: Duration = Duration::from_secs(60);

#[derive(Parser)]
#[command(args_override_self = true)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

/// The server's settings with a data folder and `arguments`.
pub fn config(data: &Path, arguments: &[&str]) -> Config {
    let fixed = ["deploymend", "--data-dir", data.to_str().unwrap()];
    Cli::parse_from(fixed.iter().chain(arguments)).config
}

/// A workspace with both slots loaded from a small repository.
pub struct Place {
    pub data: TempDir,
    pub clone: TempDir,
    pub marker: String,
    pub workspace: Arc<dyn Workspace>,
}

/// Makes a commit of all that is in `folder`.
pub fn commit(folder: &Path) {
    git(folder, "init -q -b main");
    // Files are stored as they are.
    fs::write(folder.join(".git/info/attributes"), "* -text -filter -ident\n").unwrap();
    for arguments in ["add -A -f", "-c user.name=Test -c user.email=test@example.com commit -q -m Start"] {
        git(folder, arguments);
    }
}

/// Runs Git on the host.
pub fn git(folder: &Path, arguments: &str) -> String {
    let mut command = Command::new("git");
    command.args(arguments.split(' ')).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Place {
    /// Fails loudly where this machine cannot run a sandbox: these tests prove nothing then.
    pub async fn new(files: &[(&str, &str)], arguments: &[&str]) -> Self {
        let (data, clone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = clone.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::write(clone.path().join("README.md"), "hello\n").unwrap();
        commit(clone.path());
        let sandbox =
            Bubblewrap::new(Settings::new(&config(data.path(), arguments), &data.path().join("sandboxes")));
        let isolation = sandbox.check().await;
        assert_eq!(isolation.problem, None, "these tests need a machine that can run bubblewrap");
        let marker = new_id();
        let workspace = sandbox.create("fix", &marker).await.unwrap();
        workspace.load(Slot::Agent, clone.path()).await.unwrap();
        Self { data, clone, marker, workspace }
    }

    /// Runs a command in the agent's slot and checks that it leaves no process.
    pub async fn run(&self, exec: Exec) -> ExecOutcome {
        let outcome = self.workspace.exec(Slot::Agent, exec, &mut |_| {}).await.unwrap();
        assert_eq!(marked(&self.marker), Vec::<i32>::new(), "processes are left");
        outcome
    }

    /// Runs a line of shell and gives its output, exit code 0 or not.
    pub async fn shell(&self, line: &str) -> String {
        self.run(Exec::shell(line, MINUTE)).await.tail
    }

    /// The agent's repository on the host.
    pub fn repo(&self) -> PathBuf {
        self.data.path().join("sandboxes/fix/agent/repo")
    }
}

/// A secret of the server: a file, and the handle 9 on it in tests started by [`again`].
pub struct Secret {
    pub folder: TempDir,
    pub text: String,
}

impl Secret {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("secret-{}", new_id());
        fs::write(folder.path().join("secret"), &text).unwrap();
        Self { folder, text }
    }
}

/// Runs one of the ignored tests of this program in a process of its own: `user` gives the command that steps
/// down, [`SELF`] or [`ORDINARY`].
pub fn again(test: &str, user: &[&str]) -> Output {
    let place = tempfile::tempdir().unwrap();
    // Where the program was built, an ordinary user may have no business.
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = place.path().join("tests");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let secret = Secret::new();
    let mut command = Command::new("bash");
    command.args(["-c", "exec 9< \"$0\"; exec \"$@\""]).arg(secret.folder.path().join("secret"));
    command.args(user).arg(program).args(["--ignored", "--exact", test, "--nocapture"]);
    command
        .env("SECRET_IN_ENVIRONMENT", &secret.text)
        .env("HOME", "/nonexistent")
        .env("TMPDIR", "/tmp")
        .env("RUST_BACKTRACE", "0");
    let output = command.current_dir("/").output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{test} as {user:?}: {text}");
    output
}

/// The user who runs the tests.
pub const SELF: &[&str] = &["env"];
/// Somebody who owns nothing.
pub const ORDINARY: &[&str] =
    &["setpriv", "--reuid=60700", "--regid=60700", "--clear-groups", "--bounding-set=-all", "env"];

/// Only root can become somebody else; everybody else is an ordinary user already.
pub fn users() -> Vec<&'static [&'static str]> {
    if rustix::process::geteuid().is_root() { vec![SELF, ORDINARY] } else { vec![SELF] }
}
