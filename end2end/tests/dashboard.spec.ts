// The dashboard and the repository tab, over one product and one set of deployments.
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { clean, connect, setUp, taken } from './page';
import { World } from './world';

test.describe.configure({ mode: 'serial' });

const MINUTE = 60_000;
let world: World;
let signedIn: Awaited<ReturnType<BrowserContext['storageState']>>;

/** A deployment at the platform; a delivered one is told to the product. */
function deploy(deployment: Record<string, unknown>, deliver = false): Promise<any> {
  return world.control(`/vercel/deployments?deliver=${deliver}`, deployment);
}

const rows = (page: Page) => page.getByRole('list', { name: 'Deployments' }).getByRole('listitem');
const tab = (page: Page, name: string) => page.getByRole('navigation', { name: 'Show' }).getByRole('link', { name });

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  const shop = await world.seed('healthy');
  await world.control('/seed', { repository: 'acme/landing', files: { 'package.json': '{}' } });
  await world.startApp({ DEPLOYMEND_PAUSED: 'true', DEPLOYMEND_POLL_INTERVAL: '3600' });
  const page = await browser.newPage();
  await setUp(page, world);
  await connect(page, world, 'github', shop.githubToken);
  await connect(page, world, 'vercel', shop.vercelToken);
  const now = Date.now();
  for (let number = 0; number < 70; number += 1) {
    await deploy({
      project: number % 2 ? 'shop-web' : 'landing',
      state: number % 7 ? 'READY' : 'CANCELED',
      createdAt: now - (10 + number) * MINUTE,
      target: number % 3 ? undefined : 'production',
    });
  }
  await deploy({ project: 'shop-web', branch: 'main', log: 'Error: the cart is broken' }, true);
  await deploy({ project: 'landing', branch: 'main', log: 'Error: no such page' }, true);
  signedIn = await page.context().storageState();
  await page.close();
});

test.afterAll(async () => {
  await world?.stop();
});

test('tabs, filters and pages are steps in the history', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(`${world.base}/deployments`);
  await taken(page);
  await expect(rows(page)).toHaveCount(50);
  await expect(tab(page, 'All')).toContainText('72');
  await expect(tab(page, 'Failed')).toContainText('2');
  await page.evaluate(() => Object.assign(window, { loadedOnce: true }));

  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page).toHaveURL(/after=/);
  await expect(rows(page)).toHaveCount(22);
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(rows(page)).toHaveCount(50);

  await tab(page, 'Failed').click();
  await expect(page).toHaveURL(/tab=failed/);
  await expect(rows(page)).toHaveCount(2);
  await page.getByLabel('Project').selectOption('landing');
  await expect(page).toHaveURL(/tab=failed&project=landing/);
  await expect(rows(page)).toHaveCount(1);
  await tab(page, 'Success').click();
  await expect(rows(page)).toHaveCount(30);

  await page.goBack();
  await expect(rows(page)).toHaveCount(1);
  await expect(tab(page, 'Failed')).toHaveAttribute('aria-current', 'page');
  await page.goBack();
  await expect(page.getByLabel('Project')).toHaveValue('');
  await expect(rows(page)).toHaveCount(2);

  await page.keyboard.press('/');
  await page.keyboard.type('nothing like it', { delay: 20 });
  await expect(page.getByText('Nothing fits')).toBeVisible();
  await expect(page).toHaveURL(/q=nothing%20like%20it/);
  await page.goBack();
  await expect(page.getByLabel('Search')).toHaveValue('');
  await expect(rows(page)).toHaveCount(2);
  await page.getByLabel('From', { exact: true }).fill('2001-01-01');
  await page.getByLabel('To', { exact: true }).fill('2001-01-02');
  await expect(page.getByText('Nothing fits')).toBeVisible();
  await page.getByRole('link', { name: 'Clear', exact: true }).click();
  await expect(rows(page)).toHaveCount(2);

  await page.locator('body').click({ position: { x: 5, y: 5 } });
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(page.locator('.row-link').nth(1)).toBeFocused();
  expect(await page.evaluate(() => 'loadedOnce' in window), 'the page was not loaded again').toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/deployments\/[^?]+$/);
  expect(problems).toEqual([]);
  await context.close();
});

test('failures arrive at the top, or wait behind a pill', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  await page.goto(`${world.base}/deployments`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  const count = await rows(page).count();
  await deploy({ project: 'shop-web', log: 'Error: at the top' }, true);
  await expect(rows(page)).toHaveCount(count + 1);
  await expect(rows(page).first()).toContainText('shop-web');
  await expect(rows(page).first()).toContainText('Skipped');

  await page.getByLabel('Project').selectOption('landing');
  await expect(rows(page).first()).toContainText('landing');
  const filtered = await rows(page).count();
  await deploy({ project: 'shop-web', log: 'Error: of another project' }, true);
  await deploy({ project: 'landing', log: 'Error: behind the pill' }, true);
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
  await expect(rows(page)).toHaveCount(filtered);
  await page.getByRole('button', { name: '1 new' }).click();
  await expect(rows(page)).toHaveCount(filtered + 1);
  await expect(page.getByRole('button', { name: /new$/ })).toHaveCount(0);
  await context.close();
});

