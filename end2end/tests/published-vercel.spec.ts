// Vercel's own library reads what the stand-in answers, call by call as src/server/integrations/vercel makes them: the
// product is tested against the stand-in, so the stand-in has to be right.
import { expect, test } from '@playwright/test';
import { Vercel } from '@vercel/sdk';
import { HTTPClient } from '@vercel/sdk/lib/http.js';
import { GetDeploymentGitRepo2$inboundSchema as GithubRepository } from '@vercel/sdk/models/getdeploymentgitsourcedeploymentsresponse200applicationjsonresponsebody215type.js';
import type { GetDeploymentsRequest } from '@vercel/sdk/models/getdeploymentsop.js';
import { startCountingUnrecognized } from '@vercel/sdk/types/unrecognized.js';
import { OWN_NODE, type Seeded, World } from './world';

const LOG = [
  'Running "npm run build"',
  '> tsc -p .',
  "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
  'Error: Command "npm run build" exited with 1',
  'Grüße 😞',
];
const EVENTS = ['deployment.error', 'deployment.succeeded', 'deployment.canceled'] as const;

let world: World;
let seeded: Seeded;
let vercel: Vercel;
let teamId: string;

/**
 * What the library read. It throws where an answer has another shape, but fills in fields that are missing and turns
 * wrong ones into text without a word: it counts those, and here none may be.
 */
async function exactly<T>(call: () => Promise<T>): Promise<T> {
  const counter = startCountingUnrecognized();
  let bent = 0;
  try {
    return await call();
  } finally {
    bent = counter.end();
    expect(bent, 'fields that were missing or of another type').toBe(0);
  }
}

/** The owner's view of a deployment. Where that does not fit, the library reads the public one, which has no project. */
function owned<T extends object>(deployment: T): Extract<T, { projectId: string }> {
  if (!('projectId' in deployment)) throw new Error('only the public view of a deployment fits');
  return deployment as Extract<T, { projectId: string }>;
}

/** Makes a deployment that nobody is told about. */
async function deploy(settings: Record<string, unknown>): Promise<any> {
  const made = await world.control('/vercel/deployments?deliver=false', { project: seeded.projectId, ...settings });
  return made.deployment;
}

test.beforeAll(async () => {
  world = await World.start();
  seeded = await world.seed('broken-type');
  teamId = seeded.teamId;
  vercel = new Vercel({ bearerToken: seeded.vercelToken, serverURL: world.addressOf('vercel') });
});
test.afterAll(async () => world?.stop());

test('the check notices a field that is missing', async () => {
  const httpClient = new HTTPClient({
    fetcher: async (request) => {
      const answer: any = await (await fetch(request)).json();
      delete answer.user.username;
      return Response.json(answer);
    },
  });
  const forgetful = new Vercel({ bearerToken: seeded.vercelToken, serverURL: world.addressOf('vercel'), httpClient });
  expect(await forgetful.user.getAuthUser()).toMatchObject({ user: { username: '' } });
  await expect(exactly(() => forgetful.user.getAuthUser())).rejects.toThrow('missing');
});

test('the owner of a token, and what is known about it', async () => {
  const person = (await world.snapshot()).vercel.users[0];
  const user = (await exactly(() => vercel.user.getAuthUser()))?.user;
  expect(user).toMatchObject({ id: person.id, username: 'octo-dev', email: 'octo-dev@example.com', name: 'Octo Dev' });
  expect(user).not.toHaveProperty('limited');
  const { token } = await exactly(() => vercel.authentication.getAuthToken({ tokenId: 'current' }));
  expect(token.scopes).toEqual([expect.objectContaining({ type: 'user' })]);
  expect(token.expiresAt).toBeUndefined();

  const expiresAt = Date.now() + 3_600_000;
  const { value } = await world.control('/vercel/tokens', { user: 'octo-dev', team: 'acme', expiresAt });
  const limited = new Vercel({ bearerToken: value, serverURL: world.addressOf('vercel') });
  expect((await exactly(() => limited.user.getAuthUser()))?.user).toMatchObject({ id: person.id, limited: true });
  const current = await exactly(() => limited.authentication.getAuthToken({ tokenId: 'current' }));
  expect(current.token).toMatchObject({ expiresAt, scopes: [{ type: 'team', teamId }] });
});

test('teams, page by page, and as a token of one team sees the other', async () => {
  const second = await world.control('/vercel/teams', { slug: 'zeta', members: ['octo-dev'], plan: 'hobby' });
  const first = await exactly(() => vercel.teams.getTeams({ limit: 1 }));
  expect(first.teams).toEqual([expect.objectContaining({ id: second.id, slug: 'zeta', name: 'zeta' })]);
  const until = first.pagination.next ?? undefined;
  const rest = await exactly(() => vercel.teams.getTeams({ limit: 1, until }));
  expect(rest.teams).toEqual([expect.objectContaining({ id: teamId, slug: 'acme' })]);
  expect(rest.pagination.next).toBeNull();

  const { value } = await world.control('/vercel/tokens', { user: 'octo-dev', team: 'acme' });
  const limited = new Vercel({ bearerToken: value, serverURL: world.addressOf('vercel') });
  const { teams } = await exactly(() => limited.teams.getTeams({}));
  expect(teams.map((team) => ('limited' in team ? team.limited : false))).toEqual([true, false]);
});

