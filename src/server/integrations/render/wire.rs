//! Render's JSON as it travels. Source: Render's public API schema, as the client in `render-oss/cli` has it.
//!
//! Only ids are required. Any other value of an unexpected shape counts as missing, and an element of a list that
//! cannot be read is left out, so that a change at Render never hides everything.

use crate::{
    model::Timestamp,
    server::integrations::lenient::{id, optional, or_default, readable_or_none},
};
use serde::Deserialize;
use serde_json::Value;

/// `GET /users`: the owner of the key. There is no id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct User {
    #[serde(deserialize_with = "optional")]
    pub email: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub name: Option<String>,
}

/// An element of `GET /owners`: a workspace, `tea-…` or `usr-…`.
#[derive(Debug, Deserialize)]
pub struct Owner {
    pub id: String,
    #[serde(default, deserialize_with = "optional")]
    pub name: Option<String>,
}

/// A service: `GET /services/{id}`, or an element of `GET /services`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    #[serde(deserialize_with = "id")]
    pub id: String,
    #[serde(default, deserialize_with = "optional")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub owner_id: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub repo: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub branch: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub root_dir: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub dashboard_url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub service_details: ServiceDetails,
}

/// What depends on the kind of the service.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDetails {
    #[serde(deserialize_with = "optional")]
    pub env: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub runtime: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub env_specific_details: EnvSpecificDetails,
    /// Only static sites have it here.
    #[serde(deserialize_with = "optional")]
    pub build_command: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub publish_path: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub url: Option<String>,
    /// The service that this one is a preview of.
    #[serde(deserialize_with = "optional")]
    pub parent_server: Option<Value>,
}

/// Commands of a service that runs code.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvSpecificDetails {
    #[serde(deserialize_with = "optional")]
    pub build_command: Option<String>,
}

/// A deploy. It names neither its service nor its branch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deploy {
    #[serde(deserialize_with = "id")]
    pub id: String,
    #[serde(default, deserialize_with = "optional")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub commit: Option<Commit>,
    #[serde(default, deserialize_with = "optional")]
    pub image: Option<Image>,
    #[serde(default, deserialize_with = "optional")]
    pub created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "optional")]
    pub started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "optional")]
    pub finished_at: Option<Timestamp>,
}

/// The commit of a deploy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Commit {
    #[serde(deserialize_with = "optional")]
    pub id: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub message: Option<String>,
}

/// The image of a deploy that builds nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Image {
    #[serde(rename = "ref", deserialize_with = "optional")]
    pub reference: Option<String>,
}

/// `GET /logs`: a page, with the window of the next one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogPage {
    #[serde(deserialize_with = "or_default")]
    pub has_more: bool,
    #[serde(deserialize_with = "optional")]
    pub next_start_time: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub next_end_time: Option<String>,
    /// Another shape than a list is an error: it must not pass for an empty log.
    pub logs: Option<Vec<Value>>,
}

/// A line of a log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogLine {
    #[serde(deserialize_with = "optional")]
    pub id: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "optional")]
    pub message: Option<String>,
    #[serde(deserialize_with = "readable_or_none")]
    pub labels: Vec<Label>,
}

impl LogLine {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|label| label.name == name).map(|label| label.value.as_str())
    }
}

/// A label of a line: `resource`, `type`, `level`, …
#[derive(Debug, Deserialize)]
pub struct Label {
    pub name: String,
    pub value: String,
}

/// `GET /events/{id}`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    #[serde(rename = "type", deserialize_with = "optional")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "optional")]
    pub service_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub details: EventDetails,
}

/// What an event is about. `build_ended` names no deploy.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventDetails {
    #[serde(deserialize_with = "optional")]
    pub deploy_id: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub build_status: Option<String>,
}

/// A webhook. Every answer about it has its secret, so it is never printed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: String,
    #[serde(default, deserialize_with = "optional")]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub enabled: Option<bool>,
    #[serde(default, deserialize_with = "readable_or_none")]
    pub event_filter: Vec<String>,
    #[serde(default, deserialize_with = "optional")]
    pub secret: Option<String>,
}

/// A delivery of a webhook.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "optional")]
    pub timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub data: DeliveryData,
}

/// What a delivery says: whose service, nothing about the deploy.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryData {
    #[serde(deserialize_with = "optional")]
    pub id: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub service_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_shape() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,10}".prop_map(Value::from),
            Just(json!([1, null, {"name": "type", "value": "build"}])),
            Just(json!({"id": 7, "url": [], "envSpecificDetails": "x", "deployId": {}})),
        ]
    }

    proptest! {
        #[test]
        fn any_shape_is_read(a in any_shape(), b in any_shape(), c in any_shape(), d in any_shape()) {
            let service = json!({"id": "srv-1", "name": a, "repo": b, "serviceDetails": c, "branch": d});
            prop_assert!(serde_json::from_value::<Service>(service).is_ok());
            let deploy = json!({"id": "dep-1", "status": a, "commit": b, "image": c, "createdAt": d});
            prop_assert!(serde_json::from_value::<Deploy>(deploy).is_ok());
            let line = json!({"id": a, "timestamp": b, "message": c, "labels": d});
            prop_assert!(serde_json::from_value::<LogLine>(line).is_ok());
            let event = json!({"type": a, "timestamp": b, "serviceId": c, "details": d});
            prop_assert!(serde_json::from_value::<Event>(event).is_ok());
            let webhook = json!({"id": "whk-1", "url": a, "enabled": b, "eventFilter": c, "secret": d});
            prop_assert!(serde_json::from_value::<Webhook>(webhook).is_ok());
            let page = json!({"hasMore": a, "nextStartTime": b, "nextEndTime": c, "logs": []});
            prop_assert!(serde_json::from_value::<LogPage>(page).is_ok());
        }
    }

    #[test]
    fn a_log_of_another_shape_is_not_an_empty_one() {
        assert!(serde_json::from_value::<LogPage>(json!({"hasMore": false, "logs": "gone"})).is_err());
        let page = serde_json::from_value::<LogPage>(json!({"hasMore": false, "logs": null}));
        assert_eq!(page.ok().map(|page| page.logs.unwrap_or_default().len()), Some(0));
    }
}
