//! What Vercel may do meanwhile: hang up, be out of order, refuse, take the machine away; and what a crash leaves.

use super::place::{MINUTE, Place};
use deploymend::server::{
    integrations::PlatformError,
    sandbox::{Exec, Network, OutputLine, Sandbox as _, SandboxError, Slot},
};
use standins::{
    faults::{Fault, Kind},
    record::Server,
    vercel::sandbox::actions::Settings,
};
use std::time::Duration;

fn fault(method: Option<&str>, path: &str, times: u32, kind: Kind) -> Fault {
    Fault { server: Server::Vercel, method: method.map(str::to_owned), path: path.to_owned(), times, kind }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_is_taken_up_where_it_was() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let count = "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo \"line $i äöü\"; [ $((i % 100)) = 0 ] && sleep 0.3; done; exit 3";
    for breaks in [1, 3] {
        place.standins.set_sandboxes(&Settings { breaking_streams: Some(breaks), ..Settings::default() });
        let mut lines: Vec<String> = Vec::new();
        let mut output = |line: OutputLine| lines.push(line.text);
        let outcome = place.workspace.exec(Slot::Agent, Exec::shell(count, MINUTE), &mut output).await?;
        assert_eq!(outcome.exit_code, Some(3));
        let expected: Vec<String> = (1..=400).map(|number| format!("line {number} äöü")).collect();
        assert_eq!(lines, expected, "{breaks} breaks");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hiccup_is_ridden_out() -> anyhow::Result<()> {
    let place = Place::new().await?;
    place.standins.add_fault(fault(Some("POST"), "/network-policy", 2, Kind::Status { status: 503 }));
    let exec = Exec { network: Network::Registries, ..Exec::shell("echo fine", MINUTE) };
    assert_eq!(place.exec(exec).await?.tail, "fine");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_says_how_long_to_wait() -> anyhow::Result<()> {
    let place = Place::empty().await?;
    place.standins.add_fault(fault(
        Some("POST"),
        "/v2/sandboxes",
        1,
        Kind::RateLimited { retry_after: Some(7) },
    ));
    let refused = place.workspace.load(Slot::Agent, place.clone.path()).await;
    let wait = Some(Duration::from_secs(7));
    assert!(
        matches!(&refused, Err(SandboxError::Platform(PlatformError::Transient { retry_after })) if *retry_after == wait),
        "{refused:?}"
    );
    place.workspace.load(Slot::Agent, place.clone.path()).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_lost_is_told_from_a_command_that_failed() -> anyhow::Result<()> {
    let place = Place::new().await?;
    let begun = tokio::sync::Notify::new();
    let mut output = |_: OutputLine| begun.notify_one();
    let running =
        place.workspace.exec(Slot::Agent, Exec::shell("echo begun; sleep 600", MINUTE), &mut output);
    let lose = async {
        begun.notified().await;
        place.standins.lose_sandbox(&place.name(Slot::Agent)).await
    };
    let (lost, done) = tokio::join!(running, lose);
    done?;
    assert!(matches!(&lost, Err(SandboxError::Platform(PlatformError::NotFound))), "{lost:?}");
    // A fresh one is made in its place.
    place.workspace.load(Slot::Agent, place.clone.path()).await?;
    assert_eq!(place.sh("cat file.txt").await?.tail, "one\ntwo");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_access_is_refused() -> anyhow::Result<()> {
    let place = Place::empty().await?;
    assert!(place.standins.revoke_vercel_token(&place.seeded.vercel_token));
    let refused = place.workspace.load(Slot::Agent, place.clone.path()).await;
    assert!(matches!(&refused, Err(SandboxError::Platform(PlatformError::TokenRefused))), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_behind_is_removed_before_the_fix_goes_on() -> anyhow::Result<()> {
    let place = Place::new().await?;
    place.workspace.load(Slot::Verify, place.clone.path()).await?;
    assert_eq!(place.standins.sandboxes().len(), 2);
    // Another process takes the fix over: it knows the fix's id alone.
    let next = place.sandbox.create(&place.fix_id, "another-marker").await?;
    assert_eq!(place.standins.sandboxes().len(), 0);
    next.load(Slot::Agent, place.clone.path()).await?;
    assert_eq!(place.standins.sandboxes().len(), 1);
    next.destroy().await?;
    next.destroy().await?;
    assert_eq!(place.standins.sandboxes().len(), 0);
    assert!(std::fs::read_dir(place.data.path())?.next().is_none(), "files are left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_nobody_reaches_has_no_sandbox_there() -> anyhow::Result<()> {
    use deploymend::server::{
        clock::Clock,
        integrations::Access,
        sandbox::{doors::Doors, vercel::VercelSandboxes},
    };
    let mut settings = crate::house::config();
    let access = || Access { token: "t".into(), team_id: None };
    let folder = tempfile::tempdir()?;
    let ready = async |settings: &_, doors: &Doors| -> anyhow::Result<String> {
        let all = VercelSandboxes::new(settings, folder.path(), doors.clone(), Clock::System)?;
        Ok(all
            .of(access(), "prj".into())
            .ready()
            .await
            .err()
            .map_or(String::new(), |error| error.to_string()))
    };
    let doors = Doors::default();
    assert!(ready(&settings, &doors).await?.contains("DEPLOYMEND_GATEWAY_LISTEN"));
    doors.answer();
    assert!(ready(&settings, &doors).await?.contains("DEPLOYMEND_PUBLIC_URL"));
    settings.public_url = Some("https://fix.example.com".parse()?);
    assert_eq!(ready(&settings, &doors).await?, "");
    Ok(())
}