test('projects with their repositories and settings', async () => {
  await deploy({ log: LOG.join('\n') });
  const settings = { framework: 'nextjs', rootDirectory: 'web', installCommand: 'npm ci', buildCommand: 'npm run build' };
  const project = { name: 'shop-api', team: 'acme', repository: seeded.repository, settings };
  const second = await world.control('/vercel/projects', project);
  const page = async (from?: string) => {
    const answer = await exactly(() => vercel.projects.getProjects({ teamId, limit: '1', from }));
    if (Array.isArray(answer)) throw new Error('a bare array');
    return answer;
  };
  const first = await page();
  expect(first.projects).toEqual([expect.objectContaining({ id: second.id, name: 'shop-api', ...settings })]);
  const rest = await page(String(first.pagination.next));
  expect(rest.projects.map((one) => one.id)).toEqual([seeded.projectId]);
  expect(rest.pagination.next).toBeNull();

  const found = await exactly(() => vercel.projects.getProject({ teamId, idOrName: seeded.projectId }));
  expect(found).toMatchObject({ id: seeded.projectId, name: 'shop-web', accountId: teamId, nodeVersion: OWN_NODE });
  expect(found.link).toMatchObject({ type: 'github', org: 'acme', repo: 'shop-web', productionBranch: 'main' });
  expect(found.latestDeployments).toEqual([expect.objectContaining({ name: 'shop-web', readyState: 'ERROR', plan: 'pro' })]);
});

test('deployments, filtered and page by page', async () => {
  await world.control('/github/commits', { repository: seeded.repository, branch: 'feature/cart', files: { 'a.txt': 'a' } });
  const failed = await deploy({ branch: 'feature/cart', log: LOG.join('\n') });
  const ready = await deploy({ state: 'READY' });
  const { projectId } = seeded;
  const first = await exactly(() => vercel.deployments.getDeployments({ teamId, projectId, limit: 1 }));
  expect(first.deployments).toHaveLength(1);
  expect(first.deployments[0]).toMatchObject({
    uid: ready.id, name: 'shop-web', projectId, state: 'READY', readyState: 'READY', target: 'production', url: ready.url,
    created: ready.createdAt,
  });
  const next = { until: first.pagination.next ?? undefined, limit: 1 };
  const second = await exactly(() => vercel.deployments.getDeployments({ teamId, projectId, ...next }));
  expect(second.deployments[0]).toMatchObject({
    uid: failed.id, state: 'ERROR', target: null, errorCode: 'BUILD_FAILED', creator: { username: 'octo-dev' },
    errorMessage: 'Command "npm run build" exited with 1',
    meta: { githubCommitRef: 'feature/cart', githubOrg: 'acme', githubRepo: 'shop-web', githubCommitAuthorName: expect.any(String) },
  });

  const all = await exactly(() => vercel.deployments.getDeployments({ teamId, projectId, limit: 100 }));
  const count = all.deployments.length;
  const filters: [GetDeploymentsRequest, number][] = [
    [{ projectIds: [projectId, 'prj_another'] }, count],
    [{ projectId, state: 'READY' }, 1],
    [{ projectId, branch: 'feature/cart' }, 1],
    [{ projectId, since: failed.createdAt }, 1],
    [{ projectId: 'prj_another' }, 0],
  ];
  for (const [filter, expected] of filters) {
    const found = await exactly(() => vercel.deployments.getDeployments({ teamId, limit: 100, ...filter }));
    expect(found.deployments.length, JSON.stringify(filter)).toBe(expected);
  }
});

for (const state of ['QUEUED', 'INITIALIZING', 'BUILDING', 'READY', 'ERROR', 'CANCELED', 'BLOCKED']) {
  test(`a deployment that is ${state}`, async () => {
    const made = await deploy({ state, log: LOG.join('\n') });
    const found = owned(await exactly(() => vercel.deployments.getDeployment({ teamId, idOrUrl: made.id })));
    expect(found).toMatchObject({
      id: made.id, readyState: state, status: state, projectId: seeded.projectId, ownerId: teamId, createdAt: made.createdAt,
      inspectorUrl: expect.stringContaining(made.id), plan: 'pro', creator: { username: 'octo-dev' },
      gitSource: { type: 'github', ref: 'main', sha: seeded.sha }, url: made.url, target: 'production',
    });
    expect(found.errorCode).toBe(state === 'ERROR' ? 'BUILD_FAILED' : undefined);
  });
}

