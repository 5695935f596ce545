// Every page in light and dark, wide and narrow: nothing keeps anybody out, nothing is fetched elsewhere. Then two
// people who see nothing of each other.
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { look as inEveryWay, setUp, taken } from './page';
import { type Seeded, World } from './world';

test.describe.configure({ mode: 'serial' });

let world: World;
let seeded: Seeded;
let context: BrowserContext;
let page: Page;
let fix: string;
const elsewhere: string[] = [];

/** Looks at the page at `path` in every way, and at what the server said of it. */
async function look(name: string, path: string): Promise<void> {
  const answer = await page.goto(`${world.base}${path}`);
  const policy = answer?.headers()['content-security-policy'] ?? '';
  expect(policy, name).toContain("default-src 'none'");
  expect(policy, name).not.toMatch(/unsafe-inline|[' ]unsafe-eval|https?:|\*/);
  if (path !== '/api') await taken(page);
  await inEveryWay(page, name);
}

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  seeded = await world.seed('broken-type');
  await world.startApp({ DEPLOYMEND_PAUSED: 'true' });
  context = await browser.newContext();
  context.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(world.base) && !address.startsWith('data:')) elsewhere.push(address);
  });
  page = await context.newPage();
});

test.afterAll(async () => world.stop());

test('pages before there is anything to see', async () => {
  await look('setup', '/setup');
  await setUp(page, world);
  await look('deployments-empty', '/deployments');
  await look('integrations-empty', '/integrations');
  await look('rules-nothing-watched', '/rules');
  await look('notifications-empty', '/notifications');
  await look('audit-empty', '/settings/audit?kind=change');
  await look('wizard', '/integrations/vercel');
});

test('pages with something on them', async () => {
  test.setTimeout(600_000);
  await page.request.post(`${world.base}/api/integrations/vercel/connect`, { data: { token: seeded.vercelToken } });
  await world.build(seeded.projectId);
  let rows: any[] = [];
  const list = async () => (rows = (await (await page.request.get(`${world.base}/api/deployments`)).json()).deployments);
  await expect.poll(async () => (await list()).filter((row) => row.fix).length).toBe(1);
  fix = rows[0].fix.id;
  const [subscription] = await (await page.request.get(`${world.base}/api/integrations/vercel/subscriptions`)).json();
  await look('deployments', '/deployments');
  await look('deployments-projects', '/deployments?tab=projects');
  await look('deployments-nothing-fits', '/deployments?q=nothing-has-this');
  await look('deployment', `/deployments/${fix}`);
  await look('deployment-unknown', '/deployments/nothing');
  await look('repository', `/repos/${seeded.repository}/deployments`);
  await look('integrations', '/integrations');
  await look('projects', '/integrations/vercel/projects');
  await look('project', `/integrations/vercel/projects/${subscription.id}`);
  const rules = `/integrations/vercel/projects/${subscription.id}/rules`;
  await look('rules-empty', '/rules');
  await look('project-rules-empty', rules);
  const rule = await page.request.post(`${world.base}/api/integrations/vercel/rules`, {
    data: { subscriptionId: subscription.id, name: 'Quota', errorPattern: 'quota (exceeded|reached)', skipFix: true },
  });
  await look('rules', '/rules');
  await look('project-rules', rules);
  await look('rule-new', `${rules}/new?pattern=%28`);
  await look('rule', `${rules}/${(await rule.json()).id}`);
  await look('settings', '/settings');
  await look('audit', '/settings/audit');
  await look('api', '/api');
});

test('a platform that is down is named, and the rest is shown', async () => {
  await world.control('/faults', { server: 'vercel', path: '/', times: 100, kind: 'status', status: 503 });
  await look('deployments-platform-down', '/deployments?tab=failed');
  await expect(page.locator('.row-link').first()).toBeVisible();
  await world.control('/faults', undefined, 'DELETE');
});

test('two people see nothing of each other', async ({ browser }) => {
  await page.goto(`${world.base}/settings`);
  await taken(page);
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  const link = await page.getByLabel('Send this link to one person').inputValue();
  const theirs = await (await browser.newContext()).newPage();
  await theirs.goto(link);
  await theirs.getByLabel('Email').fill('second@example.com');
  await theirs.getByLabel('Password').fill('another long password');
  await theirs.getByRole('button', { name: 'Make account' }).click();
  await theirs.waitForURL('**/deployments**');
  await expect(theirs.getByText('shop-web')).toHaveCount(0);

  for (const path of [`/api/deployments/${fix}`, `/api/deployments/${fix}/events`, '/api/integrations/vercel/subscriptions']) {
    expect((await theirs.request.get(`${world.base}${path}`)).status(), path).toBe(404);
  }
  expect((await theirs.request.post(`${world.base}/api/deployments/${fix}/retry`)).status()).toBe(404);
  expect((await (await theirs.request.get(`${world.base}/api/deployments`)).json()).deployments).toEqual([]);
  await theirs.goto(`${world.base}/deployments/${fix}`);
  await expect(theirs.getByText(/nothing here/i).first()).toBeVisible();

  // What happens to one reaches the open page of that one only.
  const heard = await theirs.evaluate(async () => {
    const events: string[] = [];
    const stream = new EventSource('/api/deployments/events');
    stream.addEventListener('fix', (event) => events.push((event as MessageEvent).data));
    await new Promise((done) => stream.addEventListener('open', done));
    Object.assign(window, { heard: events });
    return events.length;
  });
  expect(heard).toBe(0);
  await page.goto(`${world.base}/deployments`);
  await taken(page);
  const before = await page.locator('.row-link').count();
  await world.control('/vercel/build', { project: seeded.projectId, state: 'ERROR', log: 'npm error' });
  await expect.poll(() => page.locator('.row-link').count()).toBe(before + 1);
  expect(await theirs.evaluate(() => (window as any).heard)).toEqual([]);
  await theirs.context().close();
});

test('nothing was fetched elsewhere', () => {
  expect(elsewhere).toEqual([]);
});
