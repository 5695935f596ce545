//! Deliveries that say too little → what the platform says about them when it is asked.
//!
//! A hint is stored before it is answered, and settled after the platform was asked: a crash in between asks again.

use super::{Found, PollError, teams::Poll};
use crate::server::{
    db::{
        deliveries::{self, Settled},
        entity::{integration, subscription, webhook_delivery},
    },
    intake::{Action, Delivered, IntakeContext},
    integrations::{Access, PlatformError, ProjectRef},
};

/// Hints that are followed in one poll.
const MOST: u64 = 100;

/// Asks about each hint of the connection. Returns those that only a look at everything can settle.
pub(super) async fn follow(
    poll: &Poll<'_>,
    access: &Access,
    row: &integration::Model,
    rows: &[subscription::Model],
    found: &mut Found,
) -> Result<Vec<webhook_delivery::Model>, PollError> {
    let db = &poll.ctx.platforms.db;
    let mut open = Vec::new();
    for hint in deliveries::hints(db, &row.id, MOST).await? {
        let project = hint.platform_project_id.as_deref();
        let watched = project.and_then(|id| rows.iter().find(|watched| watched.platform_project_id == id));
        let Some(watched) = watched else {
            open.push(hint);
            continue;
        };
        let access = access.for_team(watched.team_id.clone());
        let asked = poll.provider.hinted(&access, &ProjectRef::from(watched), &hint.delivery_id).await;
        let deployment = match asked {
            Ok(Some(deployment)) => deployment,
            Ok(None) | Err(PlatformError::NotFound) => {
                open.push(hint);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let delivered = Delivered {
            integration_id: row.id.clone(),
            id: hint.delivery_id.clone(),
            kind: hint.kind.clone(),
            project_id: hint.platform_project_id.clone(),
        };
        let platform_deployment_id = Some(deployment.platform_id.clone());
        let receipt = poll.take(rows, deployment, Some(&delivered)).await?;
        let action = receipt.as_ref().map_or(Action::Ignored, |receipt| receipt.action);
        found.new += usize::from(matches!(action, Action::Queued | Action::Skipped));
        let settled = Settled {
            decision: action.as_str(),
            reason: receipt.is_none().then_some("no_failure"),
            platform_deployment_id,
            deployment_id: receipt.and_then(|receipt| receipt.fix_id),
        };
        deliveries::settle(db, &hint.id, settled).await?;
    }
    Ok(open)
}

/// Everything was looked at: what these hints were about has been found, if it was anything.
pub(super) async fn looked(ctx: &IntakeContext, open: Vec<webhook_delivery::Model>) -> Result<(), PollError> {
    for hint in open {
        let settled =
            Settled { decision: Action::Ignored.as_str(), reason: Some("looked"), ..Settled::default() };
        deliveries::settle(&ctx.platforms.db, &hint.id, settled).await?;
    }
    Ok(())
}
