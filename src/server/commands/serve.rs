//! `deploymend serve`, `work` and `migrate`: the parts are made, joined, run until a signal, and stopped in order.

use crate::server::{
    agent::gateway::{Gateway, ModelSettings},
    auth::AuthContext,
    clock::{Clock, new_id},
    config::Config,
    crypto::KeyRing,
    db::Db,
    diagnosis::redact,
    fix::{
        FixContext,
        jobs::{self, JobQueue, Waker},
        watch,
    },
    http,
    intake::{self, IntakeContext},
    integrations::Registry,
    live::Bus,
    notify::{self, NotifyContext, jobs::DeliveryQueue},
    queue, retention,
    sandbox::{
        bubblewrap::{self, Bubblewrap},
        observed::Observed,
    },
    state::AppState,
    telemetry,
};
use anyhow::Context as _;
use axum::extract::FromRef as _;
use leptos::config::LeptosOptions;
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long running fixes may take to notice a stop; what they leave is continued at the next start.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until SIGINT or SIGTERM.
pub async fn run(config: Config, worker: bool) -> anyhow::Result<ExitCode> {
    telemetry::start_logs();
    // Crash points of the tests; nothing in a build without them.
    let _crash_points = fail::FailScenario::setup();
    let state = assemble(config).await?;
    state.auth.announce_set_up().await.context("the owner account could not be looked up")?;
    let tasks = TaskTracker::new();
    start_monitoring(&state, &tasks).await?;
    if worker {
        start_worker(&state, &tasks).await?;
    }
    tasks.spawn(retention::keep_removing(
        state.db.clone(),
        state.config.clone(),
        state.clock.clone(),
        state.stop.clone(),
    ));
    tasks.spawn(intake::poll::keep_polling(IntakeContext::from_ref(&state), state.stop.clone()));

    let listener = tokio::net::TcpListener::bind(state.config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", state.config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "Deploymend is listening");
    let stop = state.stop.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("Stopping");
        stop.cancel();
    });
    let stopped = state.stop.clone();
    axum::serve(listener, http::router(state).into_make_service_with_connect_info::<std::net::SocketAddr>())
        .with_graceful_shutdown(stopped.cancelled_owned())
        .await?;
    finish(tasks).await;
    Ok(ExitCode::SUCCESS)
}

/// Fixes until SIGINT or SIGTERM.
pub async fn work(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start_logs();
    let state = assemble(config).await?;
    let tasks = TaskTracker::new();
    start_monitoring(&state, &tasks).await?;
    start_worker(&state, &tasks).await?;
    wait_for_signal().await;
    state.stop.cancel();
    finish(tasks).await;
    Ok(ExitCode::SUCCESS)
}

/// Brings the schema up to date.
pub async fn migrate(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start_logs();
    let db = open_database(&config).await?;
    queue::migrate(&db).await?;
    tracing::info!("The schema is up to date");
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn open_database(config: &Config) -> anyhow::Result<Db> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the data folder {}", config.data_dir.display()))?;
    let db = Db::connect(&config.database_url()).await.context("cannot open the database")?;
    db.migrate().await.context("cannot bring the schema up to date")?;
    Ok(db)
}

/// Everything that requests and fixes share.
pub async fn assemble(config: Config) -> anyhow::Result<AppState> {
    if config.redact_mail {
        redact::hide_mail_addresses();
    }
    let db = open_database(&config).await?;
    queue::migrate(&db).await?;
    let queue = JobQueue::new(&db);
    let keys = Arc::new(KeyRing::load(&config).context("the encryption key cannot be used")?);
    let clock = Clock::System;
    let registry = Arc::new(Registry::new(&config, clock.clone())?);
    let leptos = LeptosOptions::builder()
        .output_name("deploymend")
        .site_root(config.site_dir.to_string_lossy().into_owned())
        .site_addr(config.listen)
        .build();
    let config = Arc::new(config);
    let bus = Bus::default();
    let fixes = Arc::new(FixContext {
        db: db.clone(),
        keys: keys.clone(),
        registry: registry.clone(),
        config: config.clone(),
        clock: clock.clone(),
        bus: bus.clone(),
        sandbox: Arc::new(Observed(Bubblewrap::new(bubblewrap::Settings::new(&config)))),
        gateway: Gateway::new(ModelSettings::new(&config)).context("the model's client cannot be set up")?,
        owner: new_id(),
    });
    let auth = AuthContext::new(db.clone(), clock.clone(), config.clone());
    Ok(AppState {
        config,
        db,
        keys,
        clock,
        registry,
        wake: Arc::new(Waker { queue: queue.clone(), bus: bus.clone() }),
        queue,
        bus,
        fixes,
        auth,
        leptos,
        stop: CancellationToken::new(),
    })
}

/// Answers probes and metrics on an address of their own, if there is one. Without it nothing is counted.
async fn start_monitoring(state: &AppState, tasks: &TaskTracker) -> anyhow::Result<()> {
    let Some(address) = state.config.metrics_listen else { return Ok(()) };
    let handle = telemetry::start_metrics().context("metrics could not be started")?;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} for monitoring"))?;
    tracing::info!(address = %listener.local_addr()?, "Metrics are answered");
    let routes = http::health::monitoring(handle.clone()).with_state(state.clone());
    let stop = state.stop.clone();
    tasks.spawn(async move {
        let served = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "Metrics are answered no longer");
        }
    });
    tasks.spawn(telemetry::keep_folding(handle, state.stop.clone()));
    Ok(())
}

async fn start_worker(state: &AppState, tasks: &TaskTracker) -> anyhow::Result<()> {
    // What a crash left behind would keep memory and disk; fixes that go on make their own.
    let swept = state.fixes.sandbox.sweep(&[]).await.context("old sandboxes cannot be removed")?;
    if swept > 0 {
        tracing::warn!(swept, "Sandboxes of an earlier run were removed");
    }
    let stop = || state.stop.clone();
    tasks.spawn(queue::work(state.queue.clone(), state.fixes.clone(), state.config.workers, stop()));
    tasks.spawn(jobs::keep_reconciling(state.queue.clone(), state.db.clone(), state.clock.clone(), stop()));
    tasks.spawn(watch::keep_watching((*state.fixes).clone(), stop()));
    let messages = DeliveryQueue::new(&state.db);
    let notify = Arc::new(NotifyContext::from_ref(state));
    tasks.spawn(queue::work(messages.clone(), notify, notify::jobs::WORKERS, stop()));
    tasks.spawn(notify::jobs::keep_reconciling(messages, state.db.clone(), state.clock.clone(), stop()));
    Ok(())
}

async fn finish(tasks: TaskTracker) {
    tasks.close();
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!("A fix was still running; it goes on at the next start");
    }
}

async fn wait_for_signal() {
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
