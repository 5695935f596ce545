//! Commands in a machine at Vercel: their output, their limits, what they find and what they reach.

use super::place::{MINUTE, Place};
use crate::app::until;
use deploymend::server::sandbox::{
    EndedBy, Exec, GuestFile, Network, OutputLine, SandboxError, Slot, Stream,
};
use rstest::rstest;
use serde_json::{Value, json};
use standins::vercel::sandbox::state::Seen;
use std::{net::TcpListener, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn output_comes_line_by_line_and_the_exit_code_last() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let mut lines: Vec<(Stream, String)> = Vec::new();
    let exec = Exec::shell(
        "printf 'a\\nb'; sleep 0.2; echo oops >&2; sleep 0.2; printf 'c\\n\\303\\244'; exit 7",
        MINUTE,
    );
    let mut output = |line: OutputLine| lines.push((line.stream, line.text));
    let outcome = place.workspace.exec(Slot::Agent, exec, &mut output).await?;
    assert_eq!((outcome.exit_code, outcome.ended_by), (Some(7), None));
    let of = |stream| -> Vec<&str> {
        lines.iter().filter(|line| line.0 == stream).map(|line| line.1.as_str()).collect()
    };
    assert_eq!(of(Stream::Stdout), ["a", "bc", "ä"]);
    assert_eq!(of(Stream::Stderr), ["oops"]);
    assert!(outcome.tail.contains("oops") && outcome.tail.contains('ä'), "{}", outcome.tail);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_finds_the_repository_its_input_and_its_files() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let exec = Exec {
        cwd: "app".into(),
        env: vec![("WHO".to_owned(), "me".to_owned())],
        stdin: Some(b"told\nmore\n".to_vec()),
        files: vec![GuestFile { path: "/opt/agent/deep/a.json".into(), bytes: b"{}".to_vec() }],
        ..Exec::shell(
            "pwd; ./run.sh; cat ../file.txt; echo $WHO; cat; cat /opt/agent/deep/a.json; echo x > /opt/agent/deep/a.json || echo sealed",
            MINUTE,
        )
    };
    let outcome = place.exec(exec).await?;
    let lines: Vec<&str> = outcome.tail.lines().filter(|line| !line.contains("denied")).collect();
    assert_eq!(
        lines,
        ["/repo/app", "ran", "one", "two", "me", "told", "more", "{}sealed"],
        "{}",
        outcome.tail
    );
    // The next command's files are put beside it all the same.
    let files = vec![GuestFile { path: "/opt/agent/b".into(), bytes: b"b".to_vec() }];
    let outcome = place.exec(Exec { files, ..Exec::shell("cat /opt/agent/b", MINUTE) }).await?;
    assert_eq!(outcome.tail, "b");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_here_is_not_started() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let verify = place.workspace.exec(Slot::Verify, Exec::shell("true", MINUTE), &mut |_| {}).await;
    assert!(matches!(verify, Err(SandboxError::NotLoaded)), "{verify:?}");
    for exec in [
        Exec::new(Vec::<String>::new(), MINUTE),
        Exec { env: vec![("A".to_owned(), "a\0b".to_owned())], ..Exec::shell("true", MINUTE) },
    ] {
        let refused = place.exec(exec).await;
        assert!(matches!(refused, Err(SandboxError::NotStarted { .. })), "{refused:?}");
    }
    for cwd in ["..", "/etc", "app/../.."] {
        let refused = place.exec(Exec { cwd: cwd.into(), ..Exec::shell("true", MINUTE) }).await;
        assert!(matches!(refused, Err(SandboxError::Io { .. })), "{cwd}: {refused:?}");
    }
    place.workspace.destroy().await?;
    let gone = place.sh("true").await;
    assert!(matches!(gone, Err(SandboxError::Destroyed)), "{gone:?}");
    Ok(())
}

#[rstest]
#[case::timeout(EndedBy::Timeout)]
#[case::silence(EndedBy::Silence)]
#[case::canceled(EndedBy::Cancelled)]
#[case::output(EndedBy::OutputLimit)]
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_ends_the_command_and_all_that_it_started(#[case] limit: EndedBy) -> anyhow::Result<()> {
    let place = Place::new().await?;
    let stays = "(trap '' TERM; setsid sleep 987654) & sleep 0.5; ";
    let exec = match limit {
        EndedBy::Timeout => {
            let talks = "while :; do echo alive; sleep 0.1; done";
            Exec { silence: Some(MINUTE), ..Exec::shell(&format!("{stays}{talks}"), Duration::from_secs(3)) }
        }
        EndedBy::Silence => Exec {
            silence: Some(Duration::from_secs(2)),
            ..Exec::shell(&format!("{stays}sleep 987654"), MINUTE)
        },
        EndedBy::OutputLimit => {
            Exec::shell(&format!("{stays}yes 0123456789012345678901234567890123456789"), MINUTE)
        }
        _ => Exec::shell(&format!("{stays}echo now; sleep 987654"), MINUTE),
    };
    let cancel = exec.cancel.clone();
    let mut output = |line: OutputLine| {
        if line.text == "now" {
            cancel.cancel();
        }
    };
    let outcome = place.workspace.exec(Slot::Agent, exec, &mut output).await?;
    assert_eq!((outcome.exit_code, outcome.ended_by), (None, Some(limit)));
    assert_eq!(sleepers(&place).await?, "", "something goes on");
    Ok(())
}

