//! Deliveries of all kinds, made after the one that the platform really sent.

use anyhow::Context as _;
use http_body_util::Full;
use hyper::{Request, body::Bytes};
use serde_json::{Value, json};
use standins::{
    Standins,
    webhook::{Delivery, sha1_hex},
};

const VERCEL: &str = "/api/integrations/vercel/webhooks";
/// Everywhere that anybody can deliver something.
const ENDPOINTS: [&str; 4] = [
    VERCEL,
    "/api/integrations/cloudflare/webhooks",
    "/api/integrations/render/webhooks",
    "/api/github/webhooks",
];
/// Twice what is taken.
const OVERSIZED: usize = 4 << 20;

/// What the ids of forged deliveries begin with: none of them may be found anywhere afterwards.
pub const FORGED: &str = "forged_";

#[derive(Clone)]
pub struct Deliveries {
    template: Value,
    secret: String,
}

impl Deliveries {
    /// Lets the platform tell about a failure.
    pub async fn of(standins: &Standins, project_id: &str) -> anyhow::Result<Self> {
        let log = "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.";
        let (_, made) = standins.break_project(project_id, None, log, true).await?;
        Self::after(standins, made.first().context("the platform told nobody")?)
    }

    /// More like that one.
    pub fn after(standins: &Standins, delivery: &Delivery) -> anyhow::Result<Self> {
        let webhook = standins.webhooks().into_iter().find(|webhook| webhook.id == delivery.webhook_id);
        Ok(Self {
            template: serde_json::from_str(&delivery.body)?,
            secret: webhook.context("no such webhook")?.secret,
        })
    }

    /// The id under which a genuine delivery is stored.
    pub fn id(number: u64) -> String {
        format!("uev_{number:024}")
    }

    pub fn genuine(&self, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        let body = self.body(&Self::id(number), &format!("dpl_{number:024}"));
        let signature = sha1_hex(&self.secret, body.as_bytes());
        post(VERCEL, &signature, body)
    }

    /// What a genuine one would be, but that its sender does not know the secret.
    pub fn forged(&self, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        let body = self.body(&format!("{FORGED}{number}"), &format!("{FORGED}{number}"));
        let signature = sha1_hex("a guess", body.as_bytes());
        let endpoint = ENDPOINTS[usize::try_from(number)? % ENDPOINTS.len()];
        post(endpoint, &signature, body)
    }

    pub fn oversized(&self) -> anyhow::Result<Request<Full<Bytes>>> {
        post(VERCEL, "00", "x".repeat(OVERSIZED))
    }

    /// The beginning of a request whose end never comes.
    pub fn begun() -> String {
        format!("POST {VERCEL} HTTP/1.1\r\nhost: flood\r\ncontent-length: 100000\r\n\r\n{{")
    }

    fn body(&self, id: &str, deployment: &str) -> String {
        let mut body = self.template.clone();
        body["id"] = json!(id);
        body["payload"]["deployment"]["id"] = json!(deployment);
        body.to_string()
    }
}

fn post(path: &str, signature: &str, body: String) -> anyhow::Result<Request<Full<Bytes>>> {
    Ok(Request::post(path)
        .header("host", "flood")
        .header("content-type", "application/json")
        .header("x-vercel-signature", signature)
        .header("cf-webhook-auth", signature)
        .header("x-hub-signature-256", format!("sha256={signature}"))
        .header("x-github-event", "pull_request")
        .body(Full::from(body))?)
}
