//! Vercel's JSON as it travels. Source: the OpenAPI models of `@vercel/sdk` 1.28.
//!
//! Only what tells one thing from another is required; an unknown word in any field is kept or ignored, and an
//! element of a list that cannot be read is left out, so that a change at Vercel never hides everything.

use crate::server::integrations::lenient::{id, optional, readable, text};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// `GET /v2/user`.
#[derive(Debug, Deserialize)]
pub struct UserAnswer {
    pub user: User,
}

/// The owner of the token; a limited token sees fewer fields.
#[derive(Debug, Deserialize)]
pub struct User {
    #[serde(alias = "uid")]
    pub id: String,
    pub username: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub avatar: Option<String>,
}

/// `GET /v5/user/tokens/current`.
#[derive(Debug, Deserialize)]
pub struct TokenAnswer {
    pub token: Token,
}

/// What is known about the token that asks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    #[serde(default, deserialize_with = "millis")]
    pub expires_at: Option<i64>,
}

/// `GET /v2/teams`.
#[derive(Debug, Deserialize)]
pub struct TeamsAnswer {
    #[serde(deserialize_with = "readable")]
    pub teams: Vec<Team>,
    pub pagination: Option<Pagination>,
}

/// A team. A limited one is only shown, not accessible with this token.
#[derive(Debug, Deserialize)]
pub struct Team {
    pub id: String,
    pub slug: Option<String>,
    pub name: Option<String>,
    #[serde(default)]
    pub limited: bool,
}

/// Where the next page starts: a time in milliseconds, or for projects a continuation token.
#[derive(Debug, Deserialize)]
pub struct Pagination {
    pub next: Option<Cursor>,
}

/// The start of the next page.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Cursor {
    Time(i64),
    Token(String),
}

impl Cursor {
    /// The value of the query parameter.
    pub fn into_query(self) -> String {
        match self {
            Self::Time(ms) => ms.to_string(),
            Self::Token(token) => token,
        }
    }
}

/// `GET /v10/projects`: a page, or by the documented union a bare array.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum ProjectsAnswer {
    Page {
        #[serde(deserialize_with = "readable")]
        projects: Vec<Project>,
        pagination: Option<Pagination>,
    },
    Bare(#[serde(deserialize_with = "readable")] Vec<Project>),
}

/// A project.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    #[serde(deserialize_with = "id")]
    pub id: String,
    pub name: Option<String>,
    pub account_id: Option<String>,
    pub framework: Option<String>,
    pub root_directory: Option<String>,
    pub build_command: Option<String>,
    pub install_command: Option<String>,
    pub output_directory: Option<String>,
    pub node_version: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub link: Option<Link>,
}

/// A project's repository: a union on `type`, of which each variant has some of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    #[serde(rename = "type", default)]
    pub kind: String,
    pub host: Option<String>,
    pub org: Option<String>,
    pub repo: Option<String>,
    pub owner: Option<String>,
    pub slug: Option<String>,
    pub project_name: Option<String>,
    pub project_namespace: Option<String>,
    pub project_name_with_namespace: Option<String>,
    pub production_branch: Option<String>,
}

/// `GET /v7/deployments`.
#[derive(Debug, Deserialize)]
pub struct DeploymentsAnswer {
    #[serde(deserialize_with = "readable")]
    pub deployments: Vec<Deployment>,
    pub pagination: Option<Pagination>,
}

/// A deployment: of the list (`uid`, `created`), in full (`id`, `createdAt`), or reduced to its public view.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    pub uid: Option<String>,
    pub id: Option<String>,
    pub name: Option<String>,
    pub project_id: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub project: Option<ProjectReference>,
    pub url: Option<String>,
    pub ready_state: Option<String>,
    pub state: Option<String>,
    pub status: Option<String>,
    pub ready_state_reason: Option<String>,
    pub target: Option<String>,
    #[serde(deserialize_with = "millis")]
    pub created: Option<i64>,
    #[serde(deserialize_with = "millis")]
    pub created_at: Option<i64>,
    #[serde(deserialize_with = "meta")]
    pub meta: Meta,
    #[serde(deserialize_with = "optional")]
    pub git_source: Option<GitSource>,
    #[serde(deserialize_with = "optional")]
    pub creator: Option<Creator>,
    pub inspector_url: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub oom_report: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub seat_block: Option<SeatBlock>,
}

/// The project of a deployment.
#[derive(Debug, Deserialize)]
pub struct ProjectReference {
    pub id: Option<String>,
    pub name: Option<String>,
}

/// The team of a delivery.
#[derive(Debug, Deserialize)]
pub struct TeamReference {
    pub id: Option<String>,
}

/// Who started a deployment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creator {
    pub username: Option<String>,
    pub github_login: Option<String>,
}

/// Why a policy blocked a deployment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatBlock {
    pub block_code: Option<String>,
}

/// What a deployment was built from, when `meta` does not say.
#[derive(Debug, Deserialize)]
pub struct GitSource {
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub sha: Option<String>,
    pub org: Option<String>,
    pub owner: Option<String>,
    pub repo: Option<String>,
}

/// A deployment's `meta`: names and texts that the platform and its clients set.
pub type Meta = BTreeMap<String, String>;

/// `POST /v1/webhooks`: the only place where the secret appears.
#[derive(Deserialize)]
pub struct CreatedWebhook {
    pub id: String,
    pub secret: String,
}

/// An element of `GET /v1/webhooks`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: String,
    pub url: Option<String>,
    pub project_ids: Option<Vec<String>>,
}

/// `GET /v1/webhooks`: a bare array.
#[derive(Debug, Deserialize)]
pub struct WebhooksAnswer(#[serde(deserialize_with = "readable")] pub Vec<Webhook>);

/// A delivery of a webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "millis")]
    pub created_at: Option<i64>,
    #[serde(default, deserialize_with = "optional")]
    pub payload: Option<DeliveryPayload>,
}

/// The payload of a delivery about a deployment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeliveryPayload {
    #[serde(deserialize_with = "optional")]
    pub deployment: Option<Deployment>,
    #[serde(deserialize_with = "optional")]
    pub project: Option<ProjectReference>,
    #[serde(deserialize_with = "optional")]
    pub team: Option<TeamReference>,
    pub target: Option<Value>,
}

/// One event of a build: flat, wrapped in `payload`, or without a text (`alias-assigned`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BuildEvent {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "millis")]
    pub created: Option<i64>,
    #[serde(deserialize_with = "millis")]
    pub date: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub serial: Option<String>,
    #[serde(deserialize_with = "text")]
    pub text: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub payload: Option<Box<BuildEvent>>,
}

/// Milliseconds since 1970, whole or not, as a number or in digits.
fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "`as` saturates; such a time is refused later"
            )]
            number.as_i64().or_else(|| number.as_f64().map(|value| value as i64))
        }
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    })
}

fn meta<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Meta, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(map) => map
            .into_iter()
            .filter_map(|(key, value)| match value {
                Value::String(text) => Some((key, text)),
                Value::Number(number) => Some((key, number.to_string())),
                _ => None,
            })
            .collect(),
        _ => Meta::new(),
    })
}
