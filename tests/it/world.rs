//! The whole world of a story: stand-ins, a database, and the product as a child process.

use crate::app::{App, Settings, settings};
use anyhow::Context as _;
#[cfg(feature = "failpoints")]
use deploymend::server::db::testing;
use serde_json::{Map, Value, json};
use standins::{
    Options, Standins, build,
    scenario::{Build, Built, Seed, Seeded},
};
use std::{
    any::Any,
    path::{Path, PathBuf},
};

/// Everything that a story needs. The port stays the same over restarts: webhooks point to it.
pub struct World {
    pub standins: Standins,
    pub seeded: Seeded,
    /// Holds the database and the data folder until the end.
    _kept: Box<dyn Any + Send + Sync>,
    pub settings: Settings,
}

/// The repository of the quick project.
pub const QUICK: &str = "acme/app";
/// Its build: nothing is installed, and a script looks at one line.
const QUICK_BUILD: &str = r#"if grep -q '= "1"' src/state.ts; then
  echo "src/state.ts(1,14): error TS2322: Type 'string' is not assignable to type 'number'."
  exit 2
fi
"#;
/// What its build prints.
pub const QUICK_LOG: &str = "Running \"sh build.sh\"\nsrc/state.ts(1,14): error TS2322: Type 'string' is not assignable to type 'number'.\nError: Command \"sh build.sh\" exited with 2\n";

/// A person with tokens, and on Vercel a project that does not build, and takes no time to say so.
pub async fn seed_quick(standins: &Standins, repository: &str) -> anyhow::Result<Seeded> {
    let files = [
        ("build.sh", QUICK_BUILD.to_owned()),
        ("src/state.ts", "export const state: number = \"1\";\n".to_owned()),
        // Else a build fetches the version that its platform has by default.
        (".node-version", build::node_version().await?),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), Some(text))).into();
    let mut settings = own_node().await?;
    settings.insert("installCommand".into(), json!("true"));
    settings.insert("buildCommand".into(), json!("sh build.sh"));
    standins.seed(Seed { repository: repository.to_owned(), files, settings, ..Seed::default() }).await
}

/// Programs in OpenCode's place: `instant` repairs the quick project and the fixture `broken-port` at once, `waiting`
/// after a while, `hanging` never.
pub fn agent(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("end2end/standins/agents").join(name).join("opencode")
}

/// A project of `end2end/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("end2end/fixtures").join(name)
}

/// Settings of a Vercel project that is built with this machine's Node.js. A fix fetches any other one, twice, which
/// takes longer than the rest of it; a story of its own is about that.
pub async fn own_node() -> anyhow::Result<Map<String, Value>> {
    let version = build::node_version().await?;
    let major = version.split('.').next().unwrap_or_default();
    Ok(Map::from_iter([("nodeVersion".to_owned(), json!(format!("{major}.x")))]))
}

impl World {
    /// A world with a database of its own, of the kind that the tests run on.
    #[cfg(feature = "failpoints")]
    pub async fn new(project: &str) -> anyhow::Result<Self> {
        let test = testing::fresh().await?;
        let (data, url) = (test.folder.path().join("data"), test.url.clone());
        Self::with(project, &data, &url, test).await
    }

    /// One in which neither the project nor the agent is looked at: the quick project, and an agent that repairs it at
    /// once.
    #[cfg(feature = "failpoints")]
    pub async fn quick() -> anyhow::Result<Self> {
        let test = testing::fresh().await?;
        let (data, url) = (test.folder.path().join("data"), test.url.clone());
        Self::quick_with(&data, &url, test).await
    }

