//! The whole story on every product of every platform, in one running program: from a build that really fails to a
//! verified pull request that the platform really builds. Once told by webhook, once found by polling alone. Packages
//! are installed and OpenCode works where it is told by webhook; a quick project and an agent to match do for the rest.

use crate::{
    app::{App, assert_verified, until},
    world::{World, agent, fixture, own_node},
};
use deploymend::model::{EventKind, Fellow, FixDetail, FixStatus, Provider, Stage};
use standins::{
    cloudflare, github, render,
    vercel::{self, state::DeliveryMode},
};
use std::{collections::BTreeMap, time::Duration};

/// Four stories, two at a time, on a busy machine.
const STORIES: Duration = Duration::from_secs(400);

/// What a platform calls a project, and what it calls its deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    Vercel,
    Pages,
    Worker,
    Render,
}

const ALL: [Product; 4] = [Product::Vercel, Product::Pages, Product::Worker, Product::Render];

impl Product {
    const fn provider(self) -> Provider {
        match self {
            Self::Vercel => Provider::VERCEL,
            Self::Pages | Self::Worker => Provider::CLOUDFLARE,
            Self::Render => Provider::RENDER,
        }
    }

    /// Links a project to the repository. Returns the platform's id and a token.
    async fn link(self, world: &World, repository: &str) -> anyhow::Result<(String, String)> {
        let standins = world.standins.world();
        let name = format!("{self:?}").to_lowercase() + "-" + repository.trim_start_matches("acme/");
        let repository = repository.to_owned();
        Ok(match self {
            Self::Vercel => {
                let team = Some(world.seeded.team_id.clone());
                let new = vercel::actions::NewProject {
                    name,
                    team,
                    repository: Some(repository),
                    settings: own_node().await?,
                    ..Default::default()
                };
                (vercel::actions::add_project(standins, new)?.id, world.seeded.vercel_token.clone())
            }
            Self::Pages | Self::Worker => {
                let seed = cloudflare::scenario::Seed {
                    repository,
                    project: Some(name),
                    worker: self == Self::Worker,
                    ..Default::default()
                };
                let seeded = cloudflare::scenario::seed(standins, seed)?;
                (seeded.project_id, seeded.token)
            }
            Self::Render => {
                let seed = render::scenario::Seed { repository, project: Some(name), ..Default::default() };
                let seeded = render::scenario::seed(standins, seed)?;
                (seeded.project_id, seeded.token)
            }
        })
    }

    /// The platform really builds a branch and tells its webhooks. Returns its id of the deployment.
    async fn build(self, world: &World, project: &str, branch: Option<&str>) -> anyhow::Result<String> {
        let standins = world.standins.world();
        let (project, branch) = (project.to_owned(), branch.map(str::to_owned));
        Ok(match self {
            Self::Vercel => {
                let build = standins::scenario::Build { project, branch, run: true, ..Default::default() };
                standins::scenario::build(standins, build).await?.deployment.id
            }
            Self::Pages | Self::Worker => {
                let build = cloudflare::scenario::Build { project, branch, run: true, ..Default::default() };
                cloudflare::scenario::build(standins, build).await?.deployment_id
            }
            Self::Render => {
                let build = render::scenario::Build { project, branch, run: true, ..Default::default() };
                render::scenario::build(standins, build).await?.deployment_id
            }
        })
    }
}

async fn repository(world: &World, name: &str, project: &str) -> anyhow::Result<String> {
    let full_name = format!("acme/{name}");
    let new = github::actions::NewRepository {
        full_name: full_name.clone(),
        collaborators: BTreeMap::from([("octo-dev".to_owned(), github::state::Permission::Admin)]),
        folder: Some(fixture(project)),
        ..Default::default()
    };
    world.standins.add_repository(new).await?;
    Ok(full_name)
}

/// A project of each product in a repository of its own, all of them connected.
async fn connected(world: &World, project: &str) -> anyhow::Result<(App, Vec<(Product, String, String)>)> {
    let (mut places, mut tokens) = (Vec::new(), BTreeMap::new());
    for product in ALL {
        let repository = repository(world, &format!("{product:?}").to_lowercase(), project).await?;
        let (project, token) = product.link(world, &repository).await?;
        tokens.insert(product.provider(), token);
        places.push((product, repository, project));
    }
    let mut app = world.start().await?;
    for (provider, token) in tokens {
        let to = app.form(&format!("/integrations/{provider}/connect"), &[("token", &token)]).await?;
        anyhow::ensure!(!to.contains("error"), "connecting {provider} led to {to}");
    }
    Ok((app, places))
}

