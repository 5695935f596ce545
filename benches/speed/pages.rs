//! Pages as a browser that is signed in loads them.

use crate::{
    app::App,
    load::{self, Load, Measured},
};
use anyhow::Context as _;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Bytes};

pub const ONE: Load = Load { clients: 1, requests: 500 };
pub const MANY: Load = Load { clients: 16, requests: 4_000 };
pub const LIST: Page<'static> = Page { path: "/deployments", part: "class=\"rows\"" };

/// A page, and a part of its HTML by which it is known.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    pub path: &'a str,
    pub part: &'static str,
}

/// Loads the page compressed, after one look at it in the clear.
pub async fn visit(app: &App, page: Page<'_>, load: Load) -> anyhow::Result<Measured> {
    let Page { path, part } = page;
    let address = app.base.trim_start_matches("http://");
    let cookie = app.cookie.as_deref().context("nobody is signed in")?;
    let get = |encoding: &str| {
        Ok(Request::get(path)
            .header("host", address)
            .header("cookie", cookie)
            .header("accept", "text/html")
            .header("accept-encoding", encoding)
            .body(Full::<Bytes>::default())?)
    };
    let plain = load::Connection::open(address).await?.send(get("identity")?).await?;
    anyhow::ensure!(plain.status() == StatusCode::OK, "{path} answered {}", plain.status());
    anyhow::ensure!(String::from_utf8_lossy(plain.body()).contains(part), "{path} has no {part}");
    let check = |answer: &Response<Bytes>| {
        anyhow::ensure!(answer.status() == StatusCode::OK, "{path} answered {}", answer.status());
        Ok(())
    };
    load::run(address, load, || get("gzip, deflate, br"), check).await
}
