//! The command line of Deploymend.

use clap::{Parser, Subcommand};
use deploymend::server::{commands, config::Config};
use std::process::ExitCode;

/// For SQLite, too. The C library's allocator has many arenas and keeps what is free in them, so that a server's memory
/// rises for hours.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Repairs failed Vercel, Cloudflare and Render deployments with verified pull requests.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages, take in failures and fix them.
    Serve {
        #[command(flatten)]
        config: Box<Config>,
        /// Leave the fixing to `deploymend work` processes.
        #[arg(long)]
        no_worker: bool,
    },
    /// Only fix: for a second machine on the same PostgreSQL database.
    Work {
        #[command(flatten)]
        config: Box<Config>,
        /// Leave as soon as nothing is left to fix.
        #[arg(long)]
        drain: bool,
    },
    /// Bring the database's schema up to date and leave.
    Migrate {
        #[command(flatten)]
        config: Box<Config>,
    },
    /// Seal every stored secret under the first key of the ring, so that older keys can go.
    RotateKey {
        #[command(flatten)]
        config: Box<Config>,
        /// Change nothing, and only say which keys are still needed. Exit code 1: more than the first one.
        #[arg(long)]
        check: bool,
    },
    /// Copy the whole database into a file, while servers go on.
    Backup {
        /// A file that is not there yet.
        file: std::path::PathBuf,
        #[command(flatten)]
        config: Box<Config>,
    },
    /// Say what broke in a build log.
    Analyze(commands::analyze::Args),
    /// Say whether this machine can run sandboxes and reach what it needs.
    Doctor {
        #[command(flatten)]
        config: Box<Config>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    // Needs neither a runtime nor a database.
    if let Command::Analyze(args) = cli.command {
        return commands::analyze::run(&args);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve { config, no_worker } => commands::serve::run(*config, !no_worker).await,
            Command::Work { config, drain } => commands::serve::work(*config, drain).await,
            Command::Migrate { config } => commands::serve::migrate(*config).await,
            Command::RotateKey { config, check } => commands::rotate_key::run(*config, check).await,
            Command::Backup { file, config } => commands::backup::run(*config, file).await,
            Command::Doctor { config } => commands::doctor::run(*config).await,
            Command::Analyze(_) => unreachable!("handled before the runtime starts"),
        }
    })
}
