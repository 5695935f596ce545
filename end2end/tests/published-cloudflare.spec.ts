// Cloudflare's own library reads what the stand-in answers, call by call as src/server/integrations/cloudflare makes
// them. The library checks nothing: its declared types are written out here, with all that they require.
import { expect, test } from '@playwright/test';
import Cloudflare from 'cloudflare';
import { World } from './world';

const LOG = ['Cloning repository...', 'src/a.ts(3,7): error TS2322', 'Failed: build command exited with code: 1'];
const HOOK = 'http://127.0.0.1:9/hook';

const text = expect.any(String);
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const hex = expect.stringMatching(/^[0-9a-f]{32}$/);
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

let world: World;
let cloudflare: Cloudflare;
let account: { account_id: string };
let repository: string;
let sha: string;
let pages: { projectId: string; projectName: string };
let worker: { projectId: string; projectName: string };

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

function client(apiToken: string): Cloudflare {
  return new Cloudflare({ apiToken, baseURL: world.addressOf('cloudflare'), maxRetries: 0 });
}

/** Makes a deployment, or a build of the Worker, that nobody is told about. */
async function deploy(settings: Record<string, unknown>): Promise<string> {
  return (await world.control('/cloudflare/deployments?deliver=false', { log: LOG.join('\n'), ...settings })).deploymentId;
}

/** A `Deployment` whose build has failed. */
function failed(id: string) {
  const build = { name: 'build', status: 'failure', started_on: time, ended_on: time };
  return {
    id, short_id: id.slice(0, 8), project_id: pages.projectId, project_name: 'shop-web', environment: 'production',
    url: expect.stringMatching(/^https:\/\/.*\.pages\.dev$/), aliases: null, created_on: time, modified_on: time,
    is_skipped: false, latest_stage: build, source: source(),
    stages: [
      { name: 'queued', status: 'success', started_on: time, ended_on: time },
      { name: 'initialize', status: 'success', started_on: time, ended_on: time },
      { name: 'clone_repo', status: 'success', started_on: time, ended_on: time },
      build,
      { name: 'deploy', status: 'idle', started_on: null, ended_on: null },
    ],
    build_config: { build_command: 'npm run build', destination_dir: 'dist', root_dir: 'web', web_analytics_tag: null, web_analytics_token: null },
    env_vars: { NODE_VERSION: { type: 'plain_text', value: text } },
    deployment_trigger: {
      type: 'github:push',
      metadata: { branch: 'main', commit_hash: sha, commit_message: text, commit_dirty: false },
    },
  };
}

/** A `Source` with its repository. */
function source() {
  return {
    type: 'github',
    config: {
      owner: 'acme', owner_id: text, repo_name: 'shop-web', repo_id: text, production_branch: 'main',
      pr_comments_enabled: true, deployments_enabled: true, production_deployments_enabled: true,
      preview_deployment_setting: 'all', preview_branch_includes: ['*'], preview_branch_excludes: [],
      path_includes: ['*'], path_excludes: [],
    },
  };
}

test.beforeAll(async () => {
  world = await World.start();
  ({ repository, sha } = await world.seed('broken-type'));
  const settings = { build_command: 'npm run build', destination_dir: 'dist', root_dir: 'web' };
  const seeded = await world.control('/cloudflare/seed', { repository, settings });
  pages = seeded;
  worker = await world.control('/cloudflare/seed', { repository, worker: true, project: 'shop-api' });
  account = { account_id: seeded.accountId };
  cloudflare = client(seeded.token);
});
test.afterAll(async () => world?.stop());

test('the owner of a token, the token, and the accounts', async () => {
  const person = (await world.snapshot()).cloudflare.users[0];
  expect(await cloudflare.user.get()).toMatchObject({ id: person.id, email: 'octo-dev@example.com', first_name: null, last_name: null });
  expect(await cloudflare.user.tokens.verify()).toEqual({ id: hex, status: 'active' });
  const { value } = await world.control('/cloudflare/tokens', { user: 'octo-dev', expiresAt: Date.now() + 3_600_000 });
  expect(await client(value).user.tokens.verify()).toEqual({ id: hex, status: 'active', expires_on: time });

  await world.control('/cloudflare/accounts', { name: 'Zeta', members: ['octo-dev'] });
  const accounts = await all(cloudflare.accounts.list({ per_page: 1 }));
  expect(accounts).toEqual([
    expect.objectContaining({ id: account.account_id, name: 'Acme', type: 'standard', created_on: time }),
    expect.objectContaining({ id: hex, name: 'Zeta', type: 'standard' }),
  ]);
});

