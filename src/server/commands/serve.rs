//! `deploymend serve`, `work` and `migrate`: the parts are made, joined, run until a signal, and stopped in order.

use crate::server::{
    agent::gateway::{Gateway, ModelSettings},
    auth::AuthContext,
    clock::{Clock, new_id},
    config::Config,
    crypto::KeyRing,
    db::{self, Db, Pool},
    diagnosis::redact,
    fix::{
        FixContext,
        at_work::AtWork,
        capacity::Capacity,
        jobs::{self, JobQueue, Waker},
        sweep, watch,
    },
    home::Home,
    http::{self, limits::connections},
    intake::{self, IntakeContext},
    integrations::Registry,
    live::{self, Bus},
    notify::{self, NotifyContext, jobs::DeliveryQueue},
    queue, retention,
    sandbox::{
        bubblewrap::{self, Bubblewrap},
        doors::Doors,
        observed::Observed,
        vercel::VercelSandboxes,
    },
    source::TrustedProxies,
    state::AppState,
    telemetry::{self, export::Export},
};
use anyhow::Context as _;
use axum::extract::FromRef as _;
use leptos::config::LeptosOptions;
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often a worker that is to leave looks whether there is something left to do.
const DRAINED: Duration = Duration::from_secs(1);

const NO_EXPORT: &str = "spans cannot be sent";

/// Serves until SIGINT or SIGTERM.
pub async fn run(config: Config, worker: bool) -> anyhow::Result<ExitCode> {
    let export = telemetry::start(&config).context(NO_EXPORT)?;
    // Crash points of the tests; nothing in a build without them.
    let _crash_points = fail::FailScenario::setup();
    let state = assemble(config).await?;
    state.auth.announce_set_up().await.context("the owner account could not be looked up")?;
    let tasks = TaskTracker::new();
    start_relay(&state, &tasks);
    start_monitoring(&state, &tasks).await?;
    start_gateway(&state, &tasks).await?;
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
    let (stopped, fixes) = (state.stop.clone(), state.fixes.clone());
    let proxies = TrustedProxies::new(&state.config.trusted_proxies);
    let router = http::router(state);
    connections::serve(listener, router, connections::Limits::default(), proxies, stopped).await;
    finish(tasks, &fixes).await;
    send_last_spans(export).await;
    Ok(ExitCode::SUCCESS)
}

/// Fixes until SIGINT or SIGTERM; where it is to `drain`, also until nothing is left to fix.
pub async fn work(config: Config, drain: bool) -> anyhow::Result<ExitCode> {
    let export = telemetry::start(&config).context(NO_EXPORT)?;
    let _crash_points = fail::FailScenario::setup();
    let state = assemble(config).await?;
    let tasks = TaskTracker::new();
    start_relay(&state, &tasks);
    start_monitoring(&state, &tasks).await?;
    start_gateway(&state, &tasks).await?;
    start_worker(&state, &tasks).await?;
    tokio::select! {
        () = wait_for_signal() => tracing::info!("Stopping"),
        () = drained(&state.fixes), if drain => tracing::info!("Nothing is left to fix"),
    }
    state.stop.cancel();
    finish(tasks, &state.fixes).await;
    send_last_spans(export).await;
    Ok(ExitCode::SUCCESS)
}

/// Until no fix waits for a worker, and none is in this one's hands.
async fn drained(fixes: &FixContext) {
    loop {
        match db::fixes::left_to(&fixes.db, &fixes.owner, fixes.clock.now()).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "What is left to fix cannot be counted yet"),
        }
        tokio::time::sleep(DRAINED).await;
    }
}

/// Brings the schema up to date.
pub async fn migrate(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start(&Config { otlp_endpoint: None, ..config.clone() }).context(NO_EXPORT)?;
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
    assemble_at(config, Clock::System).await
}

