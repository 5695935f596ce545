// Published libraries and the product agree on which deliveries are genuine, and on what the stand-ins sign.
import { createHmac } from 'node:crypto';
import { sign, verify } from '@octokit/webhooks-methods';
import { type APIRequestContext, expect, request as requests, test } from '@playwright/test';
import { Vercel } from '@vercel/sdk';
import { Webhook } from 'standardwebhooks';
import { connect, EMAIL, PASSWORD } from './page';
import { type Seeded, World } from './world';

const GITHUB_SECRET = 'github-test-secret';
// Signatures are about bytes: this has more of them than characters.
const MESSAGE = 'Grüße aus Zürich 😞';
const MINUTE = 60_000;

type Headers = Record<string, string>;

let world: World;
let seeded: Seeded;
let request: APIRequestContext;

/** What the product answers a delivery with. */
async function post(path: string, headers: Headers, body: string): Promise<number> {
  const url = `${world.base}/api/${path}`;
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  return answer.status;
}

/** What a stand-in has sent so far. */
async function deliveries(platform: 'vercel' | 'render' | 'github'): Promise<any[]> {
  return (await world.snapshot())[platform].deliveries;
}

test.beforeAll(async () => {
  world = await World.start();
  seeded = await world.seed('broken-type');
  await world.control('/github/commits', { repository: seeded.repository, files: { 'a.txt': 'a' }, message: MESSAGE });
  // Nothing starts by itself: these tests are about deliveries, not about repairs.
  await world.startApp({ DEPLOYMEND_PAUSED: 'true', DEPLOYMEND_GITHUB_WEBHOOK_SECRET: GITHUB_SECRET });
  request = await requests.newContext();
  const form = { token: world.setUpToken, email: EMAIL, password: PASSWORD };
  const answer = await request.post(`${world.base}/auth/setup`, { form, headers: { origin: world.base } });
  expect(answer.url()).toContain('ok=setup');
});
test.afterAll(async () => {
  await request?.dispose();
  await world?.stop();
});

test('Render', async () => {
  const { token, projectId } = await world.control('/render/seed', { repository: seeded.repository });
  await connect({ request }, world, 'render', token);
  const [registered] = (await world.snapshot()).render.webhooks;
  const library = new Webhook(registered.secret);
  const stranger = new Webhook(`whsec_${Buffer.alloc(24, 7).toString('base64')}`);

  // What the stand-in sends.
  await world.control('/render/deployments', { project: projectId, log: 'error' });
  const sent = await deliveries('render');
  expect(sent.map((delivery) => delivery.event)).toEqual(['build_ended', 'deploy_ended']);
  for (const { headers, body, attempts } of sent) {
    expect(library.verify(body, Object.fromEntries(headers))).toEqual(JSON.parse(body));
    expect(() => stranger.verify(body, Object.fromEntries(headers))).toThrow('No matching signature');
    expect(attempts).toEqual([expect.objectContaining({ status: 200 })]);
  }

  // What the library sends.
  let count = 0;
  const made = (signer: Webhook, at: number = Date.now()) => {
    const id = `evt-made${(count += 1)}`;
    const data = { id, serviceId: projectId, serviceName: MESSAGE, status: 'failed' };
    const body = JSON.stringify({ type: 'deploy_ended', timestamp: new Date(at).toISOString(), data });
    const signature = signer.sign(id, new Date(at), body);
    const headers: Headers = { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at / 1000)), 'webhook-signature': signature };
    return { body, headers };
  };
  const genuine = made(library);
  const without = (name: string) => {
    const { body, headers } = made(library);
    delete headers[name];
    return { body, headers };
  };
  const changed = (change: (signature: string) => string) => {
    const { body, headers } = made(library);
    return { body, headers: { ...headers, 'webhook-signature': change(headers['webhook-signature'] ?? '') } };
  };
  const other = 'v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
  const cases: [name: string, delivery: { body: string; headers: Headers }, accepted: boolean][] = [
    ['signed now', genuine, true],
    ['sent again', genuine, true],
    ['four minutes old', made(library, Date.now() - 4 * MINUTE), true],
    ['four minutes ahead', made(library, Date.now() + 4 * MINUTE), true],
    ['one signature of two', changed((signature) => `${other} ${signature}`), true],
    ['a signature of another version beside it', changed((signature) => `v1a,${signature.slice(3)} ${signature}`), true],
    ['ten minutes old', made(library, Date.now() - 10 * MINUTE), false],
    ['ten minutes ahead', made(library, Date.now() + 10 * MINUTE), false],
    ['another secret', made(stranger), false],
    ['another body', { ...genuine, body: `${genuine.body} ` }, false],
    ['another id', { ...genuine, headers: { ...genuine.headers, 'webhook-id': 'evt-other' } }, false],
    ['another signature', changed(() => other), false],
    ['another version', changed((signature) => signature.replace('v1,', 'v2,')), false],
    ['no version', changed((signature) => signature.slice(3)), false],
    ['an empty signature', changed(() => 'v1,'), false],
    ['no id', without('webhook-id'), false],
    ['no time', without('webhook-timestamp'), false],
    ['no signature', without('webhook-signature'), false],
  ];
  for (const [name, { body, headers }, accepted] of cases) {
    const verified = () => library.verify(body, headers);
    if (accepted) expect(verified(), name).toEqual(JSON.parse(body));
    else expect(verified, name).toThrow();
    expect(await post('integrations/render/webhooks', headers, body), name).toBe(accepted ? 200 : 401);
  }
});