test('a page that nobody sees holds no stream, and catches up when it is seen', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const streams: EventSource[] = [];
    const Original = window.EventSource;
    window.EventSource = class extends Original {
      constructor(url: string) {
        super(url);
        streams.push(this);
      }
    };
    Object.assign(window, { openStreams: () => streams.filter((stream) => stream.readyState === 1).length });
  });
  const open = () => page.evaluate(() => (window as any).openStreams());
  const show = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
  await page.goto(`${world.base}/deployments`);
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  await expect.poll(open).toBe(2);
  const before = await tab(page, 'Failed').textContent();
  await show(true);
  expect(await open()).toBe(0);
  await deploy({ project: 'landing', branch: 'main', log: 'Error: nobody looks' }, true);
  await show(false);
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  await expect.poll(open).toBe(2);
  await expect(tab(page, 'Failed')).not.toHaveText(before!);
  await context.close();
});

test('a repository has its own tab, and projects lead to it', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  await page.goto(`${world.base}/deployments?tab=projects`);
  await taken(page);
  await expect(page.getByRole('list', { name: 'Projects' }).getByRole('listitem')).toHaveCount(2);
  await clean(page);
  await page.getByRole('link', { name: 'acme/landing' }).click();
  await page.waitForURL('**/repos/acme/landing/deployments');
  await expect(page.getByRole('heading', { name: 'acme/landing' })).toBeVisible();
  await expect(rows(page).filter({ hasText: 'shop-web' })).toHaveCount(0);
  await expect(rows(page).filter({ hasText: 'landing' }).first()).toBeVisible();
  await tab(page, 'Failed').click();
  await expect(page).toHaveURL(/\/repos\/acme\/landing\/deployments\?tab=failed$/);
  await page.goto(`${world.base}/repos/acme/rules/deployments`);
  await expect(page.getByText('No project is linked to acme/rules')).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rules' })).not.toHaveAttribute('aria-current');
  await context.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing keeps anybody out: ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ storageState: signedIn, colorScheme });
    const page = await context.newPage();
    for (const path of ['/deployments?tab=failed', '/repos/acme/landing/deployments?branch=none']) {
      await page.goto(`${world.base}${path}`);
      await taken(page);
      await clean(page);
    }
    await context.close();
  });
}

test('filters work without scripts', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${world.base}/deployments`);
  await tab(page, 'Failed').click();
  await page.getByLabel('Project').selectOption('landing');
  await page.getByLabel('Branch').fill('main');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/tab=failed/);
  await expect(page).toHaveURL(/project=landing/);
  await expect(page.getByLabel('Project')).toHaveValue('landing');
  expect(await rows(page).count()).toBeGreaterThan(0);
  await expect(rows(page).filter({ hasText: 'shop-web' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Clear', exact: true }).click();
  await tab(page, 'All').click();
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page.getByRole('link', { name: 'Newest' })).toBeVisible();
  await context.close();
});

test('each page fetches its own parts of the program, named in its answer', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  const parts = new Set<string>();
  page.on('request', (request) => {
    const [, part] = /\/pkg\/split_([a-z]+)_\d+\.wasm$/.exec(request.url()) ?? [];
    if (part) parts.add(part);
  });
  const named = async (path: string) => {
    const { link } = (await page.request.get(`${world.base}${path}`)).headers();
    return [...(link ?? '').matchAll(/<\/pkg\/split_([a-z]+)_\d+\.wasm>; rel=preload/g)].map(([, part]) => part);
  };
  expect(await named('/deployments')).toEqual([]);
  expect(await named('/settings')).toEqual(['personal']);
  expect(await named('/integrations')).toEqual(['platforms']);

  await page.goto(`${world.base}/settings`);
  await taken(page);
  expect([...parts]).toEqual(['personal']);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Deployments' }).click();
  await rows(page).first().getByRole('link').first().click();
  await expect(page).toHaveURL(/\/deployments\/[^/?]+/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect([...parts]).toEqual(['personal', 'deployment']);
  await context.close();
});

test('a sheet says what the keys do, and they do it', async ({ browser }) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  await page.goto(`${world.base}/deployments`);
  await taken(page);
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet).toBeHidden();
  await page.keyboard.press('?');
  await expect(sheet).toBeVisible();
  await expect(sheet.getByRole('button', { name: 'Close' })).toBeFocused();
  await clean(page);
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.getByRole('button', { name: 'owner@example.com' }).click();
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await expect(sheet).toBeVisible();
  await sheet.getByRole('button', { name: 'Close' }).click();
  await expect(sheet).toBeHidden();

  for (const [key, title] of [['i', 'Integrations'], ['r', 'Rules'], ['n', 'Notifications'], ['s', 'Settings'], ['d', 'Deployments']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(key!);
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  }
  // Letters belong to the field that has the focus.
  await page.keyboard.press('/');
  await page.keyboard.type('g?s');
  await expect(page.getByLabel('Search')).toHaveValue('g?s');
  await expect(sheet).toBeHidden();
  await expect(page).toHaveURL(/\/deployments/);
  await context.close();
});
