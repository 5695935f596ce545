//! What happens: two projects, one of which fails, and what the product makes of it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::app::App;
use crate::Standins;
use crate::git::Author;
use crate::scenario::{Build, Seed, Seeded};

const LOOK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(900);

/// The projects at the platforms.
pub struct Story {
    broken: Seeded,
}

impl Story {
    /// Puts both projects into repositories and onto the platform.
    pub async fn prepare(standins: &Standins, healthy: &Path, broken: &Path) -> anyhow::Result<Story> {
        let seed = |repository: &str, folder: &Path| Seed {
            repository: repository.to_owned(),
            folder: Some(folder.to_owned()),
            author: Author::default(),
            ..Seed::default()
        };
        standins.seed(seed("acme/landing", healthy)).await?;
        let broken = standins.seed(seed("acme/shop-web", broken)).await?;
        Ok(Story { broken })
    }

    /// Connects both accounts.
    pub async fn connect(&self, app: &mut App) -> anyhow::Result<()> {
        app.form("/integrations/github/connect", &[("token", &self.broken.github_token)]).await?;
        app.form("/integrations/vercel/connect", &[("token", &self.broken.vercel_token)]).await
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
            if matches!(
                fix["summary"]["status"].as_str(),
                Some("pr_created" | "merged" | "failed" | "skipped")
            ) {
                say("deploymend", &format!("ended after {:.1} s", started.elapsed().as_secs_f64()));
                return Ok(fix);
            }
        }
    }
}

fn say(who: &str, what: &str) {
    println!("{who:<11}  {what}");
}

fn sentence(kind: &Value) -> Option<String> {
    let text = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
    Some(match kind["type"].as_str()? {
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
