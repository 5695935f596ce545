//! Every limit ends what goes over it, says which one it was, and leaves no process.

use crate::support::{MINUTE, Place, again, users};
use deploymend::server::sandbox::{EndedBy, Exec, Slot, bubblewrap::marked};
use std::time::Duration;

const SMALL: &[&str] =
    &["--sandbox-memory-mb", "200", "--sandbox-processes", "60", "--sandbox-disk-mb", "40"];

#[tokio::test]
#[ignore = "started by every_limit_holds"]
async fn limits() {
    let place = Place::new(&[], SMALL).await;
    let within = |line| Exec::shell(line, MINUTE);
    let short = Duration::from_millis(400);
    for (what, exec, ended_by) in [
        ("a fork bomb", within("bash -c 'while :; do sleep 600 & done'"), EndedBy::Processes),
        ("a memory hog", within("tail /dev/zero; sleep 600"), EndedBy::Memory),
        ("endless output", within("yes"), EndedBy::OutputLimit),
        ("endless output without a line end", within("cat /dev/zero"), EndedBy::OutputLimit),
        ("a silent hang", Exec { silence: Some(short), ..within("echo hello; sleep 600") }, EndedBy::Silence),
        ("a busy hang", Exec { timeout: short, ..within("while :; do echo .; done") }, EndedBy::Timeout),
        (
            "a disk filler",
            within("i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero > f$i; done"),
            EndedBy::Disk,
        ),
        (
            "a flood of empty files",
            within("mkdir d; cd d; seq 100000 | xargs touch; sleep 600"),
            EndedBy::Disk,
        ),
    ] {
        let outcome = place.run(exec).await;
        assert_eq!((outcome.ended_by, outcome.exit_code), (Some(ended_by), None), "{what}: {}", outcome.tail);
        assert!(outcome.seconds < 30.0, "{what} took {} s", outcome.seconds);
        // The next one starts in a clean slot.
        place.workspace.load(Slot::Agent, place.clone.path()).await.unwrap();
    }
    place.workspace.destroy().await.unwrap();
}

#[test]
fn every_limit_holds() {
    for user in users() {
        again("limits::limits", user);
    }
}

#[tokio::test]
async fn one_file_cannot_fill_the_disk_between_two_looks() {
    let place = Place::new(&[], SMALL).await;
    // The first: with the file below in place, the next look would end any command.
    let tmp = place.shell("head -c 900000000 /dev/zero > /tmp/f; du -m /tmp | cut -f 1").await;
    assert!(tmp.lines().last().unwrap().parse::<u32>().unwrap() <= 50, "{tmp}");
    let outcome = place.run(Exec::shell("head -c 900000000 /dev/zero > f; stat -c %s f", MINUTE)).await;
    assert!(outcome.ended_by == Some(EndedBy::Disk) || outcome.tail.ends_with("41943040"), "{outcome:?}");
}

#[tokio::test]
async fn what_is_within_the_limits_is_left_alone() {
    let place = Place::new(&[], SMALL).await;
    let outcome =
        place.run(Exec { silence: Some(MINUTE), ..Exec::shell("echo a; echo b >&2; exit 3", MINUTE) }).await;
    assert_eq!((outcome.exit_code, outcome.ended_by), (Some(3), None));
    let mut lines: Vec<_> = outcome.tail.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a", "b"]);
    let killed = place.run(Exec::shell("kill -SEGV $$", MINUTE)).await;
    assert_eq!(killed.exit_code, Some(128 + 11));
    let stdin = Exec { stdin: Some(vec![b'x'; 300_000]), ..Exec::new(["wc", "-c"], MINUTE) };
    assert_eq!(place.run(stdin).await.tail, "300000");
    assert_eq!(place.shell("wc -c").await, "0");
}

#[tokio::test]
async fn daemons_do_not_outlive_their_command() {
    let place = Place::new(&[], &[]).await;
    let line = "setsid nohup sleep 600 > /dev/null 2>&1 & (env -i sleep 600 &) ; echo started";
    assert_eq!(place.shell(line).await, "started");

    let (marker, mut seen) = (place.marker.clone(), 0);
    let exec = Exec::shell(&format!("{line}; sleep 600"), MINUTE);
    let cancel = exec.cancel.clone();
    let mut output = |_| {
        seen = marked(&marker).len();
        cancel.cancel();
    };
    place.workspace.exec(Slot::Agent, exec, &mut output).await.unwrap();
    assert!(seen > 0, "the marker is not found while processes run");
    assert_eq!(marked(&place.marker), Vec::<i32>::new());
}

#[tokio::test]
async fn cancelling_and_dropping_end_a_command() {
    let place = Place::new(&[], &[]).await;
    let exec = Exec::shell("echo started; sleep 600", MINUTE);
    let cancel = exec.cancel.clone();
    let outcome = place.workspace.exec(Slot::Agent, exec, &mut |_| cancel.cancel()).await.unwrap();
    assert_eq!((outcome.ended_by, marked(&place.marker).len()), (Some(EndedBy::Cancelled), 0));

    let started = tokio::sync::Notify::new();
    {
        let mut output = |_| started.notify_one();
        let exec =
            place.workspace.exec(Slot::Agent, Exec::shell("echo started; sleep 600", MINUTE), &mut output);
        tokio::select! {
            _ = exec => panic!("it ended by itself"),
            () = started.notified() => {}
        }
    }
    // The next command waits until the dropped one is gone.
    assert_eq!(place.shell("cd /proc; echo [0-9]*").await, "1 2");
}
