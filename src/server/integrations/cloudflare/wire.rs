//! Cloudflare's JSON as it travels. Sources: npm `cloudflare` 7.3 (accounts, Pages, notifications), the OpenAPI of
//! Workers Builds.
//!
//! Only what tells one thing from another is required; everything else may be missing, new or of another shape.

use crate::server::integrations::lenient::{Elements, id, optional, text};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub struct Envelope<T> {
    pub success: Option<bool>,
    pub result: Option<T>,
    #[serde(default, deserialize_with = "optional")]
    pub result_info: Option<ResultInfo>,
}

/// A page of a list.
pub type Page<T> = Envelope<Elements<T>>;

/// Where a page stands in its list.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ResultInfo {
    pub per_page: Option<usize>,
    pub total_count: Option<usize>,
    pub total_pages: Option<usize>,
}

/// An element of a list with what names it there.
pub trait Keyed {
    /// The same for the same thing, however often it is listed.
    fn key(&self) -> &str;
}

macro_rules! keyed {
    ($($element:ty: $field:ident),+ $(,)?) => {
        $(impl Keyed for $element {
            fn key(&self) -> &str {
                &self.$field
            }
        })+
    };
}

keyed!(
    Account: id,
    Project: id,
    Deployment: id,
    Script: id,
    Trigger: trigger_uuid,
    Build: build_uuid,
    Destination: id,
    Policy: id,
);

/// `GET /user/tokens/verify`.
#[derive(Debug, Deserialize)]
pub struct Verified {
    pub id: String,
    pub status: Option<String>,
    pub expires_on: Option<String>,
}

/// `GET /user`.
#[derive(Debug, Deserialize)]
pub struct User {
    pub id: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
}

/// An element of `GET /accounts`.
#[derive(Debug, Deserialize)]
pub struct Account {
    pub id: String,
    pub name: Option<String>,
}

/// A Pages project.
#[derive(Debug, Deserialize)]
pub struct Project {
    #[serde(deserialize_with = "id")]
    pub id: String,
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub production_branch: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub framework: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub build_config: Option<BuildConfig>,
    #[serde(default, deserialize_with = "optional")]
    pub source: Option<Source>,
    #[serde(default, deserialize_with = "optional")]
    pub latest_deployment: Option<Latest>,
}

/// How a Pages project is built.
#[derive(Debug, Deserialize)]
pub struct BuildConfig {
    pub build_command: Option<String>,
    pub destination_dir: Option<String>,
    pub root_dir: Option<String>,
}

/// Where a Pages project's code lives.
#[derive(Debug, Default, Deserialize)]
pub struct Source {
    #[serde(rename = "type", default, deserialize_with = "text")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub config: Option<SourceConfig>,
}

/// The repository of a [`Source`].
#[derive(Debug, Deserialize)]
pub struct SourceConfig {
    pub owner: Option<String>,
    pub repo_name: Option<String>,
    pub production_branch: Option<String>,
}

/// A project's newest deployment, as far as it says when something last happened.
#[derive(Debug, Deserialize)]
pub struct Latest {
    #[serde(default, deserialize_with = "text")]
    pub created_on: Option<String>,
}

/// A Pages deployment.
#[derive(Debug, Deserialize)]
pub struct Deployment {
    #[serde(deserialize_with = "id")]
    pub id: String,
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub project_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub environment: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub created_on: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub is_skipped: Option<bool>,
    #[serde(default, deserialize_with = "optional")]
    pub latest_stage: Option<Stage>,
    #[serde(default, deserialize_with = "optional")]
    pub deployment_trigger: Option<DeploymentTrigger>,
    #[serde(default, deserialize_with = "optional")]
    pub source: Option<Source>,
}

/// A step of a Pages deployment.
#[derive(Clone, Debug, Deserialize)]
pub struct Stage {
    pub name: Option<String>,
    pub status: Option<String>,
}

/// What started a Pages deployment.
#[derive(Debug, Deserialize)]
pub struct DeploymentTrigger {
    #[serde(default, deserialize_with = "optional")]
    pub metadata: Option<TriggerMetadata>,
}

/// The commit of a Pages deployment.
#[derive(Debug, Default, Deserialize)]
pub struct TriggerMetadata {
    pub branch: Option<String>,
    pub commit_hash: Option<String>,
    pub commit_message: Option<String>,
}

/// A line of a Pages build log.
#[derive(Debug, Deserialize)]
pub struct LogLine {
    pub line: Option<String>,
}

/// An element of `GET /accounts/{account}/workers/scripts`: the id is the Worker's name.
#[derive(Debug, Deserialize)]
pub struct Script {
    pub id: String,
    pub tag: Option<String>,
}

/// Which pushes build a Worker, and how.
#[derive(Debug, Deserialize)]
pub struct Trigger {
    pub trigger_uuid: String,
    #[serde(default, deserialize_with = "optional")]
    pub branch_includes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "text")]
    pub build_command: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub root_directory: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub external_script_id: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub repo_connection: Option<RepoConnection>,
}

/// The repository of a [`Trigger`].
#[derive(Debug, Deserialize)]
pub struct RepoConnection {
    pub provider_type: Option<String>,
    pub provider_account_name: Option<String>,
    pub repo_name: Option<String>,
}