    pub async fn quick_with(
        data: &Path,
        database_url: &str,
        kept: impl Any + Send + Sync,
    ) -> anyhow::Result<Self> {
        let standins = Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() })?;
        let seeded = seed_quick(&standins, QUICK).await?;
        let mut world = Self::of(standins, seeded, data, database_url, kept)?;
        world.settings = world.settings.set("DEPLOYMEND_OPENCODE", agent("instant").display());
        Ok(world)
    }

    /// Stand-ins with one project made from a fixture, and the settings that lead the product there.
    pub async fn with(
        project: &str,
        data: &Path,
        database_url: &str,
        kept: impl Any + Send + Sync,
    ) -> anyhow::Result<Self> {
        let standins = Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() })?;
        let seed = Seed { folder: Some(fixture(project)), settings: own_node().await?, ..Seed::default() };
        let seeded = standins.seed(seed).await?;
        Self::of(standins, seeded, data, database_url, kept)
    }

    /// The same with stand-ins that are there already.
    pub fn of(
        standins: Standins,
        seeded: Seeded,
        data: &Path,
        database_url: &str,
        kept: impl Any + Send + Sync,
    ) -> anyhow::Result<Self> {
        let port = crate::ports::port()?;
        let settings = facing(settings(data, database_url), &standins)
            .set("DEPLOYMEND_LISTEN", format!("127.0.0.1:{port}"))
            .set("DEPLOYMEND_PUBLIC_URL", format!("http://127.0.0.1:{port}"))
            .set("DEPLOYMEND_ALLOW_LOOPBACK_WEBHOOKS", "true")
            .set("DEPLOYMEND_OPENCODE", opencode()?.display());
        Ok(Self { standins, seeded, _kept: Box::new(kept), settings })
    }

    /// A started product with an owner and both accounts connected.
    pub async fn start(&self) -> anyhow::Result<App> {
        let mut app = App::start(&self.settings)?;
        app.set_up().await?;
        for (path, token) in [
            ("/integrations/github/connect", &self.seeded.github_token),
            ("/integrations/vercel/connect", &self.seeded.vercel_token),
        ] {
            let to = app.form(path, &[("token", token)]).await?;
            anyhow::ensure!(!to.contains("error"), "{path} led to {to}");
        }
        Ok(app)
    }

    /// The product again after a crash, signed in.
    pub async fn restart(&self, settings: &Settings) -> anyhow::Result<App> {
        let mut app = App::start(settings)?;
        app.sign_in().await?;
        Ok(app)
    }

    /// The platform really installs and builds the project, and tells the product what came of it.
    pub async fn platform_builds(&self, deliver: bool) -> anyhow::Result<Built> {
        let build = Build { project: self.seeded.project_id.clone(), run: true, deliver, ..Build::default() };
        self.standins.build(build).await
    }

    /// How often GitHub was asked to create a pull request.
    pub fn pull_requests_asked_for(&self) -> usize {
        self.standins.creates(&format!("/repos/{}/pulls", self.seeded.repository)).calls
    }
}

/// Settings by which the stand-ins take the place of the platforms, of GitHub and of the model.
pub fn facing(settings: Settings, standins: &Standins) -> Settings {
    settings
        .set("DEPLOYMEND_VERCEL_API", standins.vercel_url())
        .set("DEPLOYMEND_VERCEL_SANDBOX_API", standins.vercel_url())
        .set("DEPLOYMEND_CLOUDFLARE_API", standins.cloudflare_url())
        .set("DEPLOYMEND_RENDER_API", standins.render_url())
        .set("DEPLOYMEND_GITHUB_API", standins.github_api_url())
        .set("DEPLOYMEND_GITHUB_URL", standins.github_url())
        .set("DEPLOYMEND_MODEL_URL", standins.model_url())
        .set("DEPLOYMEND_MODEL_KEY", standins.model_key())
        .set("DEPLOYMEND_MODEL", "scripted")
}

/// The real one.
pub fn opencode() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os("DEPLOYMEND_OPENCODE") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tools/node_modules/opencode-linux-x64/bin/opencode"),
    };
    path.canonicalize().with_context(|| format!("{} is missing: run scripts/setup.sh run", path.display()))
}
