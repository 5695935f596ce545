//! `deploymend doctor`: whether this machine can do what Deploymend needs, checked by doing it.

use crate::server::{
    clock::Clock,
    config::Config,
    db::Db,
    fix::capacity,
    sandbox::bubblewrap::{self, Bubblewrap, Layer},
};
use std::process::ExitCode;

/// Prints a line per check. Exit code 0 when everything is there, 1 when something is missing.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut missing = 0;
    let mut say = |what: &str, found: Result<String, String>| match found {
        Ok(detail) => println!("ok       {what}: {detail}"),
        Err(detail) => {
            missing += 1;
            println!("missing  {what}: {detail}");
        }
    };
    std::fs::create_dir_all(&config.data_dir)?;
    let database = match Db::connect(&config.database_url()).await {
        Ok(db) => {
            let ready = db.ready(Clock::System.now()).await;
            ready.map(|()| format!("{db:?} answers and stores")).map_err(|disorder| disorder.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    say("database", database);
    say("disk", capacity::free(&config.data_dir));
    let isolation =
        Bubblewrap::new(bubblewrap::Settings::new(&config, &config.data_dir.join("doctor"))).check().await;
    say("sandbox", isolation.problem.map_or_else(|| Ok("a command has run in one".to_owned()), Err));
    for Layer { name, found } in isolation.layers {
        let found = match found {
            Err(weak) if config.allow_weak_sandbox => Ok(format!("weak, which is allowed: {weak}")),
            found => found,
        };
        say(&format!("sandbox {name}"), found);
    }
    say("agent", program(&config.opencode, "--version").await);
    say("git", program("git".as_ref(), "--version").await);
    say(
        "model key",
        config
            .model_key
            .as_ref()
            .map(|_| "set".to_owned())
            .ok_or_else(|| "set DEPLOYMEND_MODEL_KEY".to_owned()),
    );
    say(
        "public address",
        config.public_url.as_ref().map(ToString::to_string).ok_or_else(|| {
            "DEPLOYMEND_PUBLIC_URL is not set: failures are found by polling, without webhooks".to_owned()
        }),
    );
    Ok(if missing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn program(path: &std::path::Path, argument: &str) -> Result<String, String> {
    let output = tokio::process::Command::new(path)
        .arg(argument)
        .output()
        .await
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}
