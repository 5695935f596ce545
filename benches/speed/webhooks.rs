//! Deliveries of failed deployments, each signed and stored with its fix, the fix's first event and the decision. As
//! many start a fix as the settings allow in a day, the others are stored as skipped. No worker runs.

use crate::{
    load::{self, Load},
    memory, pages,
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
/// What becomes of a failure that is new.
const STORED: [&str; 2] = ["queued", "skipped"];
const ONE: Load = Load { clients: 1, requests: 4_000 };
const MANY: Load = Load { clients: 32, requests: 30_000 };

pub async fn measure() -> anyhow::Result<Vec<Row>> {
    let mut world = crate::world().await?;
    world.settings.flags.push("--no-worker");
    let app = world.start().await?;
    let deliveries = Deliveries::new(&world).await?;
    let address = app.base.trim_start_matches("http://").to_owned();
    let new = async |load| {
        let request = || deliveries.request(&address, deliveries.next());
        load::run(&address, load, request, |answer| expect(answer, &STORED)).await
    };
    let again = async |load| {
        let request = || deliveries.request(&address, 0);
        load::run(&address, load, request, |answer| expect(answer, &["duplicate"])).await
    };
    let mut rows = vec![
        Row::load("webhook, 1 client", "p99 under 5 ms", &new(ONE).await?),
        Row::load("webhook, 32 clients", "p99 under 5 ms", &new(MANY).await?),
        Row::load("the same webhook again, 32 clients", "", &again(MANY).await?),
        memory::row("memory, after the webhooks", "under 120 MiB", &app)?,
    ];
    // The list has to stay fast however many fixes there are.
    let list = pages::visit(&app, pages::LIST, pages::MANY).await?;
    let fixes = deliveries.made.get() + 1;
    rows.push(Row::load(format!("list of deployments over {fixes} fixes, 16 clients"), "", &list));
    Ok(rows)
}

/// What was decided on each delivery is part of the measurement: a refusal would be fast.
fn expect(answer: &Response<Bytes>, actions: &[&str]) -> anyhow::Result<()> {
    let body: Value = serde_json::from_slice(answer.body())?;
    anyhow::ensure!(
        answer.status() == StatusCode::OK && actions.iter().any(|action| body["action"] == *action),
        "expected one of {actions:?}: {} {body}",
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
