// A person's account: tokens, sessions, GitHub, invitations, over one product and its stand-ins.
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { collect, EMAIL, look, PASSWORD, setUp, taken } from './page';
import { World } from './world';

test.describe.configure({ mode: 'serial' });

let world: World;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

const items = (name: string) => page.getByRole('list', { name }).getByRole('listitem');
const button = (name: string) => page.getByRole('button', { name, exact: true });

async function settings(): Promise<void> {
  await page.goto(`${world.base}/settings`);
  await taken(page);
}

async function signIn(at: Page): Promise<void> {
  await at.goto(`${world.base}/sign-in`);
  await at.getByLabel('Email').fill(EMAIL);
  await at.getByLabel('Password').fill(PASSWORD);
  await at.getByRole('button', { name: 'Sign in', exact: true }).click();
  await at.waitForURL('**/deployments');
}

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  await world.seed('healthy');
  await world.startApp({
    DEPLOYMEND_PAUSED: 'true',
    DEPLOYMEND_GITHUB_CLIENT_ID: 'Iv1.product',
    DEPLOYMEND_GITHUB_CLIENT_SECRET: 'app secret',
  });
  const callback = `${world.base}/api/auth/github/callback`;
  await world.control('/github/oauth-apps', { clientId: 'Iv1.product', clientSecret: 'app secret', callback });
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

test('a token is made, shown once, copied and revoked', async () => {
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveAttribute('aria-current', 'page');
  await look(page, 'settings-new');
  await page.getByLabel('Name').fill('deploy script');
  await page.getByLabel('Expires in').selectOption('30 days');
  await button('Create token').click();
  const field = page.getByLabel('Your new token');
  await expect(field).toHaveValue(/^dpm_[0-9a-f]{64}$/);
  const token = await field.inputValue();
  await taken(page);
  await expect(field).toHaveValue(token);
  await look(page, 'settings-token');
  await button('Copy').click();
  await expect(button('Copied')).toBeVisible();
  await page.getByLabel('Name').fill('');
  await page.getByLabel('Name').press('ControlOrMeta+v');
  await expect(page.getByLabel('Name')).toHaveValue(token.slice(0, 60));
  expect(page.url()).not.toContain('dpm_');

  const ask = () => fetch(`${world.base}/api/deployments`, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask()).status).toBe(200);
  await settings();
  await expect(field).toHaveCount(0);
  expect(await page.content()).not.toContain(token);
  await expect(items('API tokens')).toContainText([/deploy script.*last used.*expires in 29 days/]);
  await button('Revoke').click();
  await expect(page.getByText('Programs that use this token are refused')).toBeVisible();
  await look(page, 'settings-revoke');
  await page.getByRole('dialog', { name: 'Revoke' }).getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('The token is revoked.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'API tokens' })).toHaveCount(0);
  expect((await ask()).status).toBe(401);
});

test('another browser is signed out from here', async ({ browser }) => {
  const other = await browser.newContext();
  const there = await other.newPage();
  await signIn(there);
  await settings();
  await expect(items('Sessions')).toHaveCount(2);
  await expect(items('Sessions').first()).toContainText('Chrome');
  await look(page, 'settings-sessions');
  await items('Sessions').filter({ hasNotText: 'This browser' }).getByRole('button', { name: 'End' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('That browser is signed out.')).toBeVisible();
  await expect(items('Sessions')).toHaveCount(1);
  await there.goto(`${world.base}/integrations`);
  await there.waitForURL('**/sign-in?next=%2Fintegrations');
  await signIn(there);
  await settings();
  await button('End all others').click();
  await expect(page.getByText('Every other browser is signed out.')).toBeVisible();
  await there.goto(`${world.base}/deployments`);
  await there.waitForURL('**/sign-in**');
  await other.close();
});

test('GitHub is linked and signs in; the sign-out ends it', async ({ browser }) => {
  await settings();
  await page.getByRole('link', { name: 'Link GitHub' }).click();
  await page.getByRole('button', { name: 'Authorize as octo-dev' }).click();
  await page.waitForURL('**/settings?ok=github_linked');
  await expect(page.getByText('You can sign in with GitHub from now on.')).toBeVisible();
  await expect(items('GitHub')).toContainText(['@octo-dev']);

  const other = await browser.newContext();
  const there = await other.newPage();
  // Before, and whether or not, the browser takes over the page.
  await there.route('**/*.wasm', (route) => route.abort());
  await there.goto(`${world.base}/integrations`);
  await look(there, 'sign-in');
  await there.getByRole('link', { name: 'Sign in with GitHub' }).click();
  await there.getByRole('button', { name: 'Cancel' }).click();
  await expect(there.getByText('GitHub was told not to go on')).toBeVisible();
  await there.goto(`${world.base}/integrations`);
  await there.getByRole('link', { name: 'Sign in with GitHub' }).click();
  await there.getByRole('button', { name: 'Authorize as octo-dev' }).click();
  await there.waitForURL('**/integrations');
  await there.getByRole('button', { name: EMAIL }).click();
  await there.getByRole('button', { name: 'Sign out' }).click();
  await expect(there.getByText('You are signed out.')).toBeVisible();
  await signIn(there);
  await there.goto(`${world.base}/settings`);
  await there.getByLabel('Name').fill('without scripts');
  await there.getByRole('button', { name: 'Create token' }).click();
  await expect(there.getByLabel('Your new token')).toHaveValue(/^dpm_/);
  await other.close();
});

test('somebody is invited and has an account of their own', async ({ browser }) => {
  await settings();
  await button('Invite somebody').click();
  const link = await page.getByLabel('Send this link to one person').inputValue();
  await look(page, 'settings-invitation');
  const other = await browser.newContext();
  const there = await other.newPage();
  await there.goto(link);
  await taken(there);
  await look(there, 'invitation');
  await there.getByLabel('Email').fill(EMAIL);
  await there.getByLabel('Name').fill('Kim');
  await there.getByLabel('Password').fill('another long password');
  await there.getByRole('button', { name: 'Make account' }).click();
  await expect(there.getByText('Somebody has this address already.')).toBeVisible();
  await there.getByLabel('Email').fill('kim@example.com');
  await there.getByLabel('Password').fill('another long password');
  await there.getByRole('button', { name: 'Make account' }).click();
  await there.waitForURL('**/deployments');
  await there.goto(`${world.base}/settings`);
  await expect(there.getByText('Signed in as kim, kim@example.com')).toBeVisible();
  await expect(there.getByRole('heading', { name: 'Invitations' })).toHaveCount(0);
  await there.goto(link);
  await expect(there.getByText('This invitation has been used')).toBeVisible();
  await look(there, 'invitation-used');
  await other.close();
});
