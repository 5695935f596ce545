//! A route and a caller → the request that an honest client would send there, about what is the owner's.

use super::{routes::Route, site::Facts};
use axum::{
    body::Body,
    http::{Request, Response, header},
};
use deploymend::model::ListQuery;
use serde_json::{Value, json};
use std::fmt;

/// Who asks. The last ones may change what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Nobody,
    ExpiredSession,
    ExpiredToken,
    /// Somebody with an account of their own.
    Invited,
    InvitedToken,
    /// The owner's program. There is one kind of token, for the REST API.
    Token,
    Owner,
}

impl Caller {
    pub const ALL: [Self; 7] = [
        Self::Nobody,
        Self::ExpiredSession,
        Self::ExpiredToken,
        Self::Invited,
        Self::InvitedToken,
        Self::Token,
        Self::Owner,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::ExpiredSession => "expired session",
            Self::ExpiredToken => "expired token",
            Self::Invited => "invited",
            Self::InvitedToken => "invited, token",
            Self::Token => "owner, token",
            Self::Owner => "owner",
        }
    }

    fn credential(self, facts: &Facts) -> Option<(header::HeaderName, String)> {
        let bearer = |token: &str| Some((header::AUTHORIZATION, format!("Bearer {token}")));
        let cookie = |cookie: &str| Some((header::COOKIE, cookie.to_owned()));
        match self {
            Self::Nobody => None,
            Self::ExpiredSession => cookie(&facts.expired_session),
            Self::ExpiredToken => bearer(&facts.expired_token),
            Self::Invited => cookie(&facts.invited),
            Self::InvitedToken => bearer(&facts.invited_token),
            Self::Token => bearer(&facts.token),
            Self::Owner => cookie(&facts.owner),
        }
    }
}

/// What an answer says, in a word: its status, and of a redirect where it leads.
pub struct Answer<'a>(pub &'a Response<Body>);

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.status().as_u16())?;
        if !self.0.status().is_redirection() {
            return Ok(());
        }
        let to = self.0.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        match to {
            None => Ok(()),
            Some(to) if to == "/sign-in" || to.starts_with("/sign-in?next=") => f.write_str(" sign-in"),
            Some(to) => {
                let error = to.split(['?', '&']).find_map(|pair| pair.strip_prefix("error="));
                write!(f, " {}", error.unwrap_or("ok"))
            }
        }
    }
}

pub fn form(path: &str, cookie: &str, fields: &[(&str, &str)]) -> anyhow::Result<Request<Body>> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Ok(Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .body(body.into())?)
}

pub fn json(method: &str, path: &str, cookie: &str, body: &Value) -> anyhow::Result<Request<Body>> {
    Ok(Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie)
        .body(body.to_string().into())?)
}

pub fn request(route: &Route, caller: Caller, facts: &Facts) -> anyhow::Result<Request<Body>> {
    let path = path(&route.path, facts);
    let mut request = match (route.method.as_str(), route.is_api()) {
        ("GET", true) => Request::get(&path).body(Body::empty())?,
        // A browser is led to where a program is told.
        ("GET", false) => Request::get(&path).header(header::ACCEPT, "text/html").body(Body::empty())?,
        (method, true) => json(method, &path, "", &body(route, facts))?,
        (_, false) => {
            let fields = fields(&route.path, facts);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            form(&path, "", &fields)?
        }
    };
    request.headers_mut().remove(header::COOKIE);
    if let Some((name, value)) = caller.credential(facts) {
        request.headers_mut().insert(name, value.parse()?);
    }
    Ok(request)
}

/// The path with the owner's things in it.
fn path(path: &str, facts: &Facts) -> String {
    let id = match path {
        path if path.starts_with("/settings/sessions") => &facts.spare_session,
        path if path.starts_with("/settings/tokens") => &facts.spare_token,
        path if path.starts_with("/settings/invitations") => &facts.invitation,
        path if path.contains("/deployments/") => &facts.fix,
        path if path.ends_with("/rules/{id}") => &facts.rule,
        _ => &facts.subscription,
    };
    path.replace("{id}", id)
        .replace("{rule}", &facts.rule)
        .replace("{provider}", "vercel")
        .replace("{owner}", "acme")
        .replace("{repo}", "shop-web")
}

