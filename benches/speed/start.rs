//! From the start of the process to its first page, and what it holds in memory when nothing happens.

use crate::{
    load::Connection,
    memory,
    report::{Figure, Row},
};

use http_body_util::Full;
use hyper::{Request, StatusCode, body::Bytes};
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Starts of which the median is taken.
const STARTS: usize = 7;
/// After it the pools and caches of the start have settled.
const QUIET: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn measure() -> anyhow::Result<Vec<Row>> {
    let world = crate::world().await?;
    // The first start makes the database; the others find it.
    let first = seconds(&world.settings).await?;
    let mut again = Vec::new();
    for _ in 0..STARTS {
        again.push(seconds(&world.settings).await?);
    }
    again.sort_by(f64::total_cmp);
    let ms = |seconds: f64| vec![Figure::new("time", seconds * 1000.0, "ms")];
    let app = world.start().await?;
    tokio::time::sleep(QUIET).await;
    Ok(vec![
        Row::new("start to the first page, new database", "", ms(first)),
        Row::new("start to the first page", "under 150 ms", ms(again[STARTS / 2])),
        memory::row("memory, idle", "under 80 MiB", &app)?,
    ])
}

/// Until the sign-in page is there.
async fn seconds(settings: &crate::app::Settings) -> anyhow::Result<f64> {
    let address = &settings.env["DEPLOYMEND_LISTEN"];
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_deploymend"))
        .arg("serve")
        .envs(&settings.env)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let page = first_page(address, start + PATIENCE).await;
    let seconds = start.elapsed().as_secs_f64();
    child.kill()?;
    child.wait()?;
    page.map(|()| seconds)
}

async fn first_page(address: &str, deadline: Instant) -> anyhow::Result<()> {
    loop {
        if let Ok(mut connection) = Connection::open(address).await {
            let page = Request::get("/sign-in").header("host", address).body(Full::<Bytes>::default())?;
            let answer = connection.send(page).await?;
            anyhow::ensure!(
                answer.status() == StatusCode::OK,
                "the sign-in page answered {}",
                answer.status()
            );
            return Ok(());
        }
        anyhow::ensure!(Instant::now() < deadline, "the program does not listen");
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}
