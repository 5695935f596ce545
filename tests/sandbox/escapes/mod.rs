//! Everything that code in the sandbox might try, as tables by area. Each attempt is made outside, too, where it must
//! work: one that works nowhere proves nothing. Where that cannot be, the row says why.

mod attempt;
mod files;
mod git;
mod kernel;
mod network;
mod processes;
mod resources;
mod stage;

use crate::support::{Place, again, users};
use attempt::{Attempt, Controlled};
use deploymend::server::sandbox::{Exec, Network, Slot};
use stage::Stage;
use std::{io::Write, path::Path};

/// Programs that attempts are made with. One that is not there inside would make its attempts hold by itself.
const TOOLS: &[&str] = &[
    "awk", "bash", "curl", "git", "ln", "mkfifo", "mknod", "mount", "node", "nsenter", "perl", "prlimit",
    "script", "seq", "truncate", "umount", "unshare", "xargs",
];

/// Counts rows and tells them.
#[derive(Default)]
struct Table {
    held: usize,
    controls: usize,
}

impl Table {
    fn row(&mut self, area: &str, name: &str, control: &Controlled) {
        self.held += 1;
        let control = match control {
            Controlled::Worked => {
                self.controls += 1;
                "outside it works".to_owned()
            }
            Controlled::NotMade(why) => format!("not tried outside: {why}"),
        };
        println!("held  {area:<10} {name:<38} {control}");
    }
}

/// Makes one attempt inside with each network, and its control.
async fn make(attempt: &Attempt, place: &Place, outside: &Path, networks: &[Network], table: &mut Table) {
    let Attempt { name, success, .. } = attempt;
    let control = match attempt.inside_control() {
        Some(line) => {
            let exec = Exec { network: Network::Registries, ..Exec::shell(line, attempt.timeout) };
            let said = place.run(exec).await.tail;
            assert!(said.contains(success), "{name}: what is allowed does not work inside: {said}");
            Controlled::Worked
        }
        None => attempt.control(outside),
    };
    for &network in networks {
        if network.model() {
            place.workspace.model_listener().await.unwrap();
        }
        let outcome = place.run(Exec { network, ..attempt.exec() }).await;
        assert!(!outcome.tail.contains(success), "{name}: it succeeded with {network:?}: {}", outcome.tail);
    }
    table.row(attempt.area, name, &control);
}

#[tokio::test]
#[ignore = "started by every_escape_fails"]
async fn attempts() {
    let stage = Stage::new();
    let mut allow = format!("127.0.0.1:{}", stage.allowed);
    if let Some(name) = network::inside_name() {
        allow.push_str(&format!(",{name}:{}", stage.loopback));
    }
    let place = Place::new(&[("src/a.ts", "let a = 1\n")], &["--sandbox-allow", &allow]).await;
    std::fs::write(place.data.path().join("deploymend.db"), &stage.word).unwrap();
    let outside = tempfile::tempdir().unwrap();
    for tool in TOOLS {
        assert!(
            place.shell(&format!("command -v {tool}")).await.contains(tool),
            "{tool} is not there inside"
        );
    }

    let mut table = Table::default();
    let inside =
        [files::attempts(&stage, place.data.path()), processes::attempts(&stage), kernel::attempts()];
    for attempt in inside.iter().flatten() {
        make(attempt, &place, outside.path(), &[Network::Both], &mut table).await;
    }
    for attempt in &network::attempts(&stage) {
        let networks = [Network::None, Network::Model, Network::Registries];
        make(attempt, &place, outside.path(), &networks, &mut table).await;
    }
    place.workspace.load(Slot::Agent, place.clone.path()).await.unwrap();
    for name in git::attempts(&place, &stage.word, stage.home.path()).await {
        table.row("git", name, &Controlled::Worked);
    }
    place.workspace.destroy().await.unwrap();
    assert!(!place.data.path().join("sandboxes/fix").exists());

    let small = Place::new(&[], resources::SMALL).await;
    for attempt in &resources::attempts() {
        make(attempt, &small, outside.path(), &[Network::None], &mut table).await;
        // The next one starts in a clean slot.
        small.workspace.load(Slot::Agent, small.clone.path()).await.unwrap();
    }
    small.workspace.destroy().await.unwrap();
    println!("{} attempts held, of which {} worked where nothing stopped them", table.held, table.controls);
}

#[test]
fn every_escape_fails() {
    for user in users() {
        let output = again("escapes::attempts", user);
        let said = String::from_utf8_lossy(&output.stdout);
        let rows: Vec<_> = said.lines().filter(|line| line.contains("held")).collect();
        assert!(rows.len() > 40, "{said}");
        // Not by `print!`, which the test harness keeps to itself: the table is to be seen.
        let who = user
            .first()
            .filter(|program| **program == "setpriv")
            .map_or("the tests' user", |_| "an ordinary user");
        writeln!(std::io::stdout(), "As {who}:\n{}", rows.join("\n")).unwrap();
    }
}

#[tokio::test]
async fn the_inside_is_small() {
    let place = Place::new(&[], &[]).await;
    let inside = async |line: &str| place.shell(line).await;
    assert_eq!(
        inside("id -u; id -g; pwd; echo $HOME; hostname").await,
        "1000\n1000\n/repo\n/home/agent\nsandbox"
    );
    let status = inside("grep -E '^(Cap|NoNew)' /proc/self/status").await;
    assert!(status.matches("0000000000000000").count() == 5 && status.contains("NoNewPrivs:\t1"), "{status}");
    assert_eq!(
        inside("ls /").await,
        "bin\ndev\netc\nhome\nlib\nlib64\nopt\nproc\nrepo\nrun\nsbin\ntmp\nusr"
            .replace("opt\n", if inside("ls /").await.contains("opt") { "opt\n" } else { "" })
    );
    assert_eq!(inside("cd /proc; echo [0-9]*").await, "1 2");
    // What bubblewrap itself was started with is visible as process 1.
    let data = place.data.path().to_str().unwrap();
    let first =
        inside("tr '\\0' '\\n' < /proc/1/cmdline; tr '\\0' '\\n' < /proc/1/environ; ls -l /proc/self/fd")
            .await;
    assert!(first.contains("bwrap") && !first.contains(data), "{first}");
    for line in
        ["touch /usr/x", "touch /x", "touch /etc/x", "touch /dev/x", "touch /run/host/x", "touch /proc/x"]
    {
        let said = inside(&format!("{line} && echo written")).await;
        assert!(!said.contains("written"), "{line}: {said}");
    }
    assert_eq!(inside("touch ~/x /tmp/x x && echo written").await, "written");
    assert_eq!(
        inside("ls ~ /tmp; git status --short; git remote; git log --format=%s").await.lines().last(),
        Some("Start")
    );
    place.workspace.destroy().await.unwrap();
}
