import { expect, type Page, test } from '@playwright/test';
import { connect, look, setUp, taken } from './page';
import { World } from './world';

// One world for all: platforms are connected one after the other.
test.describe.configure({ mode: 'serial' });

const LOG = "src/billing/lines.ts(21,5): error TS2322: Type 'string' is not assignable to type 'number'.";

let world: World;
let page: Page;
let cloudflare: { token: string; accountId: string; projectId: string };
let render: { token: string; projectId: string };

const dialog = () => page.getByRole('dialog');
const button = (name: string | RegExp) => page.getByRole('button', { name });
const link = (name: string | RegExp) => page.getByRole('link', { name });
const card = (name: string) => page.getByRole('article', { name, exact: true });

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  const seeded = await world.seed('broken-type');
  cloudflare = await world.control('/cloudflare/seed', { repository: seeded.repository });
  await world.control('/cloudflare/seed', { repository: seeded.repository, project: 'shop-api', worker: true });
  render = await world.control('/render/seed', { repository: seeded.repository, project: 'shop-service' });
  await world.startApp({ DEPLOYMEND_PAUSED: 'true', DEPLOYMEND_POLL_INTERVAL: '2' });
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await setUp(page, world);
  await connect(page, world, 'vercel', seeded.vercelToken);
});

test.afterAll(async () => {
  await page?.context().close();
  await world?.stop();
});

/** Opens the wizard and goes on to the token's field. */
async function toPaste(platform: string, field: string): Promise<void> {
  await page.goto(`${world.base}/integrations`);
  await taken(page);
  await link(`Connect ${platform}`).click();
  await link('Continue').click();
  await expect(dialog().getByRole('heading', { name: `Make a token on ${platform}, in another tab` })).toBeFocused();
  await look(page, `platforms-${platform}-create`);
  await link('I have the token').click();
  await expect(page.getByLabel(field)).toBeFocused();
}

