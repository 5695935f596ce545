//! The program on a machine that gives less isolation than fixes need: it says so, and does not start fixing.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// The program in a user namespace in which no further ones can be made.
fn weak(data: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    command.args(["--user", "--map-root-user", "--", "/bin/sh", "-c", script, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_deploymend")).args(arguments);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
    command.env_remove("DATABASE_URL").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn doctor_tells_the_layers_line_by_line() {
    let data = tempfile::tempdir().unwrap();
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_deploymend"));
    doctor.args(["doctor", "--data-dir"]).arg(data.path()).env_remove("DATABASE_URL");
    let said = text(&doctor.output().unwrap());
    for layer in [
        "namespaces",
        "privileges",
        "system calls",
        "user",
        "memory",
        "processes",
        "open files",
        "disk",
        "network",
    ] {
        let line = said.lines().find(|line| line.contains(&format!("sandbox {layer}: ")));
        assert!(line.is_some_and(|line| line.starts_with("ok ")), "{layer}: {said}");
    }
    let weak = weak(&data, &["doctor"]).output().unwrap();
    let said = text(&weak);
    assert!(said.contains("missing  sandbox: User namespaces are switched off"), "{said}");
    assert_eq!(weak.status.code(), Some(1), "{said}");
}

#[test]
fn fixing_is_not_started_on_less() {
    for command in ["serve", "work"] {
        let data = tempfile::tempdir().unwrap();
        let refused = weak(&data, &[command]).output().unwrap();
        let said = text(&refused);
        assert!(!refused.status.success() && !said.contains("Deploymend is listening"), "{command}: {said}");
        for words in
            ["deploymend doctor", "--no-worker", "DEPLOYMEND_ALLOW_WEAK_SANDBOX", "max_user_namespaces"]
        {
            assert!(said.contains(words), "{command} does not say {words}: {said}");
        }
    }
}

#[test]
fn pages_are_served_without_it_and_a_setting_starts_all_the_same() {
    for arguments in [&["serve", "--no-worker"][..], &["serve", "--allow-weak-sandbox"]] {
        let data = tempfile::tempdir().unwrap();
        let mut server =
            Server(weak(&data, arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
        let stderr = BufReader::new(server.0.stderr.take().unwrap());
        let mut said = Vec::new();
        let listens = stderr.lines().map_while(Result::ok).any(|line| {
            let listens = line.contains("Deploymend is listening");
            said.push(line);
            listens
        });
        assert!(listens, "{arguments:?}: {said:#?}");
    }
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
