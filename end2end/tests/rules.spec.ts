// Fix rules: written with a trial at hand, put in order by pointer and by keyboard, switched, deleted, made from a
// failure; and all of it without scripts.
import { type BrowserContext, expect, type Locator, type Page, test } from '@playwright/test';
import { collect, connect, look, setUp, taken } from './page';
import { type Seeded, World } from './world';

test.describe.configure({ mode: 'serial' });

/** What no code can repair: its fix ends with the diagnosis. */
const HEAP = 'Running "npm run build"\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';

/** The narrowest phone is looked at, too. */
const SIZES = [1280, 390, 360];

let world: World;
let shop: Seeded;
let context: BrowserContext;
let page: Page;
let list: string;
const problems: string[] = [];

const rows = (at: Page = page) => at.getByRole('list', { name: 'Rules', exact: true }).getByRole('listitem');
const row = (name: string, at: Page = page) => rows(at).filter({ has: at.getByRole('link', { name, exact: true }) });
const names = (at: Page = page) => rows(at).locator('.rule-name');
const button = (name: string, at: Page = page) => at.getByRole('button', { name, exact: true });
const said = (at: Page = page) => at.locator('#pattern-said');
const trial = (at: Page = page) => at.getByRole('region', { name: 'Failures that match' });

/** What the server has, in its order. */
async function stored(): Promise<any[]> {
  return (await page.request.get(`${world.base}/api/integrations/vercel/rules`)).json();
}

/** A failure whose fix has ended. */
async function fails(log: string): Promise<any> {
  const { deployment } = await world.control('/vercel/build', { project: shop.projectId, state: 'ERROR', log });
  let fix: any;
  const ended = async () => {
    const { deployments } = await (await page.request.get(`${world.base}/api/deployments`)).json();
    fix = deployments.map((row: any) => row.fix).find((fix: any) => fix?.platform_deployment_id === deployment.id);
    return fix?.status;
  };
  await expect.poll(ended, { timeout: 120_000 }).toMatch(/skipped|failed/);
  return fix;
}

