//! A few seconds of it.

use crate::{
    flood::{Kind, Senders, run},
    world::World,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_kill_and_nothing_else_is() -> anyhow::Result<()> {
    let mut world = World::new("healthy").await?;
    let senders = Senders { genuine: 4, duplicate: 1, forged: 2, oversized: 1, slow: 4, pages: 1 };
    let outcome = run(&mut world, Duration::from_secs(4), senders).await?;
    outcome.tally.print(outcome.took);
    for check in outcome.checks() {
        assert!(check.held, "{}: {}", check.what, check.seen);
    }
    for check in outcome.timed() {
        println!("{}: {}", check.what, check.seen);
    }
    assert!(outcome.tally.look(Kind::Page, |page| page.sent()).is_some_and(|pages| pages > 0));
    Ok(())
}