/// What still sleeps in the agent's machine.
async fn sleepers(place: &Place) -> anyhow::Result<String> {
    let look = "for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $each 2>/dev/null | grep '^sleep 987654'; done; true";
    Ok(place.sh(look).await?.tail)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_its_command() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let outcome = place.sh("setsid sleep 987654 >/dev/null 2>&1 & echo started").await?;
    assert_eq!(outcome.tail, "started");
    assert_eq!(sleepers(&place).await?, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_waits_for_is_ended() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let begun = tokio::sync::Notify::new();
    let mut output = |_: OutputLine| begun.notify_one();
    let exec = Exec::shell("echo begun; sleep 987654", MINUTE);
    tokio::select! {
        outcome = place.workspace.exec(Slot::Agent, exec, &mut output) => anyhow::bail!("{outcome:?}"),
        () = begun.notified() => {}
    }
    let ended = async || {
        let machine = place.machine(Slot::Agent)?;
        let asked = |command: &&standins::vercel::sandbox::state::SeenCommand| {
            command.args.iter().any(|argument| argument.contains("echo begun"))
        };
        let command = machine.commands.iter().find(asked).map(|command| command.exit_code);
        Ok(if matches!(command, Some(Some(_))) { Ok(()) } else { Err(format!("{command:?}")) })
    };
    until(MINUTE, ended).await
}

fn policies(machine: &Seen) -> anyhow::Result<Vec<Value>> {
    machine.policies.iter().map(|policy| Ok(serde_json::to_value(policy)?)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_what_its_network_names_and_nothing_else() -> anyhow::Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let port = server.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in server.incoming().flatten() {
            use std::io::{Read as _, Write as _};
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
        }
    });
    let place = Place::at(&format!("http://127.0.0.1:{port}")).await?;
    place.workspace.load(Slot::Agent, place.clone.path()).await?;
    let ask = format!(
        "curl -sSf -m 10 http://127.0.0.1:{port}/ || curl -sSf -m 10 --noproxy '*' http://127.0.0.1:{port}/"
    );
    for (network, reached) in [
        (Network::None, false),
        (Network::Registries, false),
        (Network::Model, true),
        (Network::Both, true),
        (Network::None, false),
    ] {
        let outcome = place.exec(Exec { network, ..Exec::shell(&ask, MINUTE) }).await?;
        assert_eq!(outcome.exit_code == Some(0), reached, "{network:?}: {}", outcome.tail);
    }
    let address = json!(["127.0.0.1/32"]);
    let registries = json!(["registry.npmjs.org", "registry.yarnpkg.com"]);
    let seen = policies(&place.machine(Slot::Agent)?)?;
    let facts: Vec<_> = seen
        .iter()
        .map(|policy| (&policy["mode"], &policy["allowedDomains"], &policy["allowedCIDRs"]))
        .collect();
    let (closed, custom, none) = (json!("deny-all"), json!("custom"), Value::Null);
    let empty = json!([]);
    assert_eq!(
        facts,
        [
            (&closed, &none, &none),
            (&custom, &registries, &none),
            (&custom, &empty, &address),
            (&custom, &registries, &address),
            (&closed, &none, &none),
        ]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_made_for_one_fix_and_knows_no_token() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let exec = Exec { env: vec![("GIVEN".to_owned(), "1".to_owned())], ..Exec::shell("env; id -u", MINUTE) };
    let said = place.exec(exec).await?.tail;
    assert!(said.contains("GIVEN=1") && said.contains("CI=1"), "{said}");
    let machine = place.machine(Slot::Agent)?;
    assert_eq!(
        (
            machine.project_id.as_str(),
            machine.team_id.as_str(),
            machine.persistent,
            machine.runtime.as_deref()
        ),
        (place.seeded.project_id.as_str(), place.seeded.team_id.as_str(), false, Some("node22"))
    );
    assert_eq!(
        (machine.vcpus, machine.timeout),
        (2, 45 * 60 * 1000),
        "what 4 GiB take, and what every plan allows"
    );
    let told = serde_json::to_string(&machine)? + &said;
    assert!(!told.contains(&place.seeded.vercel_token), "the machine was told the token");
    Ok(())
}