test('Vercel', async () => {
  await connect({ request }, world, 'vercel', seeded.vercelToken);
  const [registered] = (await world.snapshot()).vercel.webhooks;
  // Vercel's library knows every event that the product has subscribed to.
  const vercel = new Vercel({ bearerToken: seeded.vercelToken, serverURL: world.addressOf('vercel') });
  const [listed] = await vercel.webhooks.getWebhooks({ teamId: seeded.teamId });
  expect(listed).toMatchObject({ id: registered.id, events: registered.events, url: `${world.base}/api/integrations/vercel/webhooks` });

  const signature = (body: string, secret: string = registered.secret) => createHmac('sha1', secret).update(body).digest('hex');
  for (const state of ['ERROR', 'READY', 'CANCELED']) {
    await world.control('/vercel/deployments', { project: seeded.projectId, state });
  }
  const sent = await deliveries('vercel');
  expect(sent.map((delivery) => delivery.event)).toEqual(['deployment.error', 'deployment.succeeded', 'deployment.canceled']);
  for (const { headers, body, attempts } of sent) {
    expect(body).toContain(MESSAGE);
    expect(Object.fromEntries(headers)['x-vercel-signature']).toBe(signature(body));
    expect(attempts).toEqual([expect.objectContaining({ status: 200 })]);
  }
  const [{ body }] = sent;
  for (const [name, header, accepted] of [
    ['signed', signature(body), true],
    ['another secret', signature(body, 'another'), false],
    ['another body', signature(`${body} `), false],
    ['another digest', createHmac('sha256', registered.secret).update(body).digest('hex'), false],
    ['no signature', undefined, false],
  ] as const) {
    const headers: Headers = header ? { 'x-vercel-signature': header } : {};
    expect(await post('integrations/vercel/webhooks', headers, body), name).toBe(accepted ? 200 : 401);
  }
});

test('GitHub', async () => {
  const api = `${world.addressOf('githubApi')}/repos/${seeded.repository}`;
  const call = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${seeded.githubToken}`, 'content-type': 'application/json' };
    const answer = await fetch(`${api}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(201);
    return answer.json();
  };
  const config = { url: `${world.base}/api/github/webhooks`, content_type: 'json', secret: GITHUB_SECRET };
  await call('hooks', { name: 'web', events: ['pull_request'], config });
  await world.control('/github/commits', { repository: seeded.repository, branch: 'fix/a', files: { 'b.txt': 'b' } });
  const { number } = await call('pulls', { title: MESSAGE, head: 'fix/a', base: 'main' });
  await world.control('/github/pulls/close', { repository: seeded.repository, number });

  const finished = async () => (await deliveries('github')).filter((delivery) => delivery.attempts.length > 0).length;
  await expect.poll(finished).toBe(3);
  const sent = await deliveries('github');
  expect(sent.map((delivery) => delivery.event)).toEqual(['ping', 'pull_request', 'pull_request']);
  for (const { headers, body, attempts } of sent) {
    const signature: string = Object.fromEntries(headers)['x-hub-signature-256'];
    expect(await verify(GITHUB_SECRET, body, signature)).toBe(true);
    expect(await verify('another', body, signature)).toBe(false);
    expect(await verify(GITHUB_SECRET, `${body} `, signature)).toBe(false);
    expect(attempts).toEqual([expect.objectContaining({ status: 200 })]);
  }

  const { body } = sent.at(-1);
  expect(body).toContain(MESSAGE);
  const signed = await sign(GITHUB_SECRET, body);
  for (const [name, signature, accepted] of [
    ['signed', signed, true],
    ['another secret', await sign('another', body), false],
    ['another body', await sign(GITHUB_SECRET, `${body} `), false],
    ['cut', signed.slice(0, -2), false],
    ['the old digest', `sha1=${createHmac('sha1', GITHUB_SECRET).update(body).digest('hex')}`, false],
  ] as const) {
    expect(await verify(GITHUB_SECRET, body, signature), name).toBe(accepted);
    const headers = { 'x-github-event': 'pull_request', 'x-github-delivery': 'made', 'x-hub-signature-256': signature };
    expect(await post('github/webhooks', headers, body), name).toBe(accepted ? 200 : 401);
  }
  expect(await post('github/webhooks', { 'x-github-event': 'pull_request' }, body)).toBe(401);
});