test('projects of Pages, page by page, with their newest deployment', async () => {
  const id = await deploy({ project: pages.projectId });
  const second = await world.control('/cloudflare/projects', { name: 'by-hand', account: 'Acme' });
  const environment = {
    env_vars: null, fail_open: true, always_use_latest_compatibility_date: false, compatibility_date: text,
    compatibility_flags: [], build_image_major_version: 3, usage_model: 'standard',
  };
  const expected = {
    id: pages.projectId, name: 'shop-web', production_branch: 'main', created_on: time, framework: '', framework_version: '',
    canonical_deployment: null, uses_functions: false, production_script_name: text, preview_script_name: text,
    deployment_configs: { production: environment, preview: environment }, source: source(),
    build_config: { build_command: 'npm run build', destination_dir: 'dist', root_dir: 'web' }, latest_deployment: failed(id),
  };
  const [first, other, ...rest] = await all(cloudflare.pages.projects.list({ ...account, per_page: 1 }));
  expect(rest).toEqual([]);
  expect(first).toMatchObject(expected);
  expect(other).toMatchObject({ id: second.id, name: 'by-hand', latest_deployment: null });
  expect(other).not.toHaveProperty('source');
  expect(await cloudflare.pages.projects.get('shop-web', account)).toMatchObject(expected);
});

test('deployments of Pages, their logs, and once more', async () => {
  const id = await deploy({ project: pages.projectId });
  const place = { ...account, project_name: 'shop-web' };
  const { deployments } = cloudflare.pages.projects;
  const before = (await all(deployments.list('shop-web', { ...account, per_page: 25 }))).length;
  const [newest] = await all(deployments.list('shop-web', { ...account, per_page: 1 }));
  expect(newest).toMatchObject(failed(id));
  expect(await deployments.get(id, place)).toMatchObject(failed(id));
  expect(await all(deployments.list('shop-web', { ...account, env: 'preview' }))).toEqual([]);
  const log = await deployments.history.logs.get(id, place);
  expect(log).toEqual({ total: 3, includes_container_logs: true, data: LOG.map((line) => ({ ts: time, line })) });

  const again = await deployments.retry(id, place);
  expect(again).toMatchObject({
    id: uuid, is_skipped: false, latest_stage: { name: 'queued', status: 'active', started_on: time, ended_on: null },
    deployment_trigger: { type: 'github:push', metadata: { branch: 'main', commit_hash: sha } },
  });
  const after = await all(deployments.list('shop-web', { ...account, per_page: 1 }));
  expect(after.map((one) => one.id).slice(0, 2)).toEqual([again.id, id]);
  expect(after).toHaveLength(before + 1);
});

for (const [stage, status, skipped] of [
  ['deploy', 'success', false], ['clone_repo', 'failure', false], ['build', 'active', false], ['build', 'canceled', false],
  ['queued', 'skipped', true],
] as const) {
  test(`a deployment of Pages at ${stage}: ${status}`, async () => {
    const id = await deploy({ project: pages.projectId, stage, status, skipped });
    const found = await cloudflare.pages.projects.deployments.get(id, { ...account, project_name: 'shop-web' });
    expect(found.is_skipped).toBe(skipped);
    expect(found.latest_stage).toEqual({ name: stage, status, started_on: time, ended_on: status === 'active' ? null : time });
    const at = found.stages.findIndex((one) => one.name === stage);
    expect(found.stages.map((one) => one.status)).toEqual(
      found.stages.map((_, index) => (index < at ? 'success' : index === at ? status : 'idle')),
    );
  });
}

