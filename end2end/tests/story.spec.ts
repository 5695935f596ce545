import { expect, type Page, test } from '@playwright/test';
import { clean, connect, look, setUp, taken } from './page';
import { World } from './world';

/** Keeps every state of the stage rail that the page goes through, in order. */
async function noteStations(page: Page): Promise<void> {
  await page.evaluate(() => {
    const stations: string[] = [];
    Object.assign(window, { stations });
    const look = () => {
      for (const station of document.querySelectorAll('.station')) {
        const name = station.querySelector('.station-name')?.firstChild?.textContent?.trim();
        const state = ['done', 'running', 'awaited', 'stopped'].find((one) => station.classList.contains(one));
        if (state && !stations.includes(`${name} ${state}`)) stations.push(`${name} ${state}`);
      }
    };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  });
}

/** A red build of the fix branch then leaves the pull request as it is. */
async function onlyOneAttempt(page: Page, world: World): Promise<void> {
  const of = `${world.base}/api/integrations/vercel/subscriptions`;
  const subscriptions = await (await page.request.get(of)).json();
  const answer = await page.request.patch(`${of}/${subscriptions[0].id}`, {
    data: { maxFixAttempts: 1 },
    headers: { origin: world.base },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
}

/** Each platform builds the fix branch by itself; the open page and the pull request tell how it went. */
async function toldByPlatforms(page: Page, world: World, at: { projectId: string; cloudflareProject: string }): Promise<void> {
  const body = async () => (await world.snapshot()).github.repositories[0].pulls[0].body;
  const [{ head: branch }] = (await world.snapshot()).github.repositories[0].pulls;
  await world.control('/vercel/build', { project: at.projectId, branch, state: 'READY', log: 'Build Completed' });
  await expect(page.getByText('Green on Vercel. Review it, then merge.')).toBeVisible({ timeout: 30_000 });
  await expect(page.locator('.station.done', { hasText: 'Green' })).toBeVisible();
  await expect.poll(body, { timeout: 60_000 }).toContain('Green on Vercel');

  const log = "error TS2322: Type 'string' is not assignable to type 'number'.";
  await world.control('/cloudflare/build', { project: at.cloudflareProject, branch, state: 'failure', log });
  await expect(page.getByText('Green on Vercel, red on Cloudflare.')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('needs a look before it is merged')).toBeVisible();
  await expect(page.locator('.station.done', { hasText: 'Green' })).toHaveCount(0);
  await expect.poll(body, { timeout: 60_000 }).toContain('Red on Cloudflare');
  await look(page, 'story-red-elsewhere');
}

test('a token is connected, a deployment fails, and its page leads to the pull request, over a crash', async ({ page }) => {
  // The agent is slowed down so that it can be watched.
  test.slow();
  const world = await World.start(300);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  try {
    const seeded = await world.seed('broken-type');
    const cloudflare = await world.control('/cloudflare/seed', { repository: seeded.repository });
    await world.startApp();
    await setUp(page, world);
    await clean(page);

    await page.getByLabel('GitHub token').fill(seeded.githubToken);
    await page.getByRole('button', { name: 'Connect GitHub' }).click();
    await expect(page.getByText('octo-dev').first()).toBeVisible();
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
    await page.getByRole('link', { name: 'Connect Vercel' }).click();
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('link', { name: 'I have the token' }).click();
    await page.getByLabel('Vercel token').fill(seeded.vercelToken);
    await page.getByRole('button', { name: 'Verify token' }).click();
    await page.getByRole('button', { name: 'Connect Vercel' }).click();
    await expect(page.getByRole('heading', { name: 'Connected as @octo-dev' })).toBeVisible();
    await connect(page, world, 'cloudflare', cloudflare.token);
    await onlyOneAttempt(page, world);

    await world.build(seeded.projectId);
    await page.goto(`${world.base}/deployments`);
    await page.getByRole('link', { name: /shop-web/ }).first().click();
    await page.waitForURL('**/deployments/*');
    await taken(page);
    await noteStations(page);

    // The agent is at work: that is half-way.
    await expect(page.getByText('Fixing').first()).toBeVisible({ timeout: 120_000 });
    await world.killApp();
    await world.startApp();

    const pullRequest = page.getByRole('link', { name: /pull request/i }).first();
    await expect(pullRequest).toHaveAttribute('href', /\/acme\/shop-web\/pull\/\d+/, { timeout: 240_000 });
    // Gone with the page if it had been loaded again.
    const stations: string[] = await page.evaluate(() => (window as any).stations);
    expect(stations).toEqual(expect.arrayContaining(['Fixing running', 'Verified running', 'Verified done', 'Pull request done']));
    expect(stations.indexOf('Fixing running')).toBeLessThan(stations.indexOf('Verified done'));
    for (const done of ['Received', 'Diagnosed', 'Reproduced', 'Fixing', 'Verified', 'Pull request']) {
      await expect(page.locator('.station.done', { hasText: done }).first()).toBeVisible();
    }
    await clean(page);
    await toldByPlatforms(page, world, { ...seeded, cloudflareProject: cloudflare.projectId });
    expect(problems).toEqual([]);
  } finally {
    await world.stop();
  }
});

test('pages work without scripts', async ({ browser }) => {
  const world = await World.start();
  const context = await browser.newContext({ javaScriptEnabled: false });
  try {
    const seeded = await world.seed('broken-type');
    await world.startApp();
    const page = await context.newPage();
    await page.goto(`${world.base}/deployments`);
    await expect(page).toHaveURL(/sign-in|setup/);
    await setUp(page, world);
    await page.goto(`${world.base}/deployments`);
    await expect(page.getByRole('heading', { name: 'Deployments' })).toBeVisible();
    await page.goto(`${world.base}/integrations`);
    await page.getByRole('link', { name: 'Connect Vercel' }).click();
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('link', { name: 'I have the token' }).click();
    await page.getByLabel('Vercel token').fill(seeded.vercelToken);
    await page.getByRole('button', { name: 'Connect Vercel' }).click();
    await expect(page.getByText('@octo-dev')).toBeVisible();
    await page.getByRole('link', { name: 'Projects' }).click();
    await page.getByLabel('shop-web').uncheck();
    await page.getByRole('button', { name: 'Watch selected' }).click();
    await expect(page.getByText('0 of 1 watched')).toBeVisible();
    await page.goto(`${world.base}/deployments/nothing`);
    await expect(page.getByText(/nothing here|not found/i).first()).toBeVisible();
  } finally {
    await context.close();
    await world.stop();
  }
});
