//! The demo: starts the stand-ins and the product, lets a real project fail, and tells the story while it is repaired.
//! What is claimed at the end is checked here with git and npm, outside the product.

mod app;
mod story;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::{Options, Standins};

/// What `make demo` passes on.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The product's program.
    #[arg(long)]
    app: PathBuf,
    /// Folder with the files for the browser.
    #[arg(long)]
    site: PathBuf,
    /// Tell the story once and leave: 0 if there is a verified pull request.
    #[arg(long)]
    once: bool,
    /// Keep the repositories, the database and a report there.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A small npm project whose build fails, in place of ours.
    #[arg(long)]
    project: Option<PathBuf>,
    /// Folder with the projects of the demo.
    #[arg(long, default_value = "end2end/fixtures")]
    fixtures: PathBuf,
    /// Port of the product; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

/// Runs the demo until it is over, or until Ctrl-C.
///
/// # Errors
/// A part does not start, or the story does not end in a verified pull request.
pub fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let scratch = tempfile::Builder::new().prefix("deploymend-demo-").tempdir()?;
    let folder = match &args.keep {
        Some(keep) => {
            std::fs::create_dir_all(keep)?;
            keep.canonicalize()?
        }
        None => scratch.path().to_owned(),
    };
    let pace = if args.once { Duration::ZERO } else { Duration::from_millis(1200) };
    let standins = Standins::start(Options {
        root: Some(folder.join("repositories")),
        allow_loopback_webhooks: true,
        page_size: 50,
        step_delay: pace,
        ..Options::default()
    })?;
    // The product ends with this process, however it ends: its standard input and Drop see to that.
    runtime.block_on(async {
        tokio::select! {
            told = tell(args, &standins, &folder) => told,
            () = ended() => {
                println!("\nStopping.");
                Ok(())
            }
        }
    })
}

async fn tell(args: &DemoArgs, standins: &Standins, folder: &std::path::Path) -> anyhow::Result<()> {
    let broken = args.project.clone().unwrap_or_else(|| args.fixtures.join("broken-type"));
    anyhow::ensure!(broken.join("package.json").is_file(), "{} has no package.json", broken.display());
    let story = story::Story::prepare(standins, &args.fixtures, &broken).await?;
    let mut app = app::App::start(args, standins, folder)?;
    app.sign_up().await.context("signing up")?;
    story.connect(&mut app).await.context("connecting")?;
    println!("Deploymend     {}/deployments", app.base);
    println!("Sign in with   {}  {}", app::EMAIL, app::PASSWORD);
    println!();
    let fix = story.tell(standins, &app).await?;
    let verdict = verdict::check(standins, &fix, folder).await;
    if let (Some(_), Ok(verdict)) = (&args.keep, &verdict) {
        std::fs::write(folder.join("report.json"), serde_json::to_string_pretty(&verdict.report(&fix))?)?;
        println!("Kept in {}", folder.display());
    }
    let verdict = verdict?;
    println!("{verdict}");
    if args.once {
        anyhow::ensure!(verdict.is_good(), "there is no verified pull request");
        return Ok(());
    }
    story.tell_of_others(standins, &app).await?;
    println!(
        "Watch it at {}/deployments/{} until Ctrl-C.",
        app.base,
        fix["summary"]["id"].as_str().unwrap_or_default()
    );
    std::future::pending::<()>().await;
    Ok(())
}

async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! { _ = tokio::signal::ctrl_c() => {}, () = terminate => {} }
}
