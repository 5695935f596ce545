//! `deploymend rotate-key`: stored secrets under older keys → the same under the first key of the ring.

use super::serve::open_database;
use crate::server::{
    audit,
    clock::Clock,
    config::Config,
    crypto::{KeyRing, KeyUse},
};
use anyhow::Context as _;
use std::{fmt::Write as _, process::ExitCode};

/// Seals every stored secret under the first key of the ring, or, with `check`, only says under which keys they stand.
/// May be interrupted and repeated. Exit code 0 when the first key is all that is needed from now on, else 1.
pub async fn run(config: Config, check: bool) -> anyhow::Result<ExitCode> {
    let db = open_database(&config).await?;
    let keys = KeyRing::load(&config).context("the encryption key cannot be used")?;
    if !check {
        let rotation = keys.rotate(&db).await?;
        let mut counts = Vec::new();
        for (place, count) in &rotation.sealed {
            println!("{count:>6}  {}", place.as_str());
            counts.push((place.as_str(), count.to_string()));
        }
        for (place, id) in &rotation.unreadable {
            println!("unreadable: {} of row {id}. Its user has to enter it again.", place.as_str());
        }
        println!("{} secrets were sealed again.", rotation.sealed.values().sum::<usize>());
        audit::by_command(&db, "keys.rotate", "command line", counts, Clock::System.now()).await?;
    }
    let used = keys.uses(&db).await?;
    print!("{}", describe(&used));
    let done = used.iter().all(|key| key.seals || key.secrets == 0);
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(used: &[KeyUse]) -> String {
    let mut text = String::new();
    for KeyUse { id, secrets, in_ring, seals } in used {
        let what = match (*in_ring, *seals, *secrets) {
            (false, ..) => "is missing from the ring: put it back, or they cannot be read",
            (_, true, _) => "seals new secrets",
            (_, _, 0) => "is needed no longer, except for backups of before",
            _ => "is still needed: do not remove it",
        };
        let _ = writeln!(text, "key {id}: {secrets} secrets, {what}");
    }
    text
}
