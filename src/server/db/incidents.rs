//! What several deployments have in common: one commit that fails in the same way on several platforms. The fix of one
//! of them leads; the others follow it.

use super::{
    Db, DbError,
    entity::{deployment, incident},
};
use crate::{
    model::{FixStatus, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::{Expr, OnConflict},
};

/// Somebody else may take the lead in between.
const TRIES: usize = 5;

/// Who repairs what a fix has in common with others.
#[derive(Clone, Debug)]
pub enum Lead {
    /// The fix itself.
    Own {
        /// The incident.
        incident_id: String,
    },
    /// Another fix.
    Of {
        /// The incident.
        incident_id: String,
        /// That fix.
        leader: Box<deployment::Model>,
    },
}

/// Takes the lead for `fix`, unless another fix of the same user has it: the first to ask gets it, and gives it up by
/// ending without a pull request. `None` when the fix has no commit to compare by.
pub async fn lead(
    db: &Db,
    fix: &deployment::Model,
    user_id: &str,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Option<Lead>, DbError> {
    let Some(commit) = &fix.commit_sha else { return Ok(None) };
    let row = incident::ActiveModel {
        id: Set(new_id()),
        user_id: Set(Some(user_id.to_owned())),
        repository: Set(fix.repository.clone()),
        commit_sha: Set(Some(commit.clone())),
        branch: Set(fix.branch.clone()),
        fingerprint: Set(fingerprint.to_owned()),
        leader_id: Set(Some(fix.id.clone())),
        created_at: Set(now),
    };
    incident::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&db.orm)
        .await?;
    for _ in 0..TRIES {
        let found = incident::Entity::find()
            .filter(incident::Column::UserId.eq(user_id))
            .filter(incident::Column::Repository.eq(&fix.repository))
            .filter(incident::Column::CommitSha.eq(commit))
            .filter(incident::Column::Fingerprint.eq(fingerprint))
            .one(&db.orm)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let incident_id = found.id.clone();
        let leader = match &found.leader_id {
            Some(leader) if *leader == fix.id => return Ok(Some(Lead::Own { incident_id })),
            Some(leader) => deployment::Entity::find_by_id(leader).one(&db.orm).await?,
            None => None,
        };
        let gave_up = |leader: &deployment::Model| {
            matches!(
                FixStatus::parse(&leader.fix_status),
                Some(FixStatus::Failed | FixStatus::Skipped) | None
            )
        };
        if let Some(leader) = leader.filter(|leader| !gave_up(leader)) {
            return Ok(Some(Lead::Of { incident_id, leader: Box::new(leader) }));
        }
        let before = incident::Column::LeaderId;
        let taken = incident::Entity::update_many()
            .col_expr(before, Expr::value(fix.id.clone()))
            .filter(incident::Column::Id.eq(&incident_id))
            .filter(found.leader_id.as_ref().map_or_else(|| before.is_null(), |leader| before.eq(leader)))
            .exec(&db.orm)
            .await?;
        if taken.rows_affected == 1 {
            return Ok(Some(Lead::Own { incident_id }));
        }
    }
    Ok(None)
}

/// The other fixes of the same incident, oldest first.
pub async fn fellows(db: &Db, fix: &deployment::Model) -> Result<Vec<deployment::Model>, DbError> {
    let Some(incident_id) = &fix.incident_id else { return Ok(Vec::new()) };
    Ok(deployment::Entity::find()
        .filter(deployment::Column::IncidentId.eq(incident_id))
        .filter(deployment::Column::Id.ne(&fix.id))
        .order_by_asc(deployment::Column::CreatedAt)
        .all(&db.orm)
        .await?)
}
