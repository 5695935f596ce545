//! Vercel's JSON. Everything that Vercel may leave out is optional, and unknown values never break parsing.
//!
//! Source: Vercel's OpenAPI description (`/v2/user`, `/v2/teams`, `/v10/projects`, `/v7/deployments`,
//! `/v13/deployments/{id}`, `/v3/deployments/{id}/events`, `/v1/webhooks`).

use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

#[derive(Debug, Deserialize)]
pub struct UserAnswer {
    pub user: User,
}

#[derive(Debug, Deserialize)]
pub struct User {
    pub id: String,
    pub username: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub avatar: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct TeamsAnswer {
    pub teams: Vec<Team>,
    pub pagination: Option<Pagination>,
}

#[derive(Debug, Deserialize)]
pub struct Team {
    pub id: String,
    pub slug: String,
    pub name: Option<String>,
}

/// `next` is a timestamp for teams and deployments, and a timestamp or a token for projects.
#[derive(Debug, Deserialize)]
pub struct Pagination {
    pub next: Option<Value>,
}

impl Pagination {
    /// The cursor of the next page as a query value.
    pub fn cursor(&self) -> Option<String> {
        match self.next.as_ref()? {
            Value::String(token) if !token.is_empty() => Some(token.clone()),
            Value::Number(time) => Some(time.to_string()),
            _ => None,
        }
    }
}

/// Vercel documents both shapes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum ProjectsAnswer {
    Paged { projects: Vec<Project>, pagination: Option<Pagination> },
    Bare(Vec<Project>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: String,
    pub name: String,
    pub account_id: Option<String>,
    pub framework: Option<String>,
    pub root_directory: Option<String>,
    pub install_command: Option<String>,
    pub build_command: Option<String>,
    pub output_directory: Option<String>,
    pub node_version: Option<String>,
    pub link: Option<Link>,
}

/// The union of all link types: the fields that any of them has, told apart by `type`.
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
    pub project_name_with_namespace: Option<String>,
    pub project_namespace: Option<String>,
    pub project_name: Option<String>,
    pub production_branch: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct DeploymentsAnswer {
    pub deployments: Vec<Deployment>,
    pub pagination: Option<Pagination>,
}

/// The list says `uid`, the single deployment says `id`; reduced variants leave out nearly everything else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    #[serde(alias = "uid")]
    pub id: String,
    pub name: Option<String>,
    pub project_id: Option<String>,
    pub url: Option<String>,
    pub ready_state: Option<String>,
    pub state: Option<String>,
    pub status: Option<String>,
    pub target: Option<String>,
    pub created_at: Option<i64>,
    pub created: Option<i64>,
    pub creator: Option<Creator>,
    #[serde(default)]
    pub meta: Option<HashMap<String, Value>>,
    pub inspector_url: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creator {
    pub username: Option<String>,
    pub github_login: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: String,
    pub url: String,
    #[serde(default)]
    pub project_ids: Option<Vec<String>>,
    /// Only in the answer to its creation.
    pub secret: Option<String>,
}

/// The body of a delivery.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub created_at: Option<i64>,
    #[serde(default)]
    pub payload: DeliveryPayload,
}

#[derive(Debug, Default, Deserialize)]
pub struct DeliveryPayload {
    pub deployment: Option<DeliveryDeployment>,
    pub project: Option<DeliveryProject>,
    pub target: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct DeliveryProject {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub struct DeliveryDeployment {
    pub id: String,
    pub name: Option<String>,
    #[serde(default)]
    pub meta: Option<HashMap<String, Value>>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_the_project_list_are_read() {
        let bare: ProjectsAnswer = serde_json::from_str(r#"[{"id":"prj_1","name":"a"}]"#).unwrap();
        assert!(matches!(bare, ProjectsAnswer::Bare(projects) if projects.len() == 1));
        let paged = r#"{"projects":[],"pagination":{"count":1,"next":"abc","prev":null}}"#;
        let ProjectsAnswer::Paged { pagination, .. } = serde_json::from_str(paged).unwrap() else {
            panic!("paged")
        };
        assert_eq!(pagination.unwrap().cursor().as_deref(), Some("abc"));
        let last: Pagination = serde_json::from_str(r#"{"next":null}"#).unwrap();
        assert_eq!(last.cursor(), None);
        let number: Pagination = serde_json::from_str(r#"{"next":1767323010123}"#).unwrap();
        assert_eq!(number.cursor().as_deref(), Some("1767323010123"));
    }

    #[test]
    fn a_reduced_deployment_and_unknown_fields_are_read() {
        let text = r#"{"id":"dpl_1","readyState":"SOMETHING_NEW","newField":{"a":1},"meta":{"x":true}}"#;
        let deployment: Deployment = serde_json::from_str(text).unwrap();
        assert_eq!(deployment.ready_state.as_deref(), Some("SOMETHING_NEW"));
    }
}
