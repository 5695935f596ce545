//! `deployments`: a fix of a failed deployment. `finding` is JSON of the shared model.

use sea_orm::entity::prelude::*;

/// A fix of a failed deployment. `finding` is JSON of the shared model.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deployments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub subscription_id: String,
    pub provider: String,
    pub platform_deployment_id: String,
    pub webhook_delivery_id: Option<String>,
    pub incident_id: Option<String>,
    pub project_name: String,
    pub repository: String,
    pub branch: Option<String>,
    pub commit_sha: Option<String>,
    pub deployment_created_at: Option<DateTimeUtc>,
    pub fix_status: String,
    pub fix_attempt_number: i32,
    pub version: i32,
    pub last_seq: i64,
    pub lease_owner: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub crash_resumes: i32,
    pub waits: i32,
    pub cancel_requested: bool,
    pub started_by_hand: bool,
    pub reason_code: Option<String>,
    pub reason: Option<String>,
    pub matched_rule_id: Option<String>,
    pub error_type: Option<String>,
    pub error_message: Option<String>,
    pub error_context: Option<String>,
    pub verdict: Option<String>,
    pub confidence: f64,
    pub fingerprint: Option<String>,
    pub finding: Option<String>,
    pub logs: Option<String>,
    pub task_id: Option<String>,
    pub last_failure: Option<String>,
    pub diff: Option<String>,
    pub fix_summary: Option<String>,
    pub fix_details: Option<String>,
    pub before_exit_code: Option<i32>,
    pub after_exit_code: Option<i32>,
    pub head_sha: Option<String>,
    pub pushed_sha: Option<String>,
    pub merge_sha: Option<String>,
    pub fix_branch_name: Option<String>,
    pub pr_url: Option<String>,
    pub pr_number: Option<i32>,
    pub pr_opened_at: Option<DateTimeUtc>,
    pub redeployed_at: Option<DateTimeUtc>,
    pub finding_disputed_at: Option<DateTimeUtc>,
    pub trace_id: Option<String>,
    pub log_kept_days: Option<i32>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
