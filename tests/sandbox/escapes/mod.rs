//! Everything that code in the sandbox might try to get at. Each attempt is made outside, too, where it must
//! work: an attempt that works nowhere proves nothing.

use crate::support::{MINUTE, Place, again, users};
use deploymend::server::sandbox::{Exec, Network};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    process::{Child, Command, Stdio},
    thread,
};

/// Greets everybody who connects.
fn greet(listener: TcpListener, word: String) -> u16 {
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(word.as_bytes());
        }
    });
    port
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn outside(line: &str) -> String {
    let output = Command::new("/bin/sh").args(["-c", line]).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Connects and prints what it is told.
fn connect(target: &str) -> String {
    format!(
        "node -e 'net.connect({target}).on(\"data\",d=>{{console.log(\"\"+d);process.exit()}})\
             .on(\"error\",e=>console.log(e.code))'"
    )
}

#[tokio::test]
#[ignore = "started by every_escape_fails"]
async fn attempts() {
    let word = format!("open-sesame-{}", deploymend::server::clock::new_id());
    let loopback = greet(TcpListener::bind("127.0.0.1:0").unwrap(), word.clone());
    let allowed = greet(TcpListener::bind("127.0.0.1:0").unwrap(), word.clone());
    // Connecting a datagram socket sends nothing; it only picks the address that leads out.
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    let own_ip = probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr());
    let own_ip = own_ip.map_or_else(|_| "127.0.0.2".to_owned(), |address| address.ip().to_string());
    let direct = greet(TcpListener::bind((own_ip.as_str(), 0)).unwrap(), word.clone());
    let abstract_name = SocketAddr::from_abstract_name(word.as_bytes()).unwrap();
    let abstract_socket = UnixListener::bind_addr(&abstract_name).unwrap();
    let in_abstract = word.clone();
    thread::spawn(move || {
        for mut stream in abstract_socket.incoming().flatten() {
            // Closing with an unread request would reset the connection.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(in_abstract.as_bytes());
        }
    });

    let place = Place::new(&[], &["--sandbox-allow", &format!("127.0.0.1:{allowed}")]).await;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".token"), &word).unwrap();
    fs::write(place.data.path().join("deploymend.db"), &word).unwrap();
    std::os::unix::fs::symlink(home.path(), place.repo().join("link")).unwrap();
    let mut server = Command::new("sleep");
    server.arg("600").env("DEPLOYMEND_MODEL_KEY", &word);
    let server = Ended(server.spawn().unwrap());
    // A program that has just been started is there for a moment before its environment is.
    while fs::read(format!("/proc/{}/environ", server.0.id())).unwrap().is_empty() {
        thread::yield_now();
    }
    let (server, home, data) = (server.0.id(), home.path().display(), place.data.path().display());
    let proxy = |target: &str| {
        format!(
            "node -e 'const s=net.connect(47101,\"127.0.0.1\",()=>s.write(\"CONNECT {target} HTTP/1.1\\r\\n\\r\\n\"))\
                 .on(\"data\",d=>process.stdout.write(d)).on(\"close\",()=>process.exit())\
                 .on(\"error\",e=>console.log(e.code));setTimeout(()=>process.exit(),1500)'"
        )
    };

    let attempts = [
        ("a process's environment", format!("tr '\\0' '\\n' < /proc/{server}/environ")),
        ("all environments", "cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'".to_owned()),
        (
            "the server's own environment",
            "echo $SECRET_IN_ENVIRONMENT | sed s/secret/open-sesame/".to_owned(),
        ),
        ("the data folder", format!("cat {data}/deploymend.db")),
        ("the server's home", format!("cat {home}/.token")),
        ("a link out of the repository", "cat link/.token".to_owned()),
        (
            "a path out of the repository",
            format!("cat /repo/../../../../../..{home}/.token; cat {home}/.token"),
        ),
        ("an inherited handle", "cat <&9 | sed s/secret/open-sesame/".to_owned()),
        (
            "another process's handles",
            // Files only: to read from somebody's pipe would wait, and take what is not ours.
            "for handle in /proc/*/fd/9; do [ -f $handle ] && head -c 99 $handle; done | sed s/secret/open-sesame/"
                .to_owned(),
        ),
        (
            "a host process",
            format!("kill -0 {server} && tr '\\0' ' ' < /proc/{server}/cmdline | grep -c 'sleep 600'"),
        ),
        ("a listener on the host's loopback", connect(&format!("{loopback},\"127.0.0.1\""))),
        ("an address by number", connect(&format!("{direct},\"{own_ip}\""))),
        ("an abstract socket", format!("curl -s --http0.9 -m 5 --abstract-unix-socket {word} http://x/")),
        ("a user namespace of its own", "unshare -Ur echo open-sesame".to_owned()),
    ];
    for (what, line) in &attempts {
        let works = |text: &str| text.contains("open-sesame") || text.trim() == "1";
        let here = if line.contains("cat link") {
            format!("cd {}; {line}", place.repo().display())
        } else {
            line.clone()
        };
        let control = outside(&here);
        assert!(works(&control), "{what}: the control does not work outside: {control}");
        for network in [Network::None, Network::Both] {
            if network == Network::Both {
                place.workspace.model_listener().await.unwrap();
            }
            let inside = place.run(Exec { network, ..Exec::shell(line, MINUTE) }).await.tail;
            assert!(!works(&inside), "{what}: got out with {network:?}: {inside}");
        }
    }

    let through = |network| {
        let (place, proxy) = (&place, &proxy);
        async move |target: String| {
            place.run(Exec { network, ..Exec::shell(&proxy(&target), MINUTE) }).await.tail
        }
    };
    let registries = through(Network::Registries);
    assert!(registries(format!("127.0.0.1:{allowed}")).await.contains(&word));
    for refused in
        [format!("127.0.0.1:{loopback}"), format!("{own_ip}:{direct}"), "github.com:443".to_owned()]
    {
        let reply = registries(refused.clone()).await;
        assert!(reply.starts_with("HTTP/1.1 403") && !reply.contains(&word), "{refused}: {reply}");
    }
    assert_eq!(through(Network::None)(format!("127.0.0.1:{allowed}")).await.trim(), "ECONNREFUSED");
    assert_eq!(through(Network::Model)(format!("127.0.0.1:{allowed}")).await.trim(), "ECONNREFUSED");
    place.workspace.destroy().await.unwrap();
    assert!(!place.data.path().join("sandboxes/fix").exists());
}

#[test]
fn every_escape_fails() {
    for user in users() {
        again("escapes::attempts", user);
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