test('destinations and policies of notifications are made, listed and removed', async () => {
  const { destinations: { webhooks }, policies } = cloudflare.alerting;
  const made = await webhooks.create({ ...account, name: 'Deploymend', url: HOOK, secret: 'cf-test-secret-01' });
  expect(made).toEqual({ id: hex });
  const listed = await all(webhooks.list(account));
  expect(listed).toEqual([{ id: made.id, name: 'Deploymend', url: HOOK, type: 'generic', created_at: time }]);

  const policy = {
    name: 'Deploymend', enabled: true, alert_type: 'pages_event_alert' as const,
    mechanisms: { webhooks: [{ id: made.id }] },
    filters: {
      project_id: [pages.projectId], environment: ['ENVIRONMENT_PRODUCTION', 'ENVIRONMENT_PREVIEW'],
      event: ['EVENT_DEPLOYMENT_STARTED', 'EVENT_DEPLOYMENT_FAILED', 'EVENT_DEPLOYMENT_SUCCESS'],
    },
  };
  const { id = '' } = await policies.create({ ...account, ...policy });
  expect(id).toEqual(hex);
  expect(await all(policies.list(account))).toEqual([{ ...policy, id, description: '', created: time, modified: time }]);

  await policies.delete(id, account);
  await webhooks.delete(made.id ?? '', account);
  expect(await all(policies.list(account))).toEqual([]);
  expect(await all(webhooks.list(account))).toEqual([]);
});

test('Workers, and what Workers Builds tells about them', async () => {
  const scripts = await all(cloudflare.workers.scripts.list(account));
  expect(scripts).toEqual([expect.objectContaining({ id: 'shop-api', tag: worker.projectId, handlers: ['fetch'], created_on: time, modified_on: time })]);

  // The library has no Builds: its bare requests leave the envelope on.
  const at = `/accounts/${account.account_id}/builds`;
  const envelope = (result: unknown) => expect.objectContaining({ success: true, errors: [], messages: [], result });
  const connection = { provider_type: 'github', provider_account_name: 'acme', repo_name: 'shop-web' };
  const trigger = expect.objectContaining({
    trigger_uuid: uuid, branch_includes: ['main'], branch_excludes: [], build_command: 'npm run build', deploy_command: text,
    root_directory: '/', external_script_id: worker.projectId, repo_connection: expect.objectContaining(connection),
  });
  const triggers: any = await cloudflare.get(`${at}/workers/${worker.projectId}/triggers`);
  expect(triggers).toEqual(envelope(expect.arrayContaining([trigger])));

  const id = await deploy({ project: worker.projectId });
  const build = expect.objectContaining({
    build_uuid: id, status: 'stopped', build_outcome: 'fail', created_on: time, modified_on: time, stopped_on: time, trigger,
    build_trigger_metadata: expect.objectContaining({
      build_trigger_source: 'push', branch: 'main', commit_hash: sha, commit_message: text, author: text, repo_name: 'shop-web',
      provider_account_name: 'acme', provider_type: 'github',
    }),
  });
  expect(await cloudflare.get(`${at}/workers/${worker.projectId}/builds`, { query: { page: 1, per_page: 50 } })).toEqual(envelope([build]));
  expect(await cloudflare.get(`${at}/builds/latest`, { query: { external_script_ids: worker.projectId } }))
    .toEqual(envelope({ builds: { [worker.projectId]: build } }));
  expect(await cloudflare.get(`${at}/builds/${id}`)).toEqual(envelope(build));
  const lines = LOG.map((line) => [expect.any(Number), line]);
  expect(await cloudflare.get(`${at}/builds/${id}/logs`)).toEqual(envelope({ cursor: text, truncated: false, lines }));

  const uuidOf = triggers.result.find((one: any) => one.branch_includes[0] === 'main').trigger_uuid;
  const again: any = await cloudflare.post(`${at}/triggers/${uuidOf}/builds`, { body: { commit_hash: sha } });
  expect(again).toEqual(envelope({ build_uuid: uuid, created_on: time }));
  const queued: any = await cloudflare.get(`${at}/builds/${again.result.build_uuid}`);
  expect(queued.result).toMatchObject({ status: 'queued', build_outcome: null, build_trigger_metadata: { commit_hash: sha } });
});

test('refusals are what the library takes for refusals', async () => {
  const { value } = await world.control('/cloudflare/tokens', { user: 'octo-dev', permissions: ['user_details.read'] });
  const refused = (error: { status: number; code: number }) => ({ status: error.status, errors: [expect.objectContaining({ code: error.code })] });
  const unknown = client(`cfut_${'x'.repeat(48)}`);
  await expect(unknown.user.tokens.verify()).rejects.toMatchObject(refused({ status: 401, code: 1000 }));
  await expect(client(value).pages.projects.get('shop-web', account)).rejects.toMatchObject(refused({ status: 403, code: 10000 }));
  await expect(cloudflare.pages.projects.get('missing', account)).rejects.toMatchObject(refused({ status: 404, code: 8000007 }));
});
