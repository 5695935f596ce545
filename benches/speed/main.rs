//! How fast the product is: the optimised program as a child process, on SQLite, against the stand-ins, over real HTTP
//! on loopback. The clients share the machine with it.
//!
//! `cargo bench --workspace --features ssr --bench speed -- [start|webhooks|rows|fix|browser|diagnosis]…` measures those parts, or all.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/app.rs"]
mod app;
mod browser;
mod build_log;
mod diagnosis;
mod fix;
mod load;
mod memory;
mod pages;
#[path = "../../tests/it/ports.rs"]
mod ports;
mod report;
mod rows;
mod start;
mod webhooks;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/world.rs"]
mod world;

use std::path::Path;
use world::World;

/// The project that all parts work with.
const PROJECT: &str = "broken-type";

// One thread for all clients: what they use of the machine, the program has not.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    let mut rows = Vec::new();
    if is_wanted("start") {
        rows.extend(start::measure().await?);
    }
    if is_wanted("webhooks") {
        rows.extend(webhooks::measure().await?);
    }
    if is_wanted("rows") {
        rows.extend(rows::measure().await?);
    }
    if is_wanted("fix") {
        rows.extend(fix::measure().await?);
    }
    if is_wanted("browser") {
        rows.extend(browser::measure()?);
    }
    if is_wanted("diagnosis") {
        rows.extend(diagnosis::measure()?);
    }
    report::finish(&rows, &Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench.json"))
}

/// A world whose database is a file in a folder of its own.
async fn world() -> anyhow::Result<World> {
    let folder = tempfile::tempdir()?;
    let (data, url) =
        (folder.path().join("data"), format!("sqlite:{}", folder.path().join("bench.db").display()));
    World::with(PROJECT, &data, &url, folder).await
}
