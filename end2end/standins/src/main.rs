//! The stand-ins as one program: starts the servers, prints one line of JSON with their addresses,
//! and ends on SIGTERM, SIGINT or when its standard input is closed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use standins::demo::DemoArgs;
use standins::{Options, Standins};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Loopback stand-ins for Vercel, Cloudflare, Render, GitHub and a model server")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until told to stop.
    Serve(Serve),
    /// Starts the product beside the stand-ins, and tells its story.
    Demo(DemoArgs),
}

#[derive(Args)]
struct Serve {
    /// Port of the Vercel server on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    vercel_port: u16,
    /// Port of the Cloudflare server.
    #[arg(long, default_value_t = 0)]
    cloudflare_port: u16,
    /// Port of the Render server.
    #[arg(long, default_value_t = 0)]
    render_port: u16,
    /// Port of the GitHub server.
    #[arg(long, default_value_t = 0)]
    github_port: u16,
    /// Port of the model server.
    #[arg(long, default_value_t = 0)]
    model_port: u16,
    /// Folder for the bare repositories; a temporary one without it.
    #[arg(long)]
    root: Option<PathBuf>,
    /// Accepts webhooks to http:// on loopback.
    #[arg(long)]
    allow_loopback_webhooks: bool,
    /// Most items on one page of a platform's lists.
    #[arg(long, default_value_t = Options::default().page_size)]
    page_size: usize,
    /// The key that the model wants.
    #[arg(long, env = "STANDINS_MODEL_KEY", default_value_t = Options::default().model_key)]
    model_key: String,
    /// Wait before each answer of the model, in ms.
    #[arg(long, default_value_t = 0)]
    step_delay_ms: u64,
    /// Does not end when standard input is closed.
    #[arg(long)]
    ignore_stdin: bool,
}

fn main() -> anyhow::Result<()> {
    let serve = match Cli::parse().command {
        Command::Serve(serve) => serve,
        Command::Demo(args) => return standins::demo::run(&args),
    };
    let ignore_stdin = serve.ignore_stdin;
    let standins = Standins::start(Options {
        vercel_port: serve.vercel_port,
        cloudflare_port: serve.cloudflare_port,
        render_port: serve.render_port,
        github_port: serve.github_port,
        model_port: serve.model_port,
        root: serve.root,
        allow_loopback_webhooks: serve.allow_loopback_webhooks,
        page_size: serve.page_size,
        model_key: serve.model_key,
        step_delay: Duration::from_millis(serve.step_delay_ms),
        ..Options::default()
    })?;
    let addresses = serde_json::json!({
        "vercel": standins.vercel_url(), "cloudflare": standins.cloudflare_url(), "render": standins.render_url(),
        "githubApi": standins.github_api_url(), "github": standins.github_url(),
        "model": standins.model_url(), "control": format!("{}/_control", standins.vercel_url()),
        "modelKey": standins.model_key(), "repositories": standins.world().repositories,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        println!("{addresses}");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stdin_closed(), if !ignore_stdin => {}
        }
        anyhow::Ok(())
    })?;
    drop(standins);
    // A read of standard input may still be blocked: do not wait for it.
    runtime.shutdown_background();
    Ok(())
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0_u8; 256];
    while stdin.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