/// The same, going by another clock.
pub async fn assemble_at(config: Config, clock: Clock) -> anyhow::Result<AppState> {
    if config.redact_mail {
        redact::hide_mail_addresses();
    }
    let db = open_database(&config).await?;
    queue::migrate(&db).await?;
    let queue = JobQueue::new(&db);
    let keys = Arc::new(KeyRing::load(&config).context("the encryption key cannot be used")?);
    let registry = Arc::new(Registry::new(&config, clock.clone())?);
    let leptos = LeptosOptions::builder()
        .output_name("deploymend")
        .site_root(config.site_dir.to_string_lossy().into_owned())
        .site_addr(config.listen)
        .build();
    let config = Arc::new(config);
    let bus = Bus::default();
    let owner = new_id();
    let home = Home::make(&config.data_dir, &owner).context("cannot make a folder for sandboxes")?;
    let home = Arc::new(home);
    let doors = Doors::default();
    let vercel_sandboxes = VercelSandboxes::new(&config, &home.sandboxes(), doors.clone(), clock.clone())?;
    let fixes = Arc::new(FixContext {
        db: db.clone(),
        keys: keys.clone(),
        registry: registry.clone(),
        config: config.clone(),
        clock: clock.clone(),
        bus: bus.clone(),
        sandbox: Arc::new(Observed(Bubblewrap::new(bubblewrap::Settings::new(&config, &home.sandboxes())))),
        gateway: Gateway::new(ModelSettings::new(&config)).context("the model's client cannot be set up")?,
        vercel_sandboxes,
        doors,
        owner,
        capacity: Capacity::new(&config, home.clone()),
        at_work: AtWork::default(),
        home,
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

/// Answers agents in sandboxes elsewhere on an address of their own, if there is one.
async fn start_gateway(state: &AppState, tasks: &TaskTracker) -> anyhow::Result<()> {
    let Some(address) = state.config.gateway_listen else { return Ok(()) };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} for agents elsewhere"))?;
    tracing::info!(address = %listener.local_addr()?, "Agents in sandboxes elsewhere are answered");
    let doors = state.fixes.doors.clone();
    doors.answer();
    let (routes, stop) = (http::model::router().with_state(doors), state.stop.clone());
    let proxies = TrustedProxies::new(&state.config.trusted_proxies);
    tasks.spawn(connections::serve(listener, routes, connections::Limits::default(), proxies, stop));
    Ok(())
}

async fn start_worker(state: &AppState, tasks: &TaskTracker) -> anyhow::Result<()> {
    require_isolation(state).await?;
    // What a crash left behind keeps memory and disk; fixes that go on make their own.
    sweep::sweep(&state.fixes).await.context("what an earlier run left behind cannot be removed")?;
    let stop = || state.stop.clone();
    tasks.spawn(sweep::keep_sweeping((*state.fixes).clone(), stop()));
    tasks.spawn(queue::work(state.queue.clone(), state.fixes.clone(), state.config.workers, stop()));
    tasks.spawn(jobs::keep_reconciling(state.queue.clone(), state.db.clone(), state.clock.clone(), stop()));
    tasks.spawn(watch::keep_watching((*state.fixes).clone(), stop()));
    let messages = DeliveryQueue::new(&state.db);
    let notify = Arc::new(NotifyContext::from_ref(state));
    tasks.spawn(queue::work(messages.clone(), notify, notify::jobs::WORKERS, stop()));
    tasks.spawn(notify::jobs::keep_reconciling(messages, state.db.clone(), state.clock.clone(), stop()));
    Ok(())
}

/// Fixes run other people's code: without the isolation that takes, none is started.
async fn require_isolation(state: &AppState) -> anyhow::Result<()> {
    match state.fixes.sandbox.ready().await {
        Ok(()) => Ok(()),
        Err(error) if state.config.allow_weak_sandbox => {
            tracing::warn!(%error, "Fixes cannot run, and the setting says to start all the same");
            Ok(())
        }
        Err(error) => Err(error).context(
            "fixes are not started: `deploymend doctor` says line by line what is missing. To serve the pages and \
             fix nothing here, use `serve --no-worker`; to do without what is missing, set \
             DEPLOYMEND_ALLOW_WEAK_SANDBOX=true",
        ),
    }
}

/// Notices of other processes on the same database.
fn start_relay(state: &AppState, tasks: &TaskTracker) {
    if let Pool::Postgres(pool) = &state.db.pool {
        let (bus, owner) = (state.bus.clone(), state.fixes.owner.clone());
        tasks.spawn(live::relay::keep_relaying(pool.clone(), bus, owner, state.stop.clone()));
    }
}

/// Lets fixes end that are under way, and gives those back that do not end in time.
async fn finish(tasks: TaskTracker, fixes: &FixContext) {
    tasks.close();
    let ended = tokio::time::timeout(fixes.config.stop_grace, tasks.wait()).await.is_ok();
    if !ended {
        tracing::warn!("A fix was still under way; another worker, or the next start, goes on with it");
        if let Err(error) = db::fixes::release_all(&fixes.db, &fixes.owner).await {
            tracing::warn!(%error, "Fixes could not be given back; others wait for their leases to run out");
        }
        return;
    }
    if let Err(error) = fixes.home.remove() {
        tracing::warn!(%error, "The folder for sandboxes could not be removed");
    }
}

async fn send_last_spans(export: Option<Export>) {
    if let Some(export) = export {
        export.finish().await;
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
