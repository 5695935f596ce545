import { expect, type Page, test } from '@playwright/test';
import { collect, look, setUp, taken } from './page';
import { type Seeded, World } from './world';

// One world for all: each test begins without a connection.
test.describe.configure({ mode: 'serial' });

let world: World;
let seeded: Seeded;
let page: Page;
const problems: string[] = [];

const dialog = () => page.getByRole('dialog');
const field = () => page.getByLabel('Vercel token');
const button = (name: string | RegExp) => page.getByRole('button', { name });
const link = (name: string) => page.getByRole('link', { name, exact: true });

async function integrations(): Promise<void> {
  await page.goto(`${world.base}/integrations`);
  await taken(page);
}

/** Opens the modal and goes on to the token's field. */
async function toPaste(opener = 'Connect Vercel'): Promise<void> {
  await link(opener).click();
  await link('Continue').click();
  await link('I have the token').click();
  await expect(field()).toBeFocused();
}

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  seeded = await world.seed('broken-type');
  await world.startApp();
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  collect(problems, page, 'status of');
  await setUp(page, world);
});

test.afterAll(async () => {
  await page?.context().close();
  await world?.stop();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

test('the keyboard alone leads to the token, back without losing input, and Escape gives the focus back', async () => {
  await integrations();
  await look(page, '0-integrations');
  await link('Connect Vercel').focus();
  await page.keyboard.press('Enter');
  await expect(dialog()).toBeVisible();
  await expect(dialog().getByRole('heading', { level: 2 })).toBeFocused();
  await look(page, '1-introduction');
  await page.keyboard.press('Tab');
  await expect(link('Continue')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog().getByRole('heading', { name: /Make a token/ })).toBeFocused();
  await expect(page.getByRole('link', { name: /token page/ })).toHaveAttribute('href', 'https://vercel.com/account/settings/tokens');
  await button('Copy').click();
  await expect(button('Copied')).toBeVisible();
  await look(page, '2-create');
  await link('I have the token').focus();
  await page.keyboard.press('Enter');

  // Typed, looked at, left and found again.
  await expect(field()).toBeFocused();
  await page.keyboard.type('vcp_ab');
  await expect(page.getByText('6 characters so far')).toBeVisible();
  await page.keyboard.type('cdefgh with a blank');
  await expect(page.getByText('no spaces')).toBeVisible();
  await expect(field()).toHaveAttribute('aria-invalid', 'true');
  await field().fill('vcp_abcdefgh0123');
  await expect(page.getByText('Begins with vcp_abcd… and has 16 characters.')).toBeVisible();
  await expect(field()).toHaveAttribute('type', 'password');
  await page.getByLabel(/Note/).fill('mine');
  await look(page, '3-paste');
  await link('Back').click();
  await link('I have the token').click();
  await expect(field()).toHaveValue('vcp_abcdefgh0123');
  await expect(page.getByLabel(/Note/)).toHaveValue('mine');

  // The focus stays inside.
  for (let index = 0; index < 12; index += 1) await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement?.closest('dialog')))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(dialog()).toBeHidden();
  await expect(link('Connect Vercel')).toBeFocused();
  await link('Connect Vercel').click();
  await expect(field()).toHaveValue('vcp_abcdefgh0123');
});

test('a bad, an expired and a weak token and a platform that is down say what to do, and nothing is kept', async () => {
  await field().press('Enter');
  await expect(dialog().getByRole('heading', { name: 'Vercel refused this token' })).toBeFocused();
  await expect(page.getByText('create a new one')).toBeVisible();
  await look(page, '4-refused');
  await link('Change the token').click();

  const { value: expired } = await world.control('/vercel/tokens', { user: 'octo-dev', expiresAt: 1 });
  await field().fill(expired);
  await button('Verify token').click();
  await expect(dialog().getByRole('heading', { name: 'Vercel refused this token' })).toBeVisible();
  await expect(dialog().getByText('expired')).toBeVisible();
  await link('Change the token').click();

  await world.control('/faults', { server: 'vercel', path: '/v7/deployments', times: 1, kind: 'status', status: 403 });
  await field().fill(seeded.vercelToken);
  await button('Verify token').click();
  await expect(dialog().getByText('Create a token with the scope “Full Account”')).toBeVisible();
  await expect(dialog().getByRole('listitem').filter({ hasText: 'Deployments and build logs' })).toContainText('Missing');
  await expect(button('Connect Vercel')).toHaveCount(0);
  await look(page, '4-scope');
  await link('Back').click();

  await world.control('/faults', { server: 'vercel', path: '/v2/user', times: 1, kind: 'status', status: 503 });
  await field().fill(seeded.vercelToken);
  await button('Verify token').click();
  await expect(dialog().getByRole('heading', { name: 'Vercel could not be asked' })).toBeVisible();
  await expect(page.getByText('Try again in a minute')).toBeVisible();
  await button('Try again').click();
  await expect(dialog().getByRole('heading', { name: "This is @octo-dev's token" })).toBeFocused();
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + location.href)).not.toContain(seeded.vercelToken);
  expect(await page.content()).not.toContain(seeded.vercelToken);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('article', { name: 'Vercel' }).getByText('Not connected')).toBeVisible();
});