test('a deployment with its repository', async () => {
  const made = await deploy({ log: LOG.join('\n') });
  let raw: any;
  const httpClient = new HTTPClient({
    fetcher: async (request) => {
      const answer = await fetch(request);
      raw = await answer.clone().json();
      return answer;
    },
  });
  const client = new Vercel({ bearerToken: seeded.vercelToken, serverURL: world.addressOf('vercel'), httpClient });
  await exactly(() => client.deployments.getDeployment({ teamId, idOrUrl: made.id }));
  const plain = raw;
  await exactly(() => client.deployments.getDeployment({ teamId, idOrUrl: made.id, withGitRepoInfo: 'true' }));
  const { gitRepo, ...rest } = raw;
  // With a GitHub repository the library always settles on the public view: it tries GitLab's shape first, and holds
  // what that misses against the owner's view. So the rest is compared with what it has just read in full.
  expect(rest).toEqual(plain);
  const read = await exactly(async () => GithubRepository.parse(gitRepo));
  expect(read).toMatchObject({ type: 'github', org: 'acme', repo: 'shop-web', defaultBranch: 'main' });
});

test('the build log, whole, backwards and from some time on', async () => {
  const made = await deploy({ log: LOG.join('\n') });
  const ask = async (more: Record<string, unknown>) => {
    const question = { teamId, idOrUrl: made.id, builds: 1, follow: 0, limit: 1000, ...more };
    return (await exactly(() => vercel.deployments.getDeploymentEvents(question))) as any[];
  };
  const told = (events: any[]) => events.map((event) => event?.text ?? event?.payload?.text).filter(Boolean);
  const events = await ask({ direction: 'forward' });
  expect(told(events)).toEqual(LOG);
  // Every shape that the schema lets through is there.
  expect(events.some((event) => event === null)).toBe(true);
  expect(events.some((event) => event?.payload)).toBe(true);
  expect(events.find((event) => event?.type === 'deployment-state')).toMatchObject({ payload: { info: { readyState: 'ERROR' } } });
  expect(told(await ask({ direction: 'backward' }))).toEqual([...LOG].reverse());
  expect(told(await ask({ direction: 'forward', limit: 2 }))).toEqual(LOG.slice(0, 2));
  expect(told(await ask({ direction: 'forward', since: events[2].date }))).toEqual(LOG.slice(3));
  const ready = await deploy({ state: 'READY', log: 'Build Completed' });
  const end = (await exactly(() => vercel.deployments.getDeploymentEvents({ teamId, idOrUrl: ready.id }))) as any[];
  expect(end.find((event) => event?.type === 'alias-assigned')).toMatchObject({ alias: [ready.url] });
});

test('a deployment is built again', async () => {
  const before = await deploy({ log: LOG.join('\n') });
  const body = { name: 'shop-web', project: seeded.projectId, deploymentId: before.id, target: 'production' };
  const question = { teamId, forceNew: '1' as const, requestBody: body };
  const made = owned(await exactly(() => vercel.deployments.createDeployment(question)));
  expect(made).toMatchObject({ readyState: 'QUEUED', target: 'production', meta: { githubCommitSha: seeded.sha } });
  expect(made.id).not.toBe(before.id);
  expect(made.errorCode).toBeUndefined();
});

test('webhooks are made, listed without their secrets, and removed', async () => {
  const url = 'http://127.0.0.1:9/hook';
  const body = { url, events: [...EVENTS], projectIds: [seeded.projectId] };
  const made = await exactly(() => vercel.webhooks.createWebhook({ teamId, requestBody: body }));
  expect(made).toMatchObject({ url, events: EVENTS, ownerId: teamId, projectIds: [seeded.projectId] });
  const known = (await world.snapshot()).vercel.webhooks.find((webhook: any) => webhook.id === made.id);
  expect(made.secret).toBe(known.secret);
  const listed = await exactly(() => vercel.webhooks.getWebhooks({ teamId }));
  expect(listed).toEqual([expect.objectContaining({ id: made.id, url, projectIds: [seeded.projectId] })]);
  expect(listed[0]).not.toHaveProperty('secret');
  await exactly(() => vercel.webhooks.deleteWebhook({ teamId, id: made.id }));
  expect(await exactly(() => vercel.webhooks.getWebhooks({ teamId }))).toEqual([]);
});

test('refusals are what the library takes for refusals', async () => {
  const stranger = new Vercel({ bearerToken: 'vcp_nobody', serverURL: world.addressOf('vercel') });
  await expect(stranger.user.getAuthUser()).rejects.toMatchObject({ statusCode: 403, body: expect.stringContaining('"code":"forbidden"') });
  const missing = vercel.deployments.getDeployment({ teamId, idOrUrl: 'dpl_missing' });
  await expect(missing).rejects.toMatchObject({ statusCode: 404, body: expect.stringContaining('"code":"not_found"') });
});
