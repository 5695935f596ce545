// The page of one deployment: its log, its fix that is cancelled and started again, its patch.
import { expect, type Page, test } from '@playwright/test';
import { look, setUp, taken } from './page';
import { type Seeded, World } from './world';

test.describe.configure({ mode: 'serial' });

let world: World;
let seeded: Seeded;
let page: Page;
const problems: string[] = [];

async function call(method: string, path: string, data?: unknown): Promise<any> {
  const answer = await page.request.fetch(`${world.base}/api${path}`, { method, data });
  expect(answer.ok(), `${method} ${path}: ${answer.status()}`).toBe(true);
  return answer.json();
}

/** The newest row of the list, once its fix is stored. */
async function newest(known: number): Promise<any> {
  let rows: any[] = [];
  await expect
    .poll(async () => (rows = (await call('GET', '/deployments')).deployments.filter((row: any) => row.fix)).length)
    .toBe(known);
  return rows[0];
}

test.beforeAll(async ({ browser }) => {
  world = await World.start(400);
  seeded = await world.seed('broken-type');
  await world.startApp({ DEPLOYMEND_POLL_INTERVAL: '3600' });
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('pageerror', (error) => problems.push(String(error)));
  await setUp(page, world);
  await page.getByLabel('GitHub token').fill(seeded.githubToken);
  await page.getByRole('button', { name: 'Connect GitHub' }).click();
  await expect(page.getByText('octo-dev').first()).toBeVisible();
  await call('POST', '/integrations/vercel/connect', { token: seeded.vercelToken });
});

test.afterAll(async () => {
  await world.stop();
  expect(problems).toEqual([]);
});

test('a fix is cancelled, started again, and its patch is read in both ways', async () => {
  await world.build(seeded.projectId);
  const { fix } = await newest(1);
  await page.goto(`${world.base}/deployments/${fix.id}`);
  await taken(page);
  await page.getByRole('button', { name: 'Cancel fix' }).first().click();
  // The work goes on while the question stands.
  await expect(page.locator('.deployment-head .badge', { hasText: 'Fixing' })).toBeVisible({ timeout: 120_000 });
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel fix' }).click({ timeout: 5_000 });
  await expect(page.getByText(/Cancelled/).first()).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Try again' }).click();
  const pullRequest = page.getByRole('link', { name: 'Open pull request' });
  await expect(pullRequest).toHaveAttribute('href', /\/pull\/\d+/, { timeout: 240_000 });

  const removed = page.locator('.unified .removed');
  await expect(removed.first()).toBeVisible();
  await expect(page.locator('.split').first()).toBeHidden();
  await page.getByLabel('Side by side').check();
  await expect(page.locator('.split td.removed').first()).toBeVisible();
  await expect(removed.first()).toBeHidden();
  await expect(page.locator('.split td.added mark').first()).toBeVisible();
  await look(page, 'deployment-fixed');

  const card = page.getByRole('region', { name: 'Why it failed' });
  await card.getByRole('button', { name: 'This was wrong' }).click();
  await expect(card.getByText('You said that this was wrong.')).toBeVisible();
  await card.getByRole('button', { name: 'Undo' }).click();
  await expect(card.getByRole('button', { name: 'This was wrong' })).toBeVisible();
});

