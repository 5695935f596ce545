//! Deliveries of failed deployments, each signed and stored: the row of the fix, its first event, the delivery, and
//! the job that wakes a worker. No worker runs.

use crate::{
    load::{self, Load},
    memory,
    report::Row,
    world::World,
};
use anyhow::Context as _;

use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Bytes};
use serde_json::{Value, json};
use standins::webhook::sha1_hex;
use std::cell::Cell;

const PATH: &str = "/api/integrations/vercel/webhooks";
const ONE: Load = Load { clients: 1, requests: 4_000 };
const MANY: Load = Load { clients: 32, requests: 30_000 };

pub async fn measure() -> anyhow::Result<Vec<Row>> {
    let mut world = crate::world().await?;
    world.settings.flags.push("--no-worker");
    // Far from the daily limit, so that every delivery starts a fix.
    world.settings = world.settings.set("DEPLOYMEND_DAILY_FIXES", u32::MAX);
    let app = world.start().await?;
    let deliveries = Deliveries::new(&world).await?;
    let address = app.base.trim_start_matches("http://").to_owned();
    let send =
        async |load, request: &dyn Fn() -> anyhow::Result<Request<Full<Bytes>>>, action: &'static str| {
            load::run(&address, load, request, |answer| expect(answer, action)).await
        };
    let new = || deliveries.request(&address, deliveries.next());
    let same = || deliveries.request(&address, 0);
    let mut rows = vec![
        Row::load("webhook, 1 client", "", &send(ONE, &new, "queued").await?),
        Row::load("webhook, 32 clients", "p99 under 5 ms", &send(MANY, &new, "queued").await?),
        Row::load("the same webhook again, 32 clients", "", &send(MANY, &same, "duplicate").await?),
    ];
    rows.push(memory::row("memory, after the webhooks", "under 120 MiB", &app)?);
    Ok(rows)
}

/// What was decided on each delivery is part of the measurement: a refusal would be fast.
fn expect(answer: &Response<Bytes>, action: &str) -> anyhow::Result<()> {
    let body: Value = serde_json::from_slice(answer.body())?;
    anyhow::ensure!(
        answer.status() == StatusCode::OK && body["action"] == action,
        "expected {action}: {} {body}",
        answer.status()
    );
    Ok(())
}

/// Deliveries like the one that the platform made, each about another deployment.
struct Deliveries {
    template: Value,
    secret: String,
    made: Cell<usize>,
}

impl Deliveries {
    /// Lets the platform tell about a failure, which also is the one that comes again.
    async fn new(world: &World) -> anyhow::Result<Self> {
        let log = "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.";
        let (_, made) = world.standins.break_project(&world.seeded.project_id, None, log, true).await?;
        let delivery = made.first().context("the platform told nobody")?;
        let webhook = world.standins.webhooks().into_iter().find(|webhook| webhook.id == delivery.webhook_id);
        Ok(Self {
            template: serde_json::from_str(&delivery.body)?,
            secret: webhook.context("no such webhook")?.secret,
            made: Cell::new(0),
        })
    }

    fn next(&self) -> usize {
        self.made.update(|made| made + 1);
        self.made.get()
    }

    /// Number 0 is the delivery that was made first.
    fn request(&self, address: &str, number: usize) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut body = self.template.clone();
        if number > 0 {
            body["id"] = json!(format!("uev_{number:024}"));
            body["payload"]["deployment"]["id"] = json!(format!("dpl_{number:024}"));
        }
        let body = body.to_string();
        let signature = sha1_hex(&self.secret, body.as_bytes());
        Ok(Request::post(PATH)
            .header("host", address)
            .header("content-type", "application/json")
            .header("x-vercel-signature", signature)
            .body(Full::from(body))?)
    }
}
