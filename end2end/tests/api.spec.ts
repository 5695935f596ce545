// Programs that use the REST API: what it says of itself holds for whatever is sent to it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

/** Ids and secrets that exist: half of the generated requests are about them. */
type Known = Record<'fix' | 'subscription' | 'rule' | 'project' | 'token', string>;

function settings(known: Known): string {
  const words = Object.entries(known).map(([name, value]) => `[dictionaries.${name}]\nvalues = ["${value}"]`);
  const places: [path: string, parameter: string, name: keyof Known][] = [
    ['/api/deployments/.id', 'path.id', 'fix'],
    ['/api/deployments/fix', 'body.id', 'fix'],
    ['/subscriptions/.id', 'path.id', 'subscription'],
    ['/subscriptions$', 'body.projectId', 'project'],
    ['/rules/.id', 'path.id', 'rule'],
    ['/rules$', 'body.subscriptionId', 'subscription'],
    ['/(connect|token)', 'body.token', 'token'],
  ];
  const bindings = places.map(
    ([path, parameter, name]) =>
      `[[operations]]\ninclude-path-regex = "${path}"\nparameters."${parameter}" = { dictionary = "${name}", probability = 0.5 }`,
  );
  return [...words, ...bindings].join('\n\n');
}

/** Runs Schemathesis; resolves with its exit code, the number of requests, and what it printed. */
async function schemathesis(cookie: string, known: Known, choice: string[]) {
  const program = process.env.SCHEMATHESIS;
  if (!program) throw new Error('SCHEMATHESIS names the program; `make test-browser` sets it');
  const folder = await mkdtemp(join(tmpdir(), 'deploymend-api-'));
  await writeFile(join(folder, 'schemathesis.toml'), settings(known));
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
  // What comes before is progress, drawn over and over.
  const report = printed.slice(Math.max(0, printed.search(/=+ (ERRORS|FAILURES|WARNINGS|SUMMARY) =+/)));
  return { code, requests: Number(/(\d+) generated/.exec(report)?.[1] ?? 0), report };
}

test('every answer is one that the description names', async ({ page, context }) => {
  await setUp(page, world);
  const seeded = await world.seed('broken-type');
  const call = async (method: string, path: string, data?: unknown) => {
    const answer = await page.request.fetch(`${world.base}/api${path}`, { method, data });
    expect(answer.ok(), `${method} ${path}`).toBe(true);
    return answer.json();
  };
  await call('POST', '/integrations/vercel/connect', { token: seeded.vercelToken });
  await world.build(seeded.projectId);
  let rows: any[] = [];
  await expect.poll(async () => (rows = (await call('GET', '/deployments')).deployments).length).toBe(1);
  const [subscription] = await call('GET', '/integrations/vercel/subscriptions');
  const rule = await call('POST', '/integrations/vercel/rules', {
    ...{ subscriptionId: subscription.id, name: 'Flaky', errorPattern: 'ETIMEDOUT', skipFix: true },
  });
  const known: Known = {
    ...{ fix: rows[0].fix.id, subscription: subscription.id, rule: rule.id, project: seeded.projectId },
    token: seeded.vercelToken,
  };
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');

  // Streams have no end, and once things are deleted there is nothing left to ask about.
  const answers = await schemathesis(cookie, known, [
    ...['streamFix', 'streamDeployments', 'streamNotifications'].flatMap((id) => ['--exclude-operation-id', id]),
    ...['--exclude-method', 'DELETE'],
  ]);
  expect(answers.code, answers.report).toBe(0);
  expect(answers.requests, answers.report).toBeGreaterThan(500);
  const last = await schemathesis(cookie, known, ['--include-method', 'DELETE']);
  expect(last.code, last.report).toBe(0);
  expect(last.requests, last.report).toBeGreaterThan(5);
  if (process.env.VERBOSE) console.log(answers.report);
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