/// A build of a Worker.
#[derive(Debug, Deserialize)]
pub struct Build {
    #[serde(deserialize_with = "id")]
    pub build_uuid: String,
    #[serde(default, deserialize_with = "text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub build_outcome: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub created_on: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub preview_url: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub trigger: Option<Trigger>,
    #[serde(default, deserialize_with = "optional")]
    pub build_trigger_metadata: Option<BuildMetadata>,
}

/// The commit of a [`Build`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BuildMetadata {
    #[serde(deserialize_with = "text")]
    pub branch: Option<String>,
    #[serde(deserialize_with = "text")]
    pub commit_hash: Option<String>,
    #[serde(deserialize_with = "text")]
    pub commit_message: Option<String>,
    #[serde(deserialize_with = "text")]
    pub author: Option<String>,
    #[serde(deserialize_with = "text")]
    pub repo_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub provider_account_name: Option<String>,
}

/// `GET …/builds/builds/latest`: the newest build of each Worker, by its tag.
#[derive(Debug, Deserialize)]
pub struct LatestBuilds {
    #[serde(default, deserialize_with = "optional")]
    pub builds: Option<BTreeMap<String, Value>>,
}

/// A page of a Worker's build log.
#[derive(Debug, Deserialize)]
pub struct WorkerLog {
    #[serde(default, deserialize_with = "text")]
    pub cursor: Option<String>,
    pub lines: Option<Elements<WorkerLine>>,
}

/// `[time in ms, "text"]`, in whatever order and types.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct WorkerLine(Value);

impl WorkerLine {
    /// The text: the last string of the pair, or the line itself.
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Value::String(text) => Some(text),
            Value::Array(parts) => parts.iter().rev().find_map(Value::as_str),
            _ => None,
        }
    }
}

/// The answer to whatever makes something.
#[derive(Debug, Deserialize)]
pub struct Created {
    pub id: String,
}

/// Where notifications may go.
#[derive(Debug, Deserialize)]
pub struct Destination {
    pub id: String,
    #[serde(default, deserialize_with = "text")]
    pub url: Option<String>,
}

/// Which notifications go where.
#[derive(Debug, Deserialize)]
pub struct Policy {
    pub id: String,
    #[serde(default, deserialize_with = "optional")]
    pub enabled: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub alert_type: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub mechanisms: Option<BTreeMap<String, Vec<Mechanism>>>,
    #[serde(default, deserialize_with = "optional")]
    pub filters: Option<BTreeMap<String, Vec<String>>>,
}

/// One destination of a [`Policy`], of the kind that its key says.
#[derive(Debug, Deserialize)]
pub struct Mechanism {
    pub id: Option<String>,
}

/// A notification, as far as its envelope is documented. Its `data` is not.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    #[serde(default, deserialize_with = "text")]
    pub text: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub ts: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub account_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub alert_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub alert_correlation_id: Option<String>,
    pub data: Option<Value>,
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
            Just(json!([1, "x", null])),
            Just(json!({"name": "build", "status": 7, "config": "x", "metadata": [], "type": 1})),
        ]
    }

    fn reads<T: DeserializeOwned>(value: &Value) -> bool {
        serde_json::from_value::<T>(value.clone()).is_ok()
    }

    proptest! {
        #[test]
        fn any_shape_is_read(a in any_shape(), b in any_shape(), c in any_shape()) {
            let project = json!({"id": "1", "name": "x", "source": a, "build_config": b, "latest_deployment": c,
                "production_branch": a, "framework": b});
            let deployment = json!({"id": "1", "latest_stage": a, "deployment_trigger": b, "source": c, "environment": a,
                "is_skipped": b, "created_on": c, "project_id": a, "url": b});
            let build = json!({"build_uuid": "1", "trigger": a, "build_trigger_metadata": b, "status": c,
                "build_outcome": a, "created_on": b, "preview_url": c});
            let trigger = json!({"trigger_uuid": "1", "branch_includes": a, "repo_connection": b, "build_command": c});
            let policy = json!({"id": "1", "enabled": a, "mechanisms": b, "filters": c, "alert_type": a});
            let delivery = json!({"text": a, "ts": b, "data": c, "alert_type": a, "account_id": b,
                "alert_correlation_id": c});
            let read = [
                reads::<Project>(&project), reads::<Deployment>(&deployment), reads::<Build>(&build),
                reads::<Trigger>(&trigger), reads::<Policy>(&policy), reads::<Delivery>(&delivery),
                reads::<LatestBuilds>(&json!({"builds": a})),
            ];
            prop_assert_eq!(read, [true; 7]);
        }

        #[test]
        fn elements_of_tomorrow_hide_nothing(odd in any_shape()) {
            let page = json!({"success": true, "result": [{"id": "1", "name": "a"}, odd, {"id": "2", "name": "b"}], "result_info": odd, "messages": odd});
            let page: Page<Project> = serde_json::from_value(page).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let result = page.result.ok_or_else(|| TestCaseError::fail("no result"))?;
            prop_assert_eq!((result.items.len(), result.count), (2, 3));
        }

        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = serde_json::from_slice::<Page<Deployment>>(&bytes);
            let _ = serde_json::from_slice::<Envelope<WorkerLog>>(&bytes);
        }
    }
}
