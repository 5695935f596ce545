//! Ways out: direct ones, and tricks with the proxy.

use super::{
    attempt::Attempt,
    stage::{Stage, WELCOME},
};
use std::net::{IpAddr, ToSocketAddrs};

pub fn attempts(stage: &Stage) -> Vec<Attempt> {
    [direct(stage), proxy(stage)].into_iter().flatten().collect()
}

/// Connects and prints what it is told.
fn connect(target: &str) -> String {
    format!(
        "node -e 'net.connect({target}).on(\"data\",d=>{{console.log(\"\"+d);process.exit()}})\
             .on(\"error\",e=>console.log(e.code))'"
    )
}

fn direct(stage: &Stage) -> Vec<Attempt> {
    let Stage { word, loopback, own_ip, own_port, datagrams, socket, .. } = stage;
    let attempt = |name, line: String| Attempt::new("network", name, line).printing(word);
    let ask = "s.send(\"x\",PORT,\"127.0.0.1\");s.on(\"message\",m=>{console.log(\"\"+m);process.exit()})";
    let datagram = format!(
        "node -e 'const s=dgram.createSocket(\"udp4\");{};s.on(\"error\",e=>console.log(e.code));\
         setTimeout(()=>process.exit(),1000)'",
        ask.replace("PORT", &datagrams.to_string())
    );
    let mut all = vec![
        attempt("a listener on the machine's loopback", connect(&format!("{loopback},\"127.0.0.1\""))),
        attempt("an address by number", connect(&format!("{own_port},\"{own_ip}\""))),
        attempt("any address of this machine", connect(&format!("{loopback},\"0.0.0.0\""))),
        attempt("a datagram", datagram),
        attempt("an abstract socket", format!("curl -s --http0.9 -m 5 --abstract-unix-socket {word} http://x/")),
        attempt("a socket in a folder", format!("curl -s --http0.9 -m 5 --unix-socket {} http://x/", socket.display())),
        Attempt::new(
            "network",
            "a name",
            "node -e 'dns.lookup(\"example.com\",e=>console.log(e?e.code:\"open-sesame\"))'",
        )
        .where_there_is("name resolution"),
        Attempt::new("network", "the metadata address", connect("80,\"169.254.169.254\"").replace("\"\"+d", "\"open-sesame\""))
            .without_control("only clouds have one"),
        Attempt::new(
            "network",
            "another interface",
            "node -p 'Object.keys(os.networkInterfaces()).filter(i=>i!=\"lo\").length?\"open-sesame\":\"none\"'",
        )
        .where_there_is("a network"),
    ];
    if let Some(port) = stage.loopback6 {
        all.push(attempt("the loopback address of IPv6", connect(&format!("{port},\"::1\""))));
        all.push(attempt("IPv4 in IPv6", connect(&format!("{loopback},\"::ffff:127.0.0.1\""))));
    }
    all
}

/// Sends these bytes, in JavaScript's notation, to the proxy and prints what comes back.
fn say(bytes: &str) -> String {
    format!(
        "node -e 'const s=net.connect(47101,\"127.0.0.1\",()=>s.write(\"{bytes}\")).on(\"data\",d=>process.stdout.write(d))\
         .on(\"close\",()=>process.exit()).on(\"error\",e=>console.log(e.code));setTimeout(()=>process.exit(),1500)'"
    )
}

const END: &str = " HTTP/1.1\\r\\n\\r\\n";

fn proxy(stage: &Stage) -> Vec<Attempt> {
    let Stage { word, loopback, own_ip, own_port, allowed, .. } = stage;
    let good = format!("CONNECT 127.0.0.1:{allowed}{END}");
    // Each has a control inside: the same proxy lets through what is on the list.
    let attempt = |name, bytes: &str| {
        let welcome = format!("{} | sed s/{WELCOME}/{word}/", say(&good));
        Attempt::new("proxy", name, say(bytes)).printing(word).allowed(welcome)
    };
    let connect = |name, target: &str| attempt(name, &format!("CONNECT {target}{END}"));
    let mut all = vec![
        connect("another port", &format!("127.0.0.1:{loopback}")),
        connect("a private address", &format!("{own_ip}:{own_port}")),
        connect("the loopback address by name", &format!("localhost:{loopback}")),
        connect("the allowed port by another name", &format!("localhost:{allowed}"))
            .printing(WELCOME)
            .allowed(say(&good)),
        connect("a short address", &format!("127.1:{loopback}")),
        connect("an address in octal", &format!("0177.0.0.1:{loopback}")),
        connect("an address in one number", &format!("2130706433:{loopback}")),
        connect("IPv4 in IPv6", &format!("[::ffff:127.0.0.1]:{loopback}")),
        connect("no port", "127.0.0.1"),
        connect("two ports", &format!("127.0.0.1:{allowed}:{loopback}")),
        connect("a user before the host", &format!("127.0.0.1:{allowed}@127.0.0.1:{loopback}")),
        connect("a fragment", &format!("127.0.0.1:{loopback}#127.0.0.1:{allowed}")),
        connect("a zero byte", &format!("127.0.0.1:{loopback}\\u0000:{allowed}")),
        connect("the metadata address", "169.254.169.254:80"),
        connect("a host that is not on the list", "github.com:443"),
        attempt("a request for an address", &format!("GET http://127.0.0.1:{loopback}/{END}")),
        attempt(
            "a second host in a header",
            &format!("CONNECT 127.0.0.1:{loopback} HTTP/1.1\\r\\nHost: 127.0.0.1:{allowed}\\r\\n\\r\\n"),
        ),
        attempt("a second request behind the first", &format!("{good}CONNECT 127.0.0.1:{loopback}{END}")),
        attempt(
            "a request in a header",
            &format!("CONNECT x:1 HTTP/1.1\\r\\nX: \\nCONNECT 127.0.0.1:{loopback}{END}"),
        ),
        attempt("line ends without return", &format!("CONNECT 127.0.0.1:{loopback} HTTP/1.1\\n\\n")),
        attempt(
            "a length and a body",
            &format!(
                "CONNECT 127.0.0.1:{loopback} HTTP/1.1\\r\\nContent-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n"
            ),
        ),
    ];
    if let Some(name) = inside_name() {
        all.push(connect("a listed name that leads inside", &format!("{name}:{loopback}")));
    }
    all
}

/// A name of this machine that leads to a loopback address, if it has one.
pub fn inside_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned();
    let mut found = (name.as_str(), 80).to_socket_addrs().ok()?;
    let plain = !name.is_empty() && name != "localhost" && name.parse::<IpAddr>().is_err();
    (plain && found.any(|address| address.ip().is_loopback())).then_some(name)
}
