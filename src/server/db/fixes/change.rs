//! Which columns of a fix change.

use crate::{
    model::{ErrorType, Finding, FixStatus, Timestamp},
    server::db::{DbError, entity::deployment},
};
use sea_orm::{EntityTrait as _, Iterable as _, ModelTrait as _, UpdateMany, sea_query::Expr};

/// New values; `None` leaves a column as it is. For a column that may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is the column of the same name")]
pub struct FixChange {
    pub status: Option<FixStatus>,
    pub fix_attempt_number: Option<i32>,
    pub crash_resumes: Option<i32>,
    pub waits: Option<i32>,
    pub cancel_requested: Option<bool>,
    pub started_by_hand: Option<bool>,
    pub reason_code: Option<Option<String>>,
    pub reason: Option<Option<String>>,
    pub branch: Option<Option<String>>,
    pub commit_sha: Option<Option<String>>,
    pub incident_id: Option<Option<String>>,
    pub matched_rule_id: Option<Option<String>>,
    pub error_type: Option<Option<ErrorType>>,
    pub error_message: Option<Option<String>>,
    pub error_context: Option<Option<String>>,
    /// Also writes `verdict`, `confidence` and `fingerprint`.
    pub finding: Option<Option<Finding>>,
    pub logs: Option<Option<String>>,
    pub task_id: Option<Option<String>>,
    pub last_failure: Option<Option<String>>,
    pub diff: Option<Option<String>>,
    pub fix_summary: Option<Option<String>>,
    pub fix_details: Option<Option<String>>,
    pub before_exit_code: Option<Option<i32>>,
    pub after_exit_code: Option<Option<i32>>,
    pub head_sha: Option<Option<String>>,
    pub pushed_sha: Option<Option<String>>,
    pub merge_sha: Option<Option<String>>,
    pub fix_branch_name: Option<Option<String>>,
    pub pr_url: Option<Option<String>>,
    pub pr_number: Option<Option<i32>>,
    pub pr_opened_at: Option<Option<Timestamp>>,
    pub redeployed_at: Option<Option<Timestamp>>,
    pub finding_disputed_at: Option<Option<Timestamp>>,
    pub started_at: Option<Option<Timestamp>>,
    pub completed_at: Option<Option<Timestamp>>,
}

fn put<T>(column: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *column = value;
    }
}

impl FixChange {
    pub(super) fn apply(self, row: &mut deployment::Model) -> Result<(), DbError> {
        put(&mut row.fix_status, self.status.map(|status| status.as_str().to_owned()));
        put(&mut row.fix_attempt_number, self.fix_attempt_number);
        put(&mut row.crash_resumes, self.crash_resumes);
        put(&mut row.waits, self.waits);
        put(&mut row.cancel_requested, self.cancel_requested);
        put(&mut row.started_by_hand, self.started_by_hand);
        put(&mut row.reason_code, self.reason_code);
        put(&mut row.reason, self.reason);
        put(&mut row.branch, self.branch);
        put(&mut row.commit_sha, self.commit_sha);
        put(&mut row.incident_id, self.incident_id);
        put(&mut row.matched_rule_id, self.matched_rule_id);
        put(&mut row.error_type, self.error_type.map(|kind| kind.map(|kind| kind.as_str().to_owned())));
        put(&mut row.error_message, self.error_message);
        put(&mut row.error_context, self.error_context);
        if let Some(finding) = self.finding {
            row.verdict = finding.as_ref().map(|finding| finding.verdict.as_str().to_owned());
            row.confidence = finding.as_ref().map_or(0.0, |finding| finding.confidence);
            row.fingerprint = finding.as_ref().map(|finding| finding.fingerprint.clone());
            row.finding = finding.as_ref().map(serde_json::to_string).transpose()?;
        }
        if let Some(logs) = self.logs {
            row.logs = logs;
            row.log_kept_days = None;
        }
        put(&mut row.task_id, self.task_id);
        put(&mut row.last_failure, self.last_failure);
        put(&mut row.diff, self.diff);
        put(&mut row.fix_summary, self.fix_summary);
        put(&mut row.fix_details, self.fix_details);
        put(&mut row.before_exit_code, self.before_exit_code);
        put(&mut row.after_exit_code, self.after_exit_code);
        put(&mut row.head_sha, self.head_sha);
        put(&mut row.pushed_sha, self.pushed_sha);
        put(&mut row.merge_sha, self.merge_sha);
        put(&mut row.fix_branch_name, self.fix_branch_name);
        put(&mut row.pr_url, self.pr_url);
        put(&mut row.pr_number, self.pr_number);
        put(&mut row.pr_opened_at, self.pr_opened_at);
        put(&mut row.redeployed_at, self.redeployed_at);
        put(&mut row.finding_disputed_at, self.finding_disputed_at);
        put(&mut row.started_at, self.started_at);
        put(&mut row.completed_at, self.completed_at);
        Ok(())
    }
}

/// An update of just the columns in which two versions of a row differ.
pub(super) fn differences(
    before: &deployment::Model,
    after: &deployment::Model,
) -> UpdateMany<deployment::Entity> {
    deployment::Column::iter()
        .filter(|column| before.get(*column) != after.get(*column))
        .fold(deployment::Entity::update_many(), |update, column| {
            update.col_expr(column, Expr::value(after.get(column)))
        })
}
