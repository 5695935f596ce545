// What people are told about fixes: the count beside every page, the list, and the webhook that carries it outside.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { collect, connect, look, setUp, taken } from './page';
import { type Seeded, World } from './world';

test.describe.configure({ mode: 'serial' });

interface Message {
  headers: IncomingHttpHeaders;
  body: string;
}

let world: World;
let shop: Seeded;
let context: BrowserContext;
let page: Page;
let receiver: Server;
let address: string;
const messages: Message[] = [];
const problems: string[] = [];

const bell = (at: Page) => at.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Notifications/ });
const rows = (at: Page) => at.getByRole('list', { name: 'Notifications' }).getByRole('listitem');
const sent = () => page.getByRole('list', { name: 'Last messages' }).getByRole('listitem');
const button = (name: string) => page.getByRole('button', { name, exact: true });

/** A deployment fails whose project builds: its fix ends as skipped, which is news. */
async function fails(branch: string): Promise<void> {
  await world.control('/vercel/deployments?deliver=true', {
    project: shop.projectId,
    branch,
    sha: shop.sha,
    log: `Error: nothing works on ${branch}`,
  });
}

function take(): Promise<Server> {
  return new Promise((done) => {
    const server = createServer((request, answer) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        messages.push({ headers: request.headers, body });
        answer.writeHead(204).end();
      });
    });
    server.listen(0, '127.0.0.1', () => done(server));
  });
}

test.beforeAll(async ({ browser }) => {
  receiver = await take();
  const bound = receiver.address();
  address = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}/hook`;
  world = await World.start();
  shop = await world.seed('healthy');
  await world.startApp({ DEPLOYMEND_POLL_INTERVAL: '3600' });
  context = await browser.newContext();
  page = await context.newPage();
  collect(problems, page);
  await setUp(page, world);
  await connect(page, world, 'github', shop.githubToken);
  await connect(page, world, 'vercel', shop.vercelToken);
});

test.afterAll(async () => {
  await context?.close();
  await world?.stop();
  receiver?.close();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

test('nothing has happened yet', async () => {
  await page.goto(`${world.base}/notifications`);
  await taken(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Notifications' })).toBeVisible();
  await expect(page.getByText('Here you read when a pull request is open or merged')).toBeVisible();
  await expect(bell(page)).toHaveAttribute('aria-current', 'page');
  await expect(bell(page)).toHaveText('Notifications');
  await look(page, 'notifications-empty');
});

test('a webhook is added, its key is shown once, and a test arrives signed', async () => {
  await page.goto(`${world.base}/settings`);
  await taken(page);
  await page.getByLabel('Webhook address').fill('https://10.0.0.1/hook');
  await button('Add webhook').click();
  await expect(page.getByRole('alert').or(page.getByRole('status')).filter({ hasText: /address/i })).toBeVisible();
  await look(page, 'settings-webhook-refused');

  await page.getByLabel('Webhook address').fill(address);
  await button('Add webhook').click();
  const field = page.getByLabel('The key of the signatures');
  await expect(field).toHaveValue(/^whsec_/);
  const secret = await field.inputValue();
  await look(page, 'settings-webhook-key');

  await button('Send a test').click();
  await expect.poll(() => messages.length).toBe(1);
  const { headers, body } = messages[0]!;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(JSON.parse(body).type).toBe('webhook.test');

  await expect(async () => {
    await page.goto(`${world.base}/settings`);
    await expect(sent()).toContainText([/webhook\.test.*Delivered.*1 try.*HTTP 204/], { timeout: 1_000 });
  }).toPass();
  await expect(field).toHaveCount(0);
  expect(await page.content()).not.toContain(secret);
  await taken(page);
  await look(page, 'settings-webhook');
});

test('the count goes up while another page is open, and the webhook hears of it', async () => {
  await page.goto(`${world.base}/integrations`);
  await taken(page);
  await page.evaluate(() => Object.assign(window, { loadedOnce: true }));
  await fails('main');
  await expect(bell(page)).toHaveAccessibleName('Notifications 1 unread', { timeout: 60_000 });
  await fails('next');
  await expect(bell(page)).toHaveAccessibleName('Notifications 2 unread', { timeout: 60_000 });
  expect(await page.evaluate(() => 'loadedOnce' in window)).toBe(true);
  await expect.poll(() => messages.map((message) => JSON.parse(message.body).type)).toEqual([
    'webhook.test',
    'fix.skipped',
    'fix.skipped',
  ]);
  expect(messages.slice(1).map((message) => JSON.parse(message.body).data.branch)).toEqual(['main', 'next']);
});

test('one is opened with the keyboard and is read from then on', async () => {
  await bell(page).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/notifications$/);
  await expect(rows(page)).toContainText([/Unread.*next/, /Unread.*main/]);
  await look(page, 'notifications');
  const link = rows(page).first().getByRole('link');
  await link.focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/deployments\/[^/]+$/);
  await expect(bell(page)).toHaveAccessibleName('Notifications 1 unread');
  await page.goBack();
  await expect(rows(page).first()).not.toContainText('Unread');
  await expect(rows(page).last()).toContainText('Unread');
});

test('everything works without WebAssembly', async ({ browser }) => {
  const bare = await browser.newContext({ storageState: await context.storageState() });
  const there = await bare.newPage();
  await there.route('**/*.wasm', (route) => route.abort());
  await there.goto(`${world.base}/integrations`);
  await expect(bell(there)).toHaveAccessibleName('Notifications 1 unread');
  await bell(there).click();
  await expect(rows(there)).toHaveCount(2);
  await expect(there.getByRole('main').getByText('1 unread')).toBeVisible();
  await there.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(there.getByText('Everything is read')).toBeVisible();
  await expect(there.getByRole('button', { name: 'Mark all as read' })).toHaveCount(0);
  await expect(bell(there)).toHaveAccessibleName('Notifications');
  await expect(rows(there).filter({ hasText: 'Unread' })).toHaveCount(0);
  await look(there, 'notifications-read');
  await there.goto(`${world.base}/settings`);
  await there.getByRole('button', { name: 'Remove webhook', exact: true }).first().click();
  await there.getByRole('dialog', { name: 'Remove webhook' }).getByRole('button', { name: 'Remove webhook' }).click();
  await expect(there.getByRole('button', { name: 'Add webhook' })).toBeVisible();
  await bare.close();
  // The page that is open elsewhere hears of it.
  await expect(bell(page)).toHaveAccessibleName('Notifications');
});
