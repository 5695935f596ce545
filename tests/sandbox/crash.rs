//! A server that is killed takes its sandboxes along, and the next one cleans up.

use crate::support::{MINUTE, Place, config};
use deploymend::server::sandbox::{
    Exec, Sandbox, Slot,
    bubblewrap::{Bubblewrap, Settings, marked},
};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// bubblewrap's first process inside asks to be ended with its parent only after it has started the command: it has
/// done so when it sleeps. A server that dies earlier leaves the sandbox to the next one's sweep.
const RUNNING: &str = "until grep -q '^State:.S' /proc/1/status; do :; done; echo on; sleep 600";

#[tokio::test]
#[ignore = "started by a_killed_server_leaves_nothing, and killed by it"]
async fn server() {
    let place = Place::new(&[], &[]).await;
    println!("\nplace {} {}", place.data.path().display(), place.marker);
    let mut output = |_| println!("\nrunning");
    place.workspace.exec(Slot::Agent, Exec::shell(RUNNING, MINUTE), &mut output).await.unwrap();
}

#[tokio::test]
async fn a_killed_server_leaves_nothing() {
    let mut server = Command::new(env::current_exe().unwrap());
    server.args(["--ignored", "--exact", "crash::server", "--nocapture"]).stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let place = lines.find_map(|line| Some(line.strip_prefix("place ")?.to_owned())).unwrap();
    let (data, marker) = place.split_once(' ').unwrap();
    assert!(lines.any(|line| line == "running"));
    assert!(!marked(marker).is_empty());
    server.kill().unwrap();
    server.wait().unwrap();
    let killed = Instant::now();
    while !marked(marker).is_empty() {
        assert!(killed.elapsed() < MINUTE, "processes outlive their server");
        tokio::task::yield_now().await;
    }

    let data = Path::new(data);
    let sandboxes = data.join("sandboxes");
    // As if a process had got away.
    let mut stray = Command::new("sleep").arg("600").env("DEPLOYMEND_MARKER", marker).spawn().unwrap();
    let next = Bubblewrap::new(Settings::new(&config(data, &[]), &data.join("others")));
    assert_eq!(next.sweep(&sandboxes).await.unwrap(), 1);
    assert!(!stray.wait().unwrap().success());
    assert_eq!(fs::read_dir(&sandboxes).unwrap().count(), 0);
    fs::remove_dir_all(data).unwrap();
}
