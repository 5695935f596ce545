//! Signs a delivery's body and posts it, trying again when the platform does.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;

use crate::ids::now_ms;
use crate::record::Server;
use crate::world::World;

/// One webhook delivery and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// What the platform calls it: the body's `id`, `X-GitHub-Delivery`, `webhook-id`.
    pub id: String,
    /// Who sends.
    pub server: Server,
    /// The webhook's (hook's) id.
    pub webhook_id: String,
    /// `deployment.error`, `pull_request`, …
    pub event: String,
    /// Address it goes to.
    pub url: String,
    /// The exact body.
    pub body: String,
    /// Headers beside the content type, in order.
    pub headers: Vec<(String, String)>,
    /// True if a control call asked that it be lost: it was made but not sent.
    pub dropped: bool,
    /// What each try was answered.
    pub attempts: Vec<Attempt>,
}

/// One try.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// When the answer was there, in ms since 1970.
    pub at: i64,
    /// How long it took, in ms.
    pub took_ms: i64,
    /// The answer's status; none when there was no answer.
    pub status: Option<u16>,
    /// The answer's body, or why there was none.
    pub answer: String,
}

impl Attempt {
    /// Answered with 2xx.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Lowercase hex HMAC-SHA1, as in `x-vercel-signature`, which has no prefix.
#[must_use]
pub fn sha1_hex(secret: &str, body: &[u8]) -> String {
    Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// Lowercase hex HMAC-SHA256; GitHub puts `sha256=` in front.
#[must_use]
pub fn sha256_hex(secret: &str, body: &[u8]) -> String {
    Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// Posts once and returns what came back; records nothing.
pub async fn post(world: &World, delivery: &Delivery) -> Attempt {
    let started = now_ms();
    let mut request =
        world.http.post(&delivery.url).header("content-type", "application/json").body(delivery.body.clone());
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let (status, answer) = match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            (Some(status), response.text().await.unwrap_or_default())
        }
        Err(error) => (None, error.to_string()),
    };
    let at = now_ms();
    Attempt { at, took_ms: at - started, status, answer }
}

/// Records the delivery, posts it, and goes on after `delays` until one try is answered with 2xx.
/// Returns the delivery with all its attempts.
pub async fn deliver(world: Arc<World>, delivery: Delivery, delays: Vec<Duration>) -> Delivery {
    let mut delivery = delivery;
    let index = {
        let mut state = world.state();
        let list = list_of(&mut state, delivery.server);
        list.push(delivery.clone());
        list.len() - 1
    };
    if delivery.dropped {
        return delivery;
    }
    let mut delays = delays.into_iter();
    loop {
        let attempt = post(&world, &delivery).await;
        let done = attempt.succeeded();
        delivery.attempts.push(attempt.clone());
        if let Some(kept) =
            list_of(&mut world.state(), delivery.server).get_mut(index).filter(|kept| kept.id == delivery.id)
        {
            kept.attempts.push(attempt);
        }
        if done {
            return delivery;
        }
        let Some(delay) = delays.next() else { return delivery };
        tokio::time::sleep(delay).await;
    }
}

/// The deliveries that a server made.
pub fn list_of(state: &mut crate::world::State, server: Server) -> &mut Vec<Delivery> {
    match server {
        Server::Github => &mut state.github.deliveries,
        Server::Cloudflare => &mut state.cloudflare.deliveries,
        Server::Render => &mut state.render.deliveries,
        Server::Vercel | Server::Model => &mut state.vercel.deliveries,
    }
}

/// `http://` on this machine: refused unless the stand-ins were told to allow it.
#[must_use]
pub fn is_loopback_http(url: &reqwest::Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::{sha1_hex, sha256_hex};

    #[test]
    fn signatures_match_the_platforms_vectors() {
        assert_eq!(
            sha1_hex("vercel-test-secret", br#"{"id":"evt_hook_1","type":"deployment.error"}"#),
            "8abd65d2dfbeff5b18e84dc00e6d7286da1a3c81"
        );
        assert_eq!(
            sha256_hex("github-test-secret", br#"{"action":"closed","number":7}"#),
            "f0fc6932ece718bef9c1dca9c2b057f9b3f63a51ef517348abc536c05fd1994a"
        );
    }
}
