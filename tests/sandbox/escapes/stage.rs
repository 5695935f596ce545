//! What there is outside to be got at.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    path::PathBuf,
    process::{Child, Command},
    thread,
};
use tempfile::TempDir;

use super::attempt::SESAME;

/// Everything with the word in it.
pub struct Stage {
    /// What a listener says, and what is in files and environments.
    pub word: String,
    pub home: TempDir,
    /// A process of the server's user.
    pub server: Ended,
    /// Ports of greeters on the loopback address, on the machine's own one and on IPv6's loopback.
    pub loopback: u16,
    pub own_ip: String,
    pub own_port: u16,
    pub loopback6: Option<u16>,
    /// The port of one that answers datagrams.
    pub datagrams: u16,
    /// The port of one that the allow list names; it says "welcome".
    pub allowed: u16,
    pub socket: PathBuf,
}

/// What the greeter that is allowed says.
pub const WELCOME: &str = "welcome";

/// A child that is ended with the test.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Greets everybody who connects.
fn greet(listener: TcpListener, word: &str) -> u16 {
    let (port, word) = (listener.local_addr().unwrap().port(), word.to_owned());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(word.as_bytes());
        }
    });
    port
}

/// The same on a socket of the machine.
fn greet_locally(listener: UnixListener, word: &str) {
    let word = word.to_owned();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Closing with an unread request would reset the connection.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(word.as_bytes());
        }
    });
}

fn answer_datagrams(word: &str) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (port, word) = (socket.local_addr().unwrap().port(), word.to_owned());
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(word.as_bytes(), from);
        }
    });
    port
}

impl Stage {
    pub fn new() -> Self {
        let word = format!("{SESAME}-{}", deploymend::server::clock::new_id());
        let listen = |address: &str| TcpListener::bind((address, 0));
        // Connecting a datagram socket sends nothing; it only picks the address that leads out.
        let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
        let own_ip = probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr());
        let own_ip = own_ip.map_or_else(|_| "127.0.0.2".to_owned(), |address| address.ip().to_string());
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".token"), &word).unwrap();
        let socket = home.path().join("server.sock");
        greet_locally(UnixListener::bind(&socket).unwrap(), &word);
        let name = SocketAddr::from_abstract_name(word.as_bytes()).unwrap();
        greet_locally(UnixListener::bind_addr(&name).unwrap(), &word);
        let mut server = Command::new("sleep");
        server.arg("600").env("DEPLOYMEND_MODEL_KEY", &word);
        let server = Ended(server.spawn().unwrap());
        // A program that has just been started is there for a moment before its environment is.
        while fs::read(format!("/proc/{}/environ", server.0.id())).unwrap().is_empty() {
            thread::yield_now();
        }
        Self {
            loopback: greet(listen("127.0.0.1").unwrap(), &word),
            own_port: greet(listen(&own_ip).unwrap(), &word),
            loopback6: listen("::1").ok().map(|listener| greet(listener, &word)),
            datagrams: answer_datagrams(&word),
            allowed: greet(listen("127.0.0.1").unwrap(), WELCOME),
            word,
            home,
            server,
            own_ip,
            socket,
        }
    }

    /// The id of [`Stage::server`].
    pub fn pid(&self) -> u32 {
        self.server.0.id()
    }
}
