//! What happens: projects on three platforms, of which some fail, and what the product makes of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::app::App;
use crate::git::Author;
use crate::github::actions::NewRepository;
use crate::github::state::Permission;
use crate::scenario::{Build, Seed, Seeded};
use crate::{Standins, cloudflare, render};

const LOOK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(900);

/// The projects at the platforms.
pub struct Story {
    broken: Seeded,
    /// Fails on Cloudflare Pages.
    docs: cloudflare::scenario::Seeded,
    /// Fails on Render.
    api: render::scenario::Seeded,
}

impl Story {
    /// Puts the projects into repositories and onto their platforms.
    pub async fn prepare(standins: &Standins, fixtures: &Path, broken: &Path) -> anyhow::Result<Story> {
        let seed = |repository: &str, folder: &Path| Seed {
            repository: repository.to_owned(),
            folder: Some(folder.to_owned()),
            author: Author::default(),
            ..Seed::default()
        };
        standins.seed(seed("acme/landing", &fixtures.join("healthy"))).await?;
        let broken = standins.seed(seed("acme/shop-web", broken)).await?;
        let world = standins.world();
        for (repository, folder) in [("acme/docs", "broken-import"), ("acme/api", "broken-name")] {
            let new = NewRepository {
                full_name: repository.to_owned(),
                collaborators: BTreeMap::from([(Seed::default().login, Permission::Admin)]),
                folder: Some(fixtures.join(folder)),
                ..NewRepository::default()
            };
            standins.add_repository(new).await?;
        }
        let repository = "acme/docs".to_owned();
        let docs = cloudflare::scenario::Seed { repository, ..Default::default() };
        let repository = "acme/api".to_owned();
        let api = render::scenario::Seed { repository, ..Default::default() };
        Ok(Story {
            broken,
            docs: cloudflare::scenario::seed(world, docs)?,
            api: render::scenario::seed(world, api)?,
        })
    }

    /// Connects GitHub and the platforms.
    pub async fn connect(&self, app: &mut App) -> anyhow::Result<()> {
        for (account, token) in [
            ("github", &self.broken.github_token),
            ("vercel", &self.broken.vercel_token),
            ("cloudflare", &self.docs.token),
            ("render", &self.api.token),
        ] {
            app.form(&format!("/integrations/{account}/connect"), &[("token", token)]).await?;
        }
        Ok(())
    }

    /// Lets the other platforms fail, too, and prints how their fixes end.
    pub async fn tell_of_others(&self, standins: &Standins, app: &App) -> anyhow::Result<()> {
        let project = self.docs.project_id.clone();
        let docs = cloudflare::scenario::Build { project, run: true, ..Default::default() };
        cloudflare::scenario::build(standins.world(), docs).await?;
        let project = self.api.project_id.clone();
        let api = render::scenario::Build { project, run: true, ..Default::default() };
        render::scenario::build(standins.world(), api).await?;
        say("platform", "docs fails on Cloudflare, and api on Render");
        for (name, project) in [("Cloudflare", "docs"), ("Render", "api")] {
            let ended = self.ended(app, project).await?;
            let fix = &ended["summary"];
            let what = match fix["pr_number"].as_i64() {
                Some(number) => format!("pull request #{number} of acme/{project}"),
                None => fix["reason"].as_str().unwrap_or_default().to_owned(),
            };
            say("deploymend", &format!("{name}: {what}"));
        }
        Ok(())
    }

    async fn ended(&self, app: &App, project: &str) -> anyhow::Result<Value> {
        let started = std::time::Instant::now();
        loop {
            anyhow::ensure!(started.elapsed() < PATIENCE, "the fix of {project} did not end in time");
            tokio::time::sleep(LOOK).await;
            let list = app.get(&format!("/api/deployments?project={project}")).await?;
            let Some(id) = list["deployments"][0]["fix"]["id"].as_str() else { continue };
            let fix = app.get(&format!("/api/deployments/{id}")).await?;
            if is_over(&fix) {
                return Ok(fix);
            }
        }
    }

