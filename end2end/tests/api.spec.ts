// Programs that use the REST API: what it says of itself holds for whatever is sent to it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { clean, setUp } from './page';
import { World } from './world';

let world: World;

test.beforeAll(async () => {
  world = await World.start();
  // Nothing starts by itself: these tests are about answers, not about repairs.
  await world.startApp({ DEPLOYMEND_PAUSED: 'true' });
});
test.afterAll(async () => world.stop());

/** Runs Schemathesis; resolves with its exit code and what it printed. */
async function schemathesis(cookie: string, choice: string[]): Promise<{ code: number | null; printed: string }> {
  const program = process.env.SCHEMATHESIS;
  if (!program) throw new Error('SCHEMATHESIS names the program; `make test-browser` sets it');
  const folder = await mkdtemp(join(tmpdir(), 'deploymend-api-'));
  const child = spawn(
    program,
    [
      'run',
      `${world.base}/api/openapi.json`,
      ...['--header', `Cookie: ${cookie}`],
      ...['--checks', 'not_a_server_error,status_code_conformance,content_type_conformance'],
      ...['--checks', 'response_headers_conformance,response_schema_conformance,ignored_auth'],
      ...['--max-examples', '25', '--seed', '20261125', '--generation-database', 'none'],
      ...['--request-timeout', '20', '--continue-on-failure', '--no-color'],
      ...choice,
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  child.stderr.on('data', (chunk) => (printed += chunk));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  await rm(folder, { recursive: true, force: true });
  return { code, printed };
}

test('every answer is one that the description names', async ({ page, context }) => {
  await setUp(page, world);
  const seeded = await world.seed('broken-type');
  const connected = await page.request.post(`${world.base}/api/integrations/vercel/connect`, {
    data: { token: seeded.vercelToken },
  });
  expect(connected.status()).toBe(200);
  await world.build(seeded.projectId);
  await expect
    .poll(async () => (await (await page.request.get(`${world.base}/api/deployments`)).json()).deployments.length)
    .toBeGreaterThan(0);
  const cookies = await context.cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');

  // Streams have no end, and after a disconnect there is nothing left to ask about.
  const answers = await schemathesis(cookie, [
    ...['--exclude-operation-id', 'streamFix', '--exclude-operation-id', 'streamDeployments'],
    ...['--exclude-operation-id', 'disconnect'],
  ]);
  expect(answers.code, answers.printed).toBe(0);
  const last = await schemathesis(cookie, ['--include-operation-id', 'disconnect']);
  expect(last.code, last.printed).toBe(0);
});

test('the description is a page, too', async ({ page }) => {
  await page.goto(`${world.base}/api`);
  await expect(page.getByRole('heading', { name: 'REST API' })).toBeVisible();
  await page.getByRole('link', { name: 'Rules', exact: true }).click();
  await expect(page.locator('#createRule')).toContainText('/api/integrations/{provider}/rules');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await clean(page);
  }
});
