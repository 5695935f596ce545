// The audit log as its owner reads it: who did what, what was refused, and nothing that is secret.
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { collect, connect, EMAIL, look, setUp, taken } from './page';
import { type Seeded, World } from './world';

test.describe.configure({ mode: 'serial' });

let world: World;
let shop: Seeded;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

const entries = (at: Page) => at.getByRole('list', { name: 'Entries' }).getByRole('listitem');
const tab = (at: Page, name: string) => at.getByRole('navigation', { name: 'Show' }).getByRole('link', { name, exact: true });

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  shop = await world.seed('healthy');
  await world.startApp({ DEPLOYMEND_PAUSED: 'true', DEPLOYMEND_POLL_INTERVAL: '3600' });
  context = await browser.newContext();
  page = await context.newPage();
  collect(problems, page, 'status of');
  await setUp(page, world);
});

test.afterAll(async () => {
  await context?.close();
  await world?.stop();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

test('nothing of a kind has happened yet', async () => {
  await page.goto(`${world.base}/settings`);
  await taken(page);
  await page.getByRole('link', { name: 'Audit log' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
  await expect(page.getByText('Of everybody on this server')).toBeVisible();
  await tab(page, 'Token use').click();
  await expect(page).toHaveURL(/\/settings\/audit\?kind=token_use$/);
  await expect(tab(page, 'Token use')).toHaveAttribute('aria-current', 'page');
  await expect(page.getByText('No entries')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Entries' })).toHaveCount(0);
  await look(page, 'audit-empty');
});

test('changes, sign-ins and token uses are told, each under its tab', async ({ browser }) => {
  await connect(page, world, 'github', shop.githubToken);
  await connect(page, world, 'vercel', shop.vercelToken);
  const stranger = await browser.newContext();
  const there = await stranger.newPage();
  await there.goto(`${world.base}/sign-in`);
  await there.getByLabel('Email').fill(EMAIL);
  await there.getByLabel('Password').fill('not the password');
  await there.getByRole('button', { name: 'Sign in', exact: true }).click();
  await there.waitForURL('**/sign-in**error**');
  await stranger.close();

  await page.goto(`${world.base}/settings/audit`);
  await taken(page);
  await expect(tab(page, 'All')).toHaveAttribute('aria-current', 'page');
  await expect(entries(page).filter({ hasText: 'Refused' }).first()).toContainText('127.0.0.1');
  await expect(entries(page).filter({ hasText: 'Connect a platform' })).toContainText(EMAIL);
  await look(page, 'audit');
  const text = await page.content();
  for (const secret of [shop.vercelToken, shop.githubToken, 'not the password', world.setUpToken]) {
    expect(text).not.toContain(secret);
  }

  const all = await entries(page).count();
  for (const kind of ['Changes', 'Sign-ins', 'Token use']) {
    await tab(page, kind).click();
    await expect(tab(page, kind)).toHaveAttribute('aria-current', 'page');
    await expect(entries(page).first()).toBeVisible();
    await expect.poll(() => entries(page).count()).toBeLessThan(all);
  }
});

test('what is older is on the next page, also without WebAssembly', async ({ browser }) => {
  // One more than fits on a page beside what is there already.
  for (let number = 0; number < 50; number++) {
    const answer = await page.request.post(`${world.base}/settings/tokens`, {
      form: { name: `script ${number}`, days: '30' },
      headers: { origin: world.base },
    });
    expect(answer.ok()).toBe(true);
  }
  await page.goto(`${world.base}/settings/audit?kind=change`);
  await taken(page);
  await expect(entries(page)).toHaveCount(50);
  await look(page, 'audit-paged');
  await page.getByRole('link', { name: 'Older' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/kind=change&after=/);
  await expect(tab(page, 'Changes')).toHaveAttribute('aria-current', 'page');
  await expect(page.getByRole('link', { name: 'Older' })).toHaveCount(0);
  const older = await entries(page).count();
  expect(older).toBeGreaterThan(0);

  const bare = await browser.newContext({ storageState: await context.storageState() });
  const there = await bare.newPage();
  await there.route('**/*.wasm', (route) => route.abort());
  await there.goto(`${world.base}/settings/audit?kind=change`);
  await there.getByRole('link', { name: 'Older' }).click();
  await expect(entries(there)).toHaveCount(older);
  await bare.close();
});

test('somebody who was invited sees their own entries alone', async ({ browser }) => {
  await page.goto(`${world.base}/settings`);
  await taken(page);
  await page.getByRole('button', { name: 'Invite somebody', exact: true }).click();
  const link = await page.getByLabel('Send this link to one person').inputValue();
  const other = await browser.newContext();
  const there = await other.newPage();
  await there.goto(link);
  await taken(there);
  await there.getByLabel('Email').fill('kim@example.com');
  await there.getByLabel('Name').fill('Kim');
  await there.getByLabel('Password').fill('another long password');
  await there.getByRole('button', { name: 'Make account' }).click();
  await there.waitForURL('**/deployments');
  await there.goto(`${world.base}/settings/audit`);
  await expect(there.getByText('Of your account')).toBeVisible();
  await expect(entries(there).filter({ hasText: 'kim@example.com' })).not.toHaveCount(0);
  await expect(entries(there).filter({ hasText: EMAIL })).toHaveCount(0);
  await other.close();
});