    /// Lets the platform build both, and prints what happens until the fix has ended. Returns it as JSON.
    pub async fn tell(&self, standins: &Standins, app: &App) -> anyhow::Result<Value> {
        let build = |project: &str| Build { project: project.to_owned(), run: true, ..Build::default() };
        let healthy = standins.build(build("landing")).await?;
        say("platform", &format!("landing is {}", healthy.deployment.state));
        let broken = standins.build(build("shop-web")).await?;
        let code = broken.exit_code.map_or("without a code".to_owned(), |code| code.to_string());
        say("platform", &format!("shop-web is {}: its build exits {code}", broken.deployment.state));
        anyhow::ensure!(broken.exit_code != Some(0), "the project builds: there is nothing to repair");
        for delivery in &broken.deliveries {
            let answers: Vec<_> = delivery.attempts.iter().filter_map(|attempt| attempt.status).collect();
            say("platform", &format!("webhook {} answered {answers:?}", delivery.id));
        }
        let started = std::time::Instant::now();
        let mut told = 0;
        loop {
            anyhow::ensure!(started.elapsed() < PATIENCE, "the fix did not end in time");
            tokio::time::sleep(LOOK).await;
            let list = app.get("/api/deployments?tab=failed").await?;
            let Some(id) = list["deployments"][0]["fix"]["id"].as_str() else { continue };
            let fix = app.get(&format!("/api/deployments/{id}")).await?;
            let events = fix["events"].as_array().cloned().unwrap_or_default();
            for event in &events[told..] {
                if let Some(line) = sentence(&event["kind"]) {
                    say("deploymend", &line);
                }
            }
            told = events.len();
            if is_over(&fix) {
                say("deploymend", &format!("ended after {:.1} s", started.elapsed().as_secs_f64()));
                return Ok(fix);
            }
        }
    }
}

fn is_over(fix: &Value) -> bool {
    matches!(fix["summary"]["status"].as_str(), Some("pr_created" | "merged" | "failed" | "skipped"))
}

fn say(who: &str, what: &str) {
    println!("{who:<11}  {what}");
}

/// An event as people read it; its kind is the one key around it.
fn sentence(event: &Value) -> Option<String> {
    let (name, kind) = event.as_object()?.iter().next()?;
    let text = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
    Some(match name.as_str() {
        "status" => match kind["reason"].as_str() {
            Some(reason) => format!("{}: {reason}", text("status")),
            None => text("status"),
        },
        "diagnosed" => format!("diagnosed: {}", kind["finding"]["message"].as_str().unwrap_or_default()),
        "command" => format!("{}: `{}` exits {}", text("purpose"), text("command"), kind["exit_code"]),
        "attempt_started" => format!("attempt {} with {}", kind["number"], text("model")),
        "agent" => format!(
            "  {} {}",
            kind["step"]["tool"].as_str().unwrap_or_default(),
            kind["step"]["title"].as_str().unwrap_or_default()
        ),
        "attempt_ended" => {
            format!("attempt ended: {}", kind["attempt"]["outcome"].as_str().unwrap_or_default())
        }
        "patch" => "the patch:\n".to_owned() + &text("diff"),
        "guard" => {
            let checks = kind["checks"].as_array().map_or(&[][..], Vec::as_slice);
            let passed = checks.iter().filter(|check| check["passed"] == true).count();
            format!("guard: {passed} of {} checks hold", checks.len())
        }
        "pull_request" => format!("pull request #{}: {}", kind["number"], text("url")),
        "note" => text("text"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use serde_json::json;

    #[test]
    fn events_are_read_as_the_product_writes_them() {
        let command = json!({"command": {"purpose": "verify", "command": "npm run build", "exit_code": 0}});
        assert_eq!(sentence(&command).as_deref(), Some("verify: `npm run build` exits 0"));
        let opened = json!({"pull_request": {"number": 7, "url": "http://x/7"}});
        assert_eq!(sentence(&opened).as_deref(), Some("pull request #7: http://x/7"));
        assert_eq!(sentence(&json!({"of_tomorrow": {}})), None);
    }
}