/// Each of them fails and is repaired, and the platform builds the repair.
async fn tell(world: &World, app: &App, places: &[(Product, String, String)]) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for (product, repository, project) in places {
        let id = product.build(world, project, None).await?;
        failed.push((*product, repository, project, id));
    }
    for (product, repository, project, id) in failed {
        let fix = app.ended(STORIES, |fix| fix.platform_deployment_id == id).await?;
        assert_verified(&fix);
        assert_eq!((fix.summary.provider, &fix.summary.repository), (product.provider(), repository));
        let finding = fix.finding.as_ref().map(|finding| finding.root_line.as_str()).unwrap_or_default();
        assert!(finding.contains("error TS"), "{product:?}: {finding}");
        let pulls = world.standins.pulls(repository);
        assert_eq!(pulls.len(), 1, "{product:?}");
        product.build(world, project, Some(&pulls[0].head)).await?;
        is_green(app, &fix, product).await?;
    }
    assert_eq!(app.fixes().await?.len(), places.len());
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

/// A project that builds, and an agent that repairs `broken-port` at once.
async fn quick() -> anyhow::Result<World> {
    let mut world = World::new("healthy").await?;
    world.settings = world.settings.set("DEPLOYMEND_OPENCODE", agent("instant").display());
    Ok(world)
}