test('Cloudflare is connected: the link is filled in, a missing permission is named, Workers are polled', async () => {
  await toPaste('Cloudflare', 'Cloudflare token');
  await link('Back').click();
  const filled = await link(/Open Cloudflare's token page/).getAttribute('href');
  const asked = new URL(filled!).searchParams;
  expect(asked.get('name')).toBe('Deploymend');
  expect(JSON.parse(asked.get('permissionGroupKeys')!).map((group: { key: string }) => group.key)).toContain('page');
  await expect(dialog().getByText('Notifications').first()).toBeVisible();
  await link('I have the token').click();

  const permissions = ['pages.edit', 'workers_builds.edit', 'workers_scripts.read', 'account_settings.read', 'user_details.read'];
  const { value: weak } = await world.control('/cloudflare/tokens', { user: 'octo-dev', permissions });
  await page.getByLabel('Cloudflare token').fill(weak);
  await button('Verify token').click();
  const webhooks = dialog().getByRole('listitem').filter({ hasText: 'Webhooks' });
  await expect(webhooks).toContainText('Limited');
  await expect(webhooks).toContainText('Notifications');
  await look(page, 'platforms-cloudflare-weak');
  await link('Back').click();
  await page.getByLabel('Cloudflare token').fill(cloudflare.token);
  await button('Verify token').click();
  await expect(dialog().getByText('Acme').first()).toBeVisible();
  await look(page, 'platforms-cloudflare-report');
  await button('Connect Cloudflare').click();
  await expect(dialog().getByRole('heading', { name: 'Connected as octo-dev@example.com' })).toBeVisible();
  await expect(dialog()).toBeHidden({ timeout: 20_000 });
  await expect(card('Cloudflare')).toContainText('By webhook for 1 of 2 projects');
  await expect(card('Cloudflare')).toContainText('Workers Builds has no webhooks');
});

test('Render is connected, and its card tells the rate limit after a poll', async () => {
  await toPaste('Render', 'Render API key');
  await page.getByLabel('Render API key').fill('rnd_abcdefgh0123');
  await button('Verify token').click();
  await expect(dialog().getByRole('heading', { name: 'Render refused this token' })).toBeFocused();
  await link('Change the token').click();
  await page.getByLabel('Render API key').fill(render.token);
  await button('Verify token').click();
  await button('Connect Render').click();
  await expect(dialog().getByText('Failures arrive at once, by webhook.')).toBeVisible();
  await expect(dialog()).toBeHidden({ timeout: 20_000 });
  await expect(async () => {
    await page.reload();
    await expect(card('Render')).toContainText('of 400 requests left');
  }).toPass({ timeout: 20_000 });
  await look(page, 'platforms-integrations');
});

test('one dashboard shows the failures of all platforms, and says which one is down', async () => {
  const snapshot = await world.snapshot();
  await world.control('/vercel/build', { project: snapshot.vercel.projects[0].id, state: 'ERROR', log: LOG });
  await world.control('/cloudflare/build', { project: cloudflare.projectId, state: 'failure', log: LOG });
  await world.control('/cloudflare/build', { project: 'shop-api', state: 'failure', log: LOG });
  await world.control('/render/build', { project: render.projectId, state: 'build_failed', log: LOG });
  await page.goto(`${world.base}/deployments`);
  await taken(page);
  const rows = page.getByRole('list', { name: 'Deployments' }).getByRole('listitem');
  await expect(rows).toHaveCount(4, { timeout: 60_000 });
  for (const name of ['Vercel', 'Cloudflare', 'Render']) {
    await expect(rows.filter({ hasText: name }).first()).toBeVisible();
  }
  await look(page, 'platforms-dashboard');

  await world.control('/faults', { server: 'render', path: '/v1/services', times: 1000, kind: 'status', status: 503 });
  await expect(async () => {
    await page.goto(`${world.base}/deployments?all=1`);
    await expect(page.getByText(/Render did not answer/)).toBeVisible();
  }).toPass({ timeout: 30_000 });
  await expect(rows).toHaveCount(4);
  await look(page, 'platforms-one-down');
  await world.control('/faults', undefined, 'DELETE');
});

test('a failure of each platform has its page, with the log as that platform printed it', async () => {
  for (const [provider, name] of [['cloudflare', 'shop-api'], ['render', 'shop-service']]) {
    const answer = await page.request.get(`${world.base}/api/deployments?project=${name}`);
    const [row] = (await answer.json()).deployments;
    expect(row.fix.provider).toBe(provider);
    await page.goto(`${world.base}/deployments/${row.fix.id}`);
    await taken(page);
    await expect(page.getByText('All fixes are paused on this server.').first()).toBeVisible();
    await expect(page.getByText(LOG).first()).toBeVisible();
    await look(page, `platforms-${provider}-failure`, [1440]);
    await button('Redeploy').click();
    await expect(page.getByText('The platform builds this commit once more.')).toBeVisible();
  }
});

test('where builds run is chosen with and without scripts, and only where something could come of it', async ({ browser }) => {
  const bare = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const plain = await bare.newPage();
  const vercel = (on: Page) => on.getByRole('article', { name: 'Vercel', exact: true });
  const fact = (on: Page) => vercel(on).getByRole('definition').filter({ hasText: 'Change where builds run' });
  const choice = (on: Page, name: RegExp) => vercel(on).getByRole('group', { name: 'Builds run' }).getByRole('radio', { name });
  const [here, there] = [/^On this server/, /^In Vercel Sandbox, with this token/];
  const open = async (on: Page) => {
    await on.goto(`${world.base}/integrations`);
    if (on === page) await taken(page);
    await vercel(on).getByText('Change where builds run').click();
  };
  const choose = async (on: Page, name: RegExp, said: RegExp) => {
    await choice(on, name).check();
    await vercel(on).getByRole('button', { name: 'Save' }).click();
    await expect(on.getByRole('status').filter({ hasText: said })).toBeVisible();
    await expect(fact(on)).toHaveText(name);
  };

  await open(page);
  await expect(fact(page)).toHaveText(here);
  await expect(choice(page, here)).toBeChecked();
  await look(page, 'platforms-builds');
  await choose(page, there, /The next builds run in Vercel Sandbox/);
  await look(page, 'platforms-builds-saved');
  await open(plain);
  await expect(choice(plain, there)).toBeChecked();
  await choose(plain, here, /The next builds run on this server/);
  await open(plain);
  await choose(plain, there, /The next builds run in Vercel Sandbox/);

  // Nobody outside reaches such an address.
  await world.killApp();
  await world.startApp({ DEPLOYMEND_PAUSED: 'true', DEPLOYMEND_PUBLIC_URL: 'http://10.0.0.7' });
  const why = 'The public address cannot be reached from outside this network, so the agent there could not ask the model.';
  await open(page);
  await expect(fact(page).getByRole('paragraph')).toHaveText(why);
  await look(page, 'platforms-builds-unreachable');
  await choose(page, here, /The next builds run on this server/);
  await open(page);
  await expect(choice(page, there)).toBeDisabled();
  await expect(choice(page, there)).toHaveAccessibleName(new RegExp(why));
  await look(page, 'platforms-builds-here-only');
  await bare.close();
});