test('a long log is read from its cause, searched, and opened at any line', async () => {
  const [subscription] = await call('GET', '/integrations/vercel/subscriptions');
  await call('PATCH', `/integrations/vercel/subscriptions/${subscription.id}`, { autoFixEnabled: false });
  const lines = Array.from({ length: 3_000 }, (_, index) =>
    index % 3 ? `compiled page ${index + 1}` : `\u001b[32m✓\u001b[39m step ${index + 1} of the build`,
  );
  lines[2_599] = "src/total.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.";
  await world.control('/vercel/build', { project: seeded.projectId, state: 'ERROR', log: lines.join('\n') });
  const { fix } = await newest(2);
  const address = `${world.base}/deployments/${fix.id}`;
  const file = async () => (await page.request.get(`${address}/log.txt`)).status();
  await expect.poll(file).toBe(200);

  await page.goto(address);
  await taken(page);
  const root = page.locator('.log-root');
  await expect(root).toContainText('error TS2322');
  // No agent has looked at it, and yet it is diagnosed.
  await expect(page.getByRole('region', { name: 'Why it failed' })).toContainText('error TS2322');
  const rootLine = Number(await root.locator('a').textContent());
  await expect(page.locator('.log-lines .t2').first()).toHaveText('✓');
  await expect(page.locator('#L5')).not.toBeAttached();

  // What is folded away comes when it is looked at.
  await page.locator('.log-fold > summary').first().click();
  await expect(page.locator('#L5')).toBeVisible();

  // A search names its lines, also those that nobody has looked at.
  await page.getByRole('searchbox', { name: 'Find in the log' }).fill('page 1700');
  await page.keyboard.press('Enter');
  await expect(page.getByText('1 line has it.')).toBeVisible();
  await page.locator('.log-found a').click();
  await expect(page.locator('#L1700')).toBeInViewport();
  await expect(page.locator('.log-lines a:target')).toHaveText('1700');
  await expect(page.locator('.log-block', { has: page.locator('#L1700') })).toContainText('compiled page 1700');
  await look(page, 'deployment-log');

  // An address leads to a line, too.
  await page.goto(`${address}?x#L1234`);
  await expect(page.locator('.log-lines a:target')).toHaveText('1234');
  await expect(page.locator('#L1234')).toBeInViewport();

  const text = (await (await page.request.get(`${address}/log.txt`)).text()).split('\n');
  expect(text[rootLine - 1]).toContain('error TS2322');
  expect(text.join('')).not.toContain('\u001b');
});

test('without scripts the log is searched and read all the same', async ({ browser }) => {
  const { fix } = await newest(2);
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const still = await context.newPage();
  await still.goto(`${world.base}/deployments/${fix.id}`);
  await expect(still.locator('.log-root')).toContainText('error TS2322');
  await still.getByRole('searchbox', { name: 'Find in the log' }).fill('TS2322');
  await still.getByRole('button', { name: 'Find', exact: true }).click();
  await expect(still.getByText('1 line has it.')).toBeVisible();
  await still.getByRole('link', { name: 'As text' }).click();
  await expect(still.getByText('step 1 of the build')).toBeVisible();
  await context.close();
});

test('a failure that nobody has taken up is diagnosed, and its fix is started from its page', async () => {
  await world.control('/vercel/delivery-mode', { mode: 'drop' });
  const log = "Running \"npm run build\"\nsrc/total.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.\nError: Command \"npm run build\" exited with 2";
  const { deployment } = await world.control('/vercel/build', { project: seeded.projectId, state: 'ERROR', log });
  await page.goto(`${world.base}/deployments/vercel:${deployment.id}`);
  await taken(page);
  await expect(page.getByRole('region', { name: 'Why it failed' })).toContainText('error TS2322');
  await expect(page.getByRole('link', { name: 'Root line 2' })).toBeVisible();
  await look(page, 'deployment-unfixed');
  await page.getByRole('button', { name: 'Fix now' }).click();
  await page.waitForURL((url) => !url.pathname.includes('vercel'));
  await expect(page.locator('.station.done', { hasText: 'Received' })).toBeVisible();
});

test('what code cannot repair leads to the platform, and is built again from its page', async () => {
  const failed = async (log: string) => {
    const { deployment } = await world.control('/vercel/build', { project: seeded.projectId, state: 'ERROR', log });
    await page.goto(`${world.base}/deployments/vercel:${deployment.id}`);
    await taken(page);
    return page.getByRole('region', { name: 'Why it failed' });
  };
  let card = await failed('Error: Missing required environment variable: STRIPE_SECRET_KEY\nError: Command "npm run build" exited with 1');
  await expect(card).toContainText('Add STRIPE_SECRET_KEY');
  await expect(card.locator('a.button')).toHaveAttribute('href', /^https:\/\/vercel\.com\/.*\/settings\/environment-variables$/);
  await look(page, 'deployment-setting');

  card = await failed('npm error code ECONNRESET\nnpm error network read ECONNRESET\nError: Command "npm install" exited with 1');
  await look(page, 'deployment-flaky');
  await card.getByRole('button', { name: 'Redeploy' }).click();
  await expect(page.getByText('The platform builds this commit once more.')).toBeVisible();
});
