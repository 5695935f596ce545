// The page of a deployment whose build log has 50,000 lines: when something is seen, and how long the browser is busy
// at one go. `make bench` runs it.
import { expect, type Page, test } from '@playwright/test';
import { setUp, taken } from '../tests/page';
import { World } from '../tests/world';

const LINES = 50_000;
let world: World;

test.beforeAll(async () => {
  world = await World.start();
  await world.startApp({ DEPLOYMEND_PAUSED: 'true' });
});
test.afterAll(async () => world.stop());

/** A log as builds write it, with colours, and one error near its end. */
function log(): string {
  const lines = Array.from({ length: LINES }, (_, index) => {
    const name = `src/components/part-${index % 997}/view-${index % 31}.tsx`;
    return index % 5 ? `✓ compiled ${name} in ${index % 90} ms` : `\u001b[32m✓\u001b[0m \u001b[2m${name}\u001b[0m`;
  });
  lines[LINES - 400] = "src/total.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.";
  return lines.join('\n');
}

/** Milliseconds of the first paint and of the longest task so far. */
async function measured(page: Page): Promise<{ paint: number; longest: number }> {
  return page.evaluate(() => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN;
    return { paint, longest: Math.max(0, ...(window as any).longTasks) };
  });
}

test('50,000 lines', async ({ page }) => {
  await setUp(page, world);
  const seeded = await world.seed('broken-type');
  await page.request.post(`${world.base}/api/integrations/vercel/connect`, { data: { token: seeded.vercelToken } });
  await world.control('/vercel/build', { project: seeded.projectId, state: 'ERROR', log: log() });
  let rows: any[] = [];
  const list = async () => (rows = (await (await page.request.get(`${world.base}/api/deployments`)).json()).deployments);
  await expect.poll(async () => (await list()).length).toBe(1);

  await page.addInitScript(() => {
    (window as any).longTasks = [];
    new PerformanceObserver((found) => {
      for (const entry of found.getEntries()) (window as any).longTasks.push(entry.duration);
    }).observe({ type: 'longtask', buffered: true });
  });
  const address = rows[0].fix ? `/deployments/${rows[0].fix.id}` : `/deployments/vercel:${rows[0].deployment.platform_id}`;
  await page.goto(`${world.base}${address}`);
  await taken(page);
  await expect(page.locator('.log-lines')).toBeVisible();
  const loaded = await measured(page);

  await page.goto(`${world.base}/deployments`);
  await taken(page);
  await page.evaluate(() => ((window as any).longTasks.length = 0));
  await page.locator(`a[href="${address}"]`).first().click();
  await expect(page.locator('.log-lines')).toBeVisible();
  await page.waitForTimeout(500);
  const followed = await measured(page);
  console.log(JSON.stringify({ lines: LINES, firstPaintMs: loaded.paint, loadLongestTaskMs: loaded.longest, followedLongestTaskMs: followed.longest }));
});