/// What a program sends.
fn body(route: &Route, facts: &Facts) -> Value {
    let Facts { vercel_token, subscription, rule, fix, deployment, platform_project, .. } = facts;
    let draft = json!({"name": "Flaky", "pattern": "ETIMEDOUT", "error_type": null, "skip": true, "prompt": "", "enabled": true});
    match route.name().as_str() {
        "POST /api/deployments/fix" => json!({"deploymentId": deployment, "provider": "vercel"}),
        "POST /api/deployments/{id}/dispute" => json!({}),
        "POST /api/integrations/{provider}/connect"
        | "POST /api/integrations/{provider}/token/validate"
        | "POST /api/integrations/{provider}/token/test" => json!({"token": vercel_token}),
        "POST /api/integrations/{provider}/rules" => {
            json!({"subscriptionId": subscription, "name": "Flaky", "errorPattern": "ETIMEDOUT", "skipFix": true})
        }
        "PATCH /api/integrations/{provider}" => json!({"buildsOn": "here"}),
        "PATCH /api/integrations/{provider}/rules/{id}" => json!({"name": "Renamed"}),
        "POST /api/integrations/{provider}/subscriptions" => json!({"projectId": platform_project}),
        "PATCH /api/integrations/{provider}/subscriptions"
        | "PATCH /api/integrations/{provider}/subscriptions/{id}" => json!({"autoFixEnabled": false}),
        "PUT /api/webhook" => json!({"url": "http://hooks.example.com/x"}),
        "POST /api/pages/deployments" => json!({"query": ListQuery::default()}),
        "POST /api/pages/deployment" | "POST /api/pages/log" => json!({"id": fix}),
        "POST /api/pages/log-lines" => json!({"id": fix, "before": 0}),
        "POST /api/pages/log-find" => json!({"id": fix, "text": "error"}),
        "POST /api/pages/token" => json!({"provider": "vercel", "token": vercel_token}),
        "POST /api/pages/connect" => json!({"input": {
            "provider": "vercel", "token": vercel_token, "note": "", "expires_on": "", "team_id": null, "auto_fix": true}}),
        "POST /api/pages/projects" => json!({"provider": "vercel"}),
        "POST /api/pages/project" | "POST /api/pages/project-rules" => {
            json!({"provider": "vercel", "id": subscription})
        }
        "POST /api/pages/notifications" => json!({"after": null}),
        "POST /api/pages/rule" => {
            json!({"provider": "vercel", "id": subscription, "rule": rule, "draft": draft})
        }
        "POST /api/pages/rule-trial" => {
            json!({"provider": "vercel", "id": subscription, "rule": null, "pattern": "x", "error_type": null})
        }
        "POST /api/pages/rule-order" => json!({"provider": "vercel", "id": subscription, "order": [rule]}),
        "POST /api/pages/rule-switch" => {
            json!({"provider": "vercel", "id": subscription, "rule": rule, "on": false})
        }
        "POST /api/pages/invitation" => json!({"token": "dpi_unknown"}),
        _ => json!({}),
    }
}

/// What a page's form sends.
fn fields(path: &str, facts: &Facts) -> Vec<(&'static str, String)> {
    let owned = |fields: &[(&'static str, &str)]| {
        fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    match path {
        "/auth/sign-in" => owned(&[("email", "owner@example.test"), ("password", "a wrong password")]),
        "/auth/setup" | "/auth/accept" => owned(&[
            ("token", "dpi_unknown"),
            ("email", "new@example.test"),
            ("password", "another long password"),
        ]),
        "/deployments/fix" => owned(&[("deploymentId", &facts.deployment), ("provider", "vercel")]),
        "/deployments/{id}/skip-similar" => owned(&[("name", "Similar")]),
        "/integrations/github/connect" => owned(&[("token", &facts.github_token)]),
        "/integrations/{provider}/connect" => owned(&[("token", &facts.vercel_token)]),
        "/integrations/{provider}/builds-on" => owned(&[("builds_on", "here")]),
        "/integrations/{provider}/projects" => owned(&[("listed", &facts.platform_project)]),
        "/integrations/{provider}/projects/{id}" => owned(&[("prefix", "fix/"), ("attempts", "3")]),
        "/integrations/{provider}/auto-fix" => owned(&[("on", "false")]),
        "/notifications/read" => owned(&[("up_to", "0")]),
        "/settings/webhook" => owned(&[("url", "http://hooks.example.com/x")]),
        "/settings/tokens" => owned(&[("name", "new"), ("days", "")]),
        path if path.ends_with("/move") => owned(&[("to", "up")]),
        path if path.ends_with("/switch") => owned(&[("on", "false")]),
        path if path.ends_with("/rules") || path.ends_with("/{rule}") => {
            owned(&[("name", "Flaky"), ("pattern", "ETIMEDOUT"), ("action", "skip"), ("enabled", "true")])
        }
        _ => Vec::new(),
    }
}