async fn is_green(app: &App, fix: &FixDetail, product: Product) -> anyhow::Result<()> {
    let look = async || {
        let fix = app.fix(&fix.summary.id).await?;
        let builds = fix.branch_builds();
        let green = builds.iter().any(|build| build.ready && build.provider == product.provider());
        Ok(if green && fix.reached(Stage::Green).is_some() {
            Ok(())
        } else {
            Err(format!("{product:?} is not known to have built the fix: {builds:?}"))
        })
    };
    until(Duration::from_secs(60), look).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_on_any_platform_is_told_by_its_webhook_and_repaired() -> anyhow::Result<()> {
    let mut world = World::new("healthy").await?;
    // Workers Builds has no webhooks; nobody else waits for a poll.
    world.settings = world.settings.clone().set("DEPLOYMEND_POLL_INTERVAL", 5).set("DEPLOYMEND_WORKERS", 2);
    let (app, places) = connected(&world, "broken-name").await?;
    let state = || world.standins.world().state();
    assert!(!state().cloudflare.destinations.is_empty() && !state().render.webhooks.is_empty());
    tell(&world, &app, &places).await?;
    let answered = |deliveries: &[standins::webhook::Delivery]| {
        deliveries
            .iter()
            .flat_map(|delivery| &delivery.attempts)
            .filter(|attempt| attempt.succeeded())
            .count()
    };
    let state = state();
    for (name, deliveries) in [
        ("Vercel", &state.vercel.deliveries),
        ("Cloudflare", &state.cloudflare.deliveries),
        ("Render", &state.render.deliveries),
    ] {
        assert!(answered(deliveries) >= 2, "{name}: the failure and the repair");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_on_any_platform_is_found_by_polling_alone_and_repaired() -> anyhow::Result<()> {
    let mut world = quick().await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_POLL_INTERVAL", 2).set("DEPLOYMEND_WORKERS", 2);
    {
        let mut state = world.standins.world().state();
        state.vercel.delivery_mode = DeliveryMode::Drop;
        state.cloudflare.delivery_mode = DeliveryMode::Drop;
        state.render.delivery_mode = DeliveryMode::Drop;
    }
    let (app, places) = connected(&world, "broken-port").await?;
    tell(&world, &app, &places).await?;
    let state = world.standins.world().state();
    for deliveries in [&state.vercel.deliveries, &state.cloudflare.deliveries, &state.render.deliveries] {
        assert!(deliveries.iter().all(|delivery| delivery.attempts.is_empty()), "nothing was delivered");
    }
    Ok(())
}

/// Pages builds with a script of its own, so that what does for Vercel does not do there.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_red_on_one_platform_is_repaired_again() -> anyhow::Result<()> {
    let mut world = World::new("healthy").await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_POLL_INTERVAL", 2);
    let full_name = "acme/two-ways".to_owned();
    let package = r#"{"name":"two-ways","private":true,"scripts":{"build":"tsc -p .","build:pages":"tsc -p pages"},
        "devDependencies":{"typescript":"5.9.3"}}"#;
    let config = |folder: &str| {
        format!(r#"{{"compilerOptions":{{"strict":true,"noEmit":true}},"include":["{folder}"]}}"#)
    };
    let broken = |name: &str| format!("const {name}: number = \"7\";\nexport const twice = {name} * 2;\n");
    let files = [
        ("package.json", package.to_owned()),
        ("tsconfig.json", config("src")),
        ("pages/tsconfig.json", config("app")),
        ("src/main.ts", broken("count")),
        ("pages/app/page.ts", broken("page")),
    ];
    let new = github::actions::NewRepository {
        full_name: full_name.clone(),
        collaborators: BTreeMap::from([("octo-dev".to_owned(), github::state::Permission::Admin)]),
        files: files.map(|(path, text)| (path.to_owned(), Some(text))).into(),
        ..Default::default()
    };
    world.standins.add_repository(new).await?;
    let (on_vercel, _) = Product::Vercel.link(&world, &full_name).await?;
    let seed = cloudflare::scenario::Seed {
        repository: full_name.clone(),
        settings: serde_json::from_value(serde_json::json!({"build_command": "npm run build:pages"}))?,
        ..Default::default()
    };
    let pages = cloudflare::scenario::seed(world.standins.world(), seed)?;
    let mut app = world.start().await?;
    let to = app.form("/integrations/cloudflare/connect", &[("token", &pages.token)]).await?;
    anyhow::ensure!(!to.contains("error"), "{to}");

    let failed = Product::Vercel.build(&world, &on_vercel, None).await?;
    let first = app.ended(STORIES, |fix| fix.platform_deployment_id == failed).await?;
    assert_verified(&first);
    let [pull] = &world.standins.pulls(&full_name)[..] else { anyhow::bail!("one pull request") };
    let first_head = pull.head_sha.clone();
    Product::Vercel.build(&world, &on_vercel, Some(&pull.head)).await?;
    is_green(&app, &first, Product::Vercel).await?;
    Product::Pages.build(&world, &pages.project_id, Some(&pull.head)).await?;

    let pushed = async || {
        let pulls = world.standins.pulls(&full_name);
        let status = app.fix(&first.summary.id).await?.summary.status;
        Ok(if pulls[0].head_sha != first_head && !status.is_unfinished() {
            Ok(())
        } else {
            Err(format!("no second attempt was handed in: {status:?}"))
        })
    };
    until(STORIES, pushed).await?;
    let second = app.fix(&first.summary.id).await?;
    assert_verified(&second);
    assert_eq!((second.summary.attempt, world.standins.pulls(&full_name).len()), (2, 1));
    let resumed =
        |event: &EventKind| matches!(event, EventKind::Note { text, .. } if text.contains("restart"));
    assert!(!second.events.iter().any(|event| resumed(&event.kind)), "nothing was restarted");
    let diff = second.diff.clone().unwrap_or_default();
    assert!(diff.contains("src/main.ts") && diff.contains("pages/app/page.ts"), "{diff}");
    for (product, project) in [(Product::Vercel, &on_vercel), (Product::Pages, &pages.project_id)] {
        product.build(&world, project, Some(&pull.head)).await?;
        is_green(&app, &second, product).await?;
    }
    assert_eq!(app.fixes().await?.len(), 1, "the red branch is no failure of its own");
    let told = async || {
        let body = world.standins.pulls(&full_name)[0].body.clone().unwrap_or_default();
        Ok(if body.contains("Green on Vercel") && body.contains("Green on Cloudflare") {
            Ok(())
        } else {
            Err(body)
        })
    };
    until(Duration::from_secs(90), told).await?;
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_commit_that_fails_on_two_platforms_is_one_pull_request() -> anyhow::Result<()> {
    let mut world = quick().await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_WORKERS", 2);
    let repository = repository(&world, "everywhere", "broken-port").await?;
    let (on_vercel, _) = Product::Vercel.link(&world, &repository).await?;
    let (on_pages, cloudflare) = Product::Pages.link(&world, &repository).await?;
    let (on_render, render) = Product::Render.link(&world, &repository).await?;
    let mut app = world.start().await?;
    for (provider, token) in [("cloudflare", cloudflare), ("render", render)] {
        let to = app.form(&format!("/integrations/{provider}/connect"), &[("token", &token)]).await?;
        anyhow::ensure!(!to.contains("error"), "{to}");
    }
    let places = [(Product::Vercel, on_vercel), (Product::Pages, on_pages), (Product::Render, on_render)];
    let mut fixes = Vec::new();
    for (product, project) in &places {
        let id = product.build(&world, project, None).await?;
        fixes.push(app.ended(STORIES, |fix| fix.platform_deployment_id == id).await?);
    }
    let [leader, rest @ ..] = &fixes[..] else { anyhow::bail!("no fixes") };
    assert_verified(leader);
    for follower in rest {
        assert_eq!(follower.summary.status, FixStatus::Skipped, "{:?}", follower.summary);
        assert_eq!(follower.summary.reason_code.as_deref(), Some("same_commit"));
        let points_to_it = |fellow: &Fellow| fellow.id == leader.summary.id && fellow.pr_url.is_some();
        assert!(follower.fellows.iter().any(points_to_it), "{:?}", follower.fellows);
    }
    let pulls = world.standins.pulls(&repository);
    assert_eq!((pulls.len(), world.standins.creates(&format!("/repos/{repository}/pulls")).calls), (1, 1));
    assert_eq!(app.fix(&leader.summary.id).await?.fellows.len(), 2);
    for (product, project) in &places {
        product.build(&world, project, Some(&pulls[0].head)).await?;
        is_green(&app, leader, *product).await?;
    }
    let told = async || {
        let body = world.standins.pulls(&repository)[0].body.clone().unwrap_or_default();
        let all = [
            "Failed on Cloudflare",
            "Failed on Render",
            "Green on Vercel",
            "Green on Cloudflare",
            "Green on Render",
        ];
        Ok(if all.iter().all(|words| body.contains(words)) { Ok(()) } else { Err(body) })
    };
    until(Duration::from_secs(90), told).await?;
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}
