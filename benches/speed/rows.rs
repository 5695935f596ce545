//! The list over ten thousand and over a million fixes: it may not slow down by what is stored behind it.

use crate::{
    load::Load,
    pages,
    report::{Figure, Row},
};
use anyhow::Context as _;
use deploymend::server::db::Db;
use sea_orm::ConnectionTrait as _;
use standins::scenario::Build;

/// Fixes stored when the list is measured.
const SIZES: [(usize, &str); 2] = [(10_000, "10,000"), (1_000_000, "1,000,000")];
const MANY: Load = Load { clients: 16, requests: 2_000 };

pub async fn measure() -> anyhow::Result<Vec<Row>> {
    let mut world = crate::world().await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_PAUSED", "true");
    world.settings.flags.push("--no-worker");
    let app = world.start().await?;
    // The one that the others are copies of.
    let log = "npm error the build failed".to_owned();
    let project = world.seeded.project_id.clone();
    world.standins.build(Build { project, state: Some("ERROR".into()), log, ..Build::default() }).await?;
    let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
    let (mut stored, mut rows, mut p99s) = (1, Vec::new(), Vec::new());
    for (size, words) in SIZES {
        fill(&db, stored, size).await?;
        stored = size;
        // One look first: the last writes are still on their way to the disk.
        pages::visit(&app, pages::LIST, Load { clients: 1, requests: 50 }).await?;
        let list = pages::visit(&app, pages::LIST, MANY).await?;
        p99s.push(list.p99_ms);
        rows.push(Row::load(format!("list over {words} fixes, 16 clients"), "", &list));
    }
    let ratio =
        p99s.last().context("nothing was measured")? / p99s.first().context("nothing was measured")?;
    rows.push(Row::new(
        "p99 of the list, a hundred times the fixes",
        "under 2",
        vec![Figure::new("ratio", ratio, "")],
    ));
    Ok(rows)
}

/// Copies of the first fix, a minute apart, in the states that fixes end in.
async fn fill(db: &Db, from: usize, to: usize) -> anyhow::Result<()> {
    let rows = format!(
        "WITH RECURSIVE numbers (n) AS (VALUES ({from}) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {to}) \
         INSERT INTO deployments (id, subscription_id, provider, platform_deployment_id, project_name, repository, \
         branch, commit_sha, fix_status, error_message, pr_number, created_at, completed_at) \
         SELECT printf('00BENCH%019d', 1000000000 - n), d.subscription_id, d.provider, printf('dpl_bench%012d', n), \
         d.project_name, d.repository, d.branch, d.commit_sha, CASE n % 4 WHEN 0 THEN 'skipped' WHEN 1 THEN 'failed' \
         WHEN 2 THEN 'merged' ELSE 'pr_created' END, 'Error number ' || n, CASE WHEN n % 4 > 1 THEN n END, \
         strftime('%Y-%m-%dT%H:%M:%S+00:00', d.created_at, '-' || n || ' minutes'), d.completed_at \
         FROM numbers, (SELECT * FROM deployments WHERE id NOT LIKE '00BENCH%' LIMIT 1) AS d"
    );
    db.orm.execute_unprepared(&rows).await?;
    Ok(())
}