/** Everything on a page is where it was last drawn. */
async function middle(part: Locator): Promise<{ x: number; y: number }> {
  const box = (await part.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

test.beforeAll(async ({ browser }) => {
  world = await World.start();
  shop = await world.seed('healthy');
  await world.startApp({ DEPLOYMEND_POLL_INTERVAL: '3600' });
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  collect(problems, page);
  await setUp(page, world);
  await page.goto(`${world.base}/rules`);
  await taken(page);
  await expect(page.getByRole('heading', { name: 'No watched projects' })).toBeVisible();
  await look(page, 'rules-nothing-watched', SIZES);
  await connect(page, world, 'github', shop.githubToken);
  await connect(page, world, 'vercel', shop.vercelToken);
  const [watched] = await (await page.request.get(`${world.base}/api/integrations/vercel/subscriptions`)).json();
  list = `${world.base}/integrations/vercel/projects/${watched.id}/rules`;
});

test.afterAll(async () => {
  await context?.close();
  await world?.stop();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

test('a rule is written with the failures at hand that it would match', async () => {
  await fails(HEAP);
  await page.goto(`${world.base}/deployments`);
  await taken(page);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rules' }).click();
  await expect(page.getByRole('heading', { name: 'No rules yet' })).toBeVisible();
  await look(page, 'rules-empty', SIZES);
  await page.goto(list);
  await taken(page);
  await expect(page.getByRole('heading', { name: 'No rules yet' })).toBeVisible();
  await look(page, 'project-rules-empty', SIZES);

  await page.getByRole('link', { name: 'New rule' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'New rule' })).toBeVisible();
  await expect(said()).toContainText('Enter a pattern');
  await expect(page.getByLabel('Prompt', { exact: true })).toBeHidden();
  await expect(button('Try')).toBeHidden();
  const pattern = page.getByLabel('Pattern', { exact: true });
  await pattern.pressSequentially('(reached heap');
  await expect(said()).toContainText('unclosed group');
  await expect(pattern).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'rule-problem', SIZES);
  await pattern.pressSequentially(')');
  await expect(said()).toHaveText('It matches the one failure that is stored.');
  await expect(trial().locator('mark')).toHaveText('Reached heap');
  await expect(pattern).toHaveAttribute('aria-invalid', 'false');
  await page.getByLabel('Kind of error').selectOption('Type error');
  await expect(said()).toHaveText('It does not match the one failure that is stored.');
  await expect(trial()).toHaveCount(0);
  await page.getByLabel('Kind of error').selectOption('Any');
  await expect(trial().locator('mark')).toHaveText('Reached heap');
  await page.getByLabel('Name').fill('Memory');
  await page.getByLabel('Fix it with a prompt').check();
  await page.getByLabel('Prompt', { exact: true }).fill('Stay within 2 GB.');
  await look(page, 'rule-new', SIZES);
  await button('Create rule').click();
  await expect(page.getByRole('status').filter({ hasText: 'The rule is made' })).toBeVisible();
  await expect(names()).toHaveText(['Memory']);
  const main = page.getByRole('navigation', { name: 'Main' });
  await expect(main.locator('[aria-current]')).toHaveText('Rules');
  await expect(row('Memory')).toContainText('(reached heap)');
  await expect(row('Memory')).toContainText('Custom prompt');
});

test('a rule says which earlier rule decides instead of it', async () => {
  await page.goto(`${list}/new`);
  await taken(page);
  await page.getByLabel('Pattern', { exact: true }).fill('JavaScript heap');
  await expect(trial()).toContainText('“Memory” is asked before and decides instead.');
  await page.getByLabel('Name').fill('Script');
  await button('Create rule').click();
  await expect(names()).toHaveText(['Memory', 'Script']);
  await page.goto(`${list}/new`);
  await page.getByLabel('Name').fill('Types');
  await page.getByLabel('Pattern', { exact: true }).fill('TS\\d+');
  await page.getByLabel('Kind of error').selectOption('Type error');
  await button('Create rule').click();
  await expect(names()).toHaveText(['Memory', 'Script', 'Types']);
});

test('rules are put in order with the pointer', async () => {
  await taken(page);
  const from = await middle(row('Types').locator('.rule-grip'));
  const to = await middle(row('Memory'));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x, to.y + 60, { steps: 5 });
  await page.mouse.move(from.x, to.y - 10, { steps: 5 });
  await expect(names()).toHaveText(['Types', 'Memory', 'Script']);
  await expect(row('Types')).toHaveClass(/held/);
  await page.screenshot({ path: `${process.env.SHOTS ?? 'test-results'}/rules-dragged.png` });
  await page.mouse.up();
  await expect(page.getByRole('status').filter({ hasText: 'Types is now number 1 of 3.' })).toBeAttached();
  await expect.poll(async () => (await stored()).map((rule) => rule.name)).toEqual(['Types', 'Memory', 'Script']);

  // Escape takes it back.
  const again = await middle(row('Types').locator('.rule-grip'));
  await page.mouse.move(again.x, again.y);
  await page.mouse.down();
  await page.mouse.move(again.x, again.y + 300, { steps: 5 });
  await expect(names()).toHaveText(['Memory', 'Script', 'Types']);
  await page.keyboard.press('Escape');
  await page.mouse.up();
  await expect(names()).toHaveText(['Types', 'Memory', 'Script']);
  await page.reload();
  await taken(page);
  await expect(names()).toHaveText(['Types', 'Memory', 'Script']);
});

test('rules are put in order with the keyboard, and the focus goes along', async () => {
  await button('Move Types down').focus();
  await page.keyboard.press('Enter');
  await expect(names()).toHaveText(['Memory', 'Types', 'Script']);
  await expect(button('Move Types down')).toBeFocused();
  await expect(page.getByRole('status').filter({ hasText: 'Types is now number 2 of 3.' })).toBeAttached();
  await page.keyboard.press('Enter');
  await expect(names()).toHaveText(['Memory', 'Script', 'Types']);
  await expect(button('Move Types up'), 'there is no further down').toBeFocused();
  await page.keyboard.press('Space');
  await expect(names()).toHaveText(['Memory', 'Types', 'Script']);
  await expect(button('Move Types up')).toBeFocused();
  await expect.poll(async () => (await stored()).map((rule) => rule.name)).toEqual(['Memory', 'Types', 'Script']);
});

test('an order that cannot be stored is taken back and said', async () => {
  await page.route('**/api/pages/rule-order', (route) => route.abort());
  await button('Move Types up').click();
  await expect(page.getByRole('alert')).toContainText('The server did not answer');
  await expect(names()).toHaveText(['Memory', 'Types', 'Script']);
  await page.unroute('**/api/pages/rule-order');
  problems.splice(0);
});

test('a rule is switched, edited and deleted', async () => {
  const toggle = page.getByRole('switch', { name: 'Ask Types' });
  await toggle.focus();
  await page.keyboard.press('Space');
  await expect(toggle).toHaveAttribute('aria-checked', 'false');
  await expect(toggle).toBeFocused();
  await expect.poll(async () => (await stored()).map((rule) => rule.enabled)).toEqual([true, false, true]);
  await look(page, 'project-rules', SIZES);

  await row('Types').getByRole('link', { name: 'Edit Types' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit rule' })).toBeVisible();
  await expect(page.getByLabel('Pattern', { exact: true })).toHaveValue('TS\\d+');
  await expect(page.getByLabel('Kind of error')).toHaveValue('typescript');
  await expect(page.getByLabel('The rule is on')).not.toBeChecked();
  await page.getByLabel('The rule is on').check();
  await page.getByLabel('Name').fill('All types');
  await button('Save rule').click();
  await expect(names()).toHaveText(['Memory', 'All types', 'Script']);
  await expect(page.getByRole('switch', { name: 'Ask All types' })).toHaveAttribute('aria-checked', 'true');

  await row('All types').getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete' });
  await expect(dialog).toContainText('All types');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(names()).toHaveText(['Memory', 'Script']);
  await page.goto(`${world.base}/rules`);
  await taken(page);
  await expect(page.getByRole('list', { name: 'Rules of shop-web' }).getByRole('listitem')).toContainText([/Memory/, /Script/]);
  await look(page, 'rules', SIZES);
});

test('a failure is skipped from now on, and the next one like it is', async () => {
  for (const rule of await stored()) {
    await page.request.delete(`${world.base}/api/integrations/vercel/rules/${rule.id}`);
  }
  const fix = await fails(HEAP);
  await page.goto(`${world.base}/deployments/${fix.id}`);
  await taken(page);
  await look(page, 'deployment-skip-similar', SIZES);
  await button('Skip similar from now on').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit rule' })).toBeVisible();
  await expect(page.getByText('This rule is new.')).toBeVisible();
  await expect(page.getByLabel('Skip it')).toBeChecked();
  await expect(trial().locator('mark').first()).toContainText('heap');
  await taken(page);
  await look(page, 'rule-similar', SIZES);

  const next = await fails(HEAP);
  expect([next.status, next.reason_code]).toEqual(['skipped', 'rule']);
  await page.goto(`${world.base}/deployments/${next.id}`);
  await taken(page);
  await expect(button('Skip similar from now on')).toHaveCount(0);
  await page.getByRole('complementary', { name: 'Facts' }).getByRole('link', { name: /^Skip: / }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit rule' })).toBeVisible();
});

test('without scripts rules are tried, made, refused and moved all the same', async ({ browser }) => {
  const bare = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  const there = await bare.newPage();
  await there.goto(`${list}/new`);
  await there.getByLabel('Name').fill('By hand');
  await there.getByLabel('Pattern', { exact: true }).fill('reached heap');
  await there.getByLabel('Fix it with a prompt').check();
  await there.getByLabel('Prompt', { exact: true }).fill('One\nTwo');
  await button('Try', there).click();
  await expect(trial(there).locator('mark').first()).toHaveText('Reached heap');
  await expect(trial(there)).toContainText('decides instead');
  await expect(there.getByLabel('Name')).toHaveValue('By hand');
  await expect(there.getByLabel('Prompt', { exact: true })).toHaveValue('One\nTwo');

  // Nothing that is entered becomes markup or is read twice.
  const odd = '\n</textarea><b>&lt;%20+"ü';
  await there.getByLabel('Prompt', { exact: true }).fill(odd);
  await there.getByLabel('Pattern', { exact: true }).fill('a%20</textarea><b>(');
  await button('Try', there).click();
  await expect(said(there)).toContainText('unclosed group');
  await expect(there.getByLabel('Pattern', { exact: true })).toHaveValue('a%20</textarea><b>(');
  await expect(there.getByLabel('Prompt', { exact: true })).toHaveValue(odd);
  await there.getByLabel('Prompt', { exact: true }).fill('One\nTwo');
  await there.getByLabel('Pattern', { exact: true }).fill('reached (heap');
  await button('Create rule', there).click();
  await expect(there.getByRole('alert')).toContainText('unclosed group');
  await expect(there.getByLabel('Name')).toHaveValue('By hand');
  await expect(there.getByLabel('Prompt', { exact: true })).toHaveValue('One\nTwo');
  await expect(there.getByLabel('Fix it with a prompt')).toBeChecked();
  await there.getByLabel('Pattern', { exact: true }).fill('reached heap');
  await button('Create rule', there).click();
  await expect(names(there)).toHaveText([/^Skip: /, 'By hand']);
  await button('Move By hand up', there).click();
  await expect(names(there)).toHaveText(['By hand', /^Skip: /]);
  await expect(row('By hand', there)).toBeInViewport();
  await there.getByRole('switch', { name: 'Ask By hand' }).click();
  await expect(there.getByRole('switch', { name: 'Ask By hand' })).toHaveAttribute('aria-checked', 'false');
  await row('By hand', there).getByRole('button', { name: 'Delete' }).click();
  await there.getByRole('dialog', { name: 'Delete' }).getByRole('button', { name: 'Delete' }).click();
  await expect(names(there)).toHaveText([/^Skip: /]);
  await bare.close();
});
