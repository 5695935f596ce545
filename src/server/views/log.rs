//! A deployment's build log: the stored one of its fix, else the platform's own → the parts that a page asks for.

use super::{Views, deployment::without_fix, platforms};
use crate::{
    model::{
        ApiError, DeploymentLog, DeploymentState, ErrorCode, Finding,
        log::{LogExcerpt, LogMatches, WHOLE},
    },
    server::{
        db::fixes,
        diagnosis::{self, Hints, ShownLog, clean::clean},
    },
};
use std::sync::Arc;

/// Lines of a search that are listed.
const LISTED: usize = 200;

/// Logs that platforms gave a moment ago, by connection and deployment.
pub(super) type RecentLogs = moka::future::Cache<(String, String), Arc<ShownLog>>;

/// As many as fit into 32 MiB, for ten minutes.
pub(super) fn recent_logs() -> RecentLogs {
    let bytes = |lines: &[String]| lines.iter().map(|line| line.len() + 32).sum::<usize>();
    moka::future::Cache::builder()
        .weigher(move |_, log: &Arc<ShownLog>| {
            u32::try_from(bytes(&log.plain) + bytes(&log.coloured)).unwrap_or(u32::MAX)
        })
        .max_capacity(32 << 20)
        .time_to_live(std::time::Duration::from_secs(600))
        .build()
}

/// A whole log.
struct Whole {
    /// With colours, redacted.
    lines: Vec<String>,
    /// What the fix, or else a diagnosis made now, says of it.
    root: Option<usize>,
    /// A diagnosis made now.
    finding: Option<Finding>,
}

/// What the page shows of a log at first; `None` while there is none.
///
/// # Errors
/// `NotFound` for what the user does not watch; what the platform answers.
pub async fn log(views: &Views, user_id: &str, id: &str) -> Result<Option<DeploymentLog>, ApiError> {
    let Some(Whole { lines, root, finding }) = whole(views, user_id, id).await? else { return Ok(None) };
    Ok(Some(DeploymentLog { excerpt: LogExcerpt::of(lines, root), finding }))
}

/// At most [`WHOLE`] lines of it, after the first `before` ones.
///
/// # Errors
/// As [`log`].
pub async fn log_lines(
    views: &Views,
    user_id: &str,
    id: &str,
    before: usize,
) -> Result<Vec<String>, ApiError> {
    let whole = whole(views, user_id, id).await?;
    Ok(whole.map(|whole| whole.lines.into_iter().skip(before).take(WHOLE).collect()).unwrap_or_default())
}

/// The whole of it as plain text.
///
/// # Errors
/// As [`log`].
pub async fn log_text(views: &Views, user_id: &str, id: &str) -> Result<String, ApiError> {
    let whole = whole(views, user_id, id).await?.ok_or_else(ApiError::not_found)?;
    let mut text = String::with_capacity(whole.lines.iter().map(|line| line.len() + 1).sum());
    for line in &whole.lines {
        text.push_str(&clean(line));
        text.push('\n');
    }
    Ok(text)
}

/// The lines with that text in them, in whatever case (of ASCII letters).
///
/// # Errors
/// As [`log`]; `Invalid` for a text that is empty or longer than 200 bytes.
pub async fn find_in_log(views: &Views, user_id: &str, id: &str, text: &str) -> Result<LogMatches, ApiError> {
    let needle = text.trim().to_ascii_lowercase();
    if needle.is_empty() || needle.len() > 200 {
        return Err(ApiError::new(ErrorCode::Invalid, "Give a text of 1 to 200 characters to look for."));
    }
    let lines = whole(views, user_id, id).await?.map(|whole| whole.lines).unwrap_or_default();
    let mut found = LogMatches::default();
    for (index, line) in lines.iter().enumerate() {
        let line = clean(line);
        if line.to_ascii_lowercase().contains(&needle) {
            found.count += 1;
            if found.lines.len() < LISTED {
                found.lines.push((index + 1, line));
            }
        }
    }
    Ok(found)
}

async fn whole(views: &Views, user_id: &str, id: &str) -> Result<Option<Whole>, ApiError> {
    let fix = fixes::find_for_user(&views.platforms.db, user_id, id).await?;
    let is_fix = fix.is_some();
    let (id, finding) = match fix {
        Some(fix) => {
            let finding: Option<Finding> =
                fix.finding.as_deref().and_then(|json| serde_json::from_str(json).ok());
            if let Some(log) = fix.logs {
                let lines = log.lines().map(str::to_owned).collect();
                return Ok(Some(Whole { lines, root: finding.and_then(|it| it.line_number), finding: None }));
            }
            (format!("{}:{}", fix.provider, fix.platform_deployment_id), finding)
        }
        None => (id.to_owned(), None),
    };
    match of_platform(views, user_id, &id, finding.is_none()).await {
        // The fix is there, and its platform has forgotten the deployment, or does not answer: its page says so.
        Err(error)
            if is_fix && matches!(error.code, ErrorCode::NotFound | ErrorCode::PlatformUnavailable) =>
        {
            Ok(None)
        }
        other => other,
    }
}

/// The log of a deployment of which nothing is stored.
async fn of_platform(
    views: &Views,
    user_id: &str,
    id: &str,
    diagnose: bool,
) -> Result<Option<Whole>, ApiError> {
    let (watched, deployment) = without_fix(views, user_id, id).await?;
    let log = platforms::build_log(views, &watched, &deployment).await?;
    let Some(log) = log.filter(|log| !log.plain.is_empty()) else { return Ok(None) };
    let hints = Hints {
        provider: Some(deployment.provider),
        inspector_url: deployment.inspector_url.clone(),
        ..Hints::default()
    };
    let finding = (diagnose && deployment.state == DeploymentState::Failed)
        .then(|| diagnosis::diagnose(&log.plain, &hints));
    let root = finding.as_ref().and_then(|finding| finding.line_number);
    Ok(Some(Whole { lines: log.coloured.clone(), root, finding }))
}