test('a team is chosen, the modal closes by itself, and the page behind it is up to date', async () => {
  await world.control('/vercel/teams', { slug: 'beta', members: ['octo-dev'] });
  await world.control('/vercel/projects', { name: 'beta-app', team: 'beta' });
  const gitlab = { type: 'gitlab', projectName: 'shop', projectNamespace: 'acme/web' };
  await world.control('/vercel/projects', { name: 'on-gitlab', team: 'acme', link: gitlab });
  await world.control('/vercel/projects', { name: 'shop-docs', team: 'acme', repository: 'acme/shop-web', settings: { rootDirectory: 'docs' } });
  await integrations();
  await toPaste();
  await field().fill(seeded.vercelToken);
  await page.getByLabel(/Expires on/).fill('2099-01-31');
  await button('Verify token').click();
  await expect(page.getByRole('radio', { name: /beta/ })).toBeVisible();
  await expect(page.getByText('acme/shop-web')).toBeVisible();
  await look(page, '5-report');
  await page.getByRole('radio', { name: /beta/ }).check();
  await expect(page.getByText('None of these projects is on GitHub')).toBeVisible();
  await page.getByRole('radio', { name: /acme/ }).check();
  await button('Connect Vercel').click();
  await expect(dialog().getByRole('heading', { name: 'Connected as @octo-dev' })).toBeVisible();
  await expect(page.getByText('Failures arrive at once, by webhook.')).toBeVisible();
  await expect(page.getByText('3 projects, 2 on GitHub')).toBeVisible();
  await expect(dialog()).toBeHidden({ timeout: 10_000 });
  await expect(page.getByText('Connected', { exact: true }).first()).toBeVisible();
  await expect(page.getByText('Token expires')).toBeVisible();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
  await look(page, '6-connected');
});

test('projects are searched, chosen, synced and settled', async () => {
  await world.control('/vercel/projects', { name: 'brand-new', team: 'acme' });
  await link('Projects').click();
  await taken(page);
  await expect(page.getByText('3 of 4 watched · 1 new')).toBeVisible();
  await expect(page.getByText('The code is at GitLab')).toBeVisible();
  await look(page, '7-projects');
  await page.getByRole('searchbox').fill('gitlab');
  // The search box also looks at repositories: only the one project fits.
  await page.getByRole('searchbox').fill('web/shop');
  await expect(page.getByRole('checkbox')).toHaveCount(1);
  await button('Select none').click();
  await page.getByRole('searchbox').fill('');
  await expect(page.getByRole('checkbox')).toHaveCount(4);
  await page.getByLabel('brand-new').check();
  await button('Watch selected').click();
  await expect(page.getByText('Exactly the selected projects')).toBeVisible();
  await expect(page.getByText('3 of 4 watched')).toBeVisible();
  await expect(page.getByLabel('on-gitlab')).not.toBeChecked();

  const { id } = await world.control('/vercel/projects', { name: 'later', team: 'acme' });
  await button('Sync projects').click();
  await expect(page.getByText('1 project is watched from now on.')).toBeVisible();
  await expect(page.getByLabel('on-gitlab')).not.toBeChecked();
  await world.control(`/vercel/projects/${id}`, undefined, 'DELETE');
  await button('Sync projects').click();
  await expect(page.getByText('1 project is gone from the platform.')).toBeVisible();
  await expect(page.getByText('Gone from the platform', { exact: true })).toBeVisible();
  await look(page, '8-gone');

  await page.getByRole('listitem').filter({ hasText: 'shop-docs' }).getByRole('link', { name: 'Settings' }).click();
  await taken(page);
  await look(page, '9-settings');
  await page.getByLabel('Branch prefix').fill('../x');
  await button('Save').click();
  await expect(page.getByText('Nothing was saved.')).toBeVisible();
  await page.getByLabel('Branch prefix').fill('bot/');
  await page.getByLabel('Attempts per fix').fill('5');
  await page.getByLabel('Auto-fix').uncheck();
  await button('Save').click();
  await expect(page.getByText('The settings are saved.')).toBeVisible();
  await expect(page.getByText('Auto-fix off', { exact: true })).toHaveCount(1);
  await button('Turn auto-fix on').click();
  await expect(page.getByText('Auto-fix off', { exact: true })).toHaveCount(0);
});

test('a connection is renewed on the page of the wizard, and ended', async () => {
  // What is typed before the browser has taken over the page stays.
  let arrive = (): void => {};
  const held = new Promise<void>((done) => {
    arrive = done;
  });
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${world.base}/integrations/vercel?step=paste`, { waitUntil: 'commit' });
  await field().fill('vcp_typed_early');
  await expect(button('Connect Vercel')).toBeVisible();
  arrive();
  await taken(page);
  await page.unroute('**/*.wasm');
  await expect(page.getByText('Begins with vcp_type…')).toBeVisible();
  await expect(field()).toHaveValue('vcp_typed_early');
  await look(page, '10-page');
  await field().fill(seeded.vercelToken);
  await button('Verify token').click();
  await button('Connect Vercel').click();
  await page.waitForURL('**/integrations?ok=connected', { timeout: 10_000 });
  await button('Disconnect').first().click();
  await expect(page.getByText('Its webhooks are removed at Vercel')).toBeVisible();
  await page.getByRole('dialog', { name: 'Disconnect' }).getByRole('button', { name: 'Disconnect' }).click();
  await expect(page.getByRole('article', { name: 'Vercel' }).getByText('Not connected')).toBeVisible();
  expect((await world.snapshot()).vercel.webhooks).toEqual([]);
});
