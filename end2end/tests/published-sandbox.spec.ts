// Vercel's own sandbox library works with what the stand-in plays, step by step as the product uses it: the product is
// tested against the stand-in, so the stand-in has to be right.
import { expect, test } from '@playwright/test';
import { APIError, Sandbox } from '@vercel/sandbox';
import { PassThrough } from 'node:stream';
import { type Seeded, World } from './world';

/** Where the library calls when it is told nothing else. */
const PLATFORM = 'https://vercel.com/api/';

let world: World;
let seeded: Seeded;
let credentials: { token: string; teamId: string; projectId: string; fetch: typeof fetch };

test.beforeAll(async () => {
  world = await World.start();
  seeded = await world.seed('broken-type');
  const redirected: typeof fetch = (url, options) => {
    if (!String(url).startsWith(PLATFORM)) throw new Error(`not the platform: ${url}`);
    return fetch(String(url).replace(PLATFORM, `${world.addressOf('vercel')}/`), options);
  };
  const { vercelToken: token, teamId, projectId } = seeded;
  credentials = { token, teamId, projectId, fetch: redirected };
});
test.afterAll(async () => world?.stop());

/** A sandbox as the product asks for it. */
function create(name: string, more: Record<string, unknown> = {}): Promise<Sandbox> {
  const settings = { runtime: 'node22', timeout: 600_000, resources: { vcpus: 2 }, persistent: false };
  return Sandbox.create({ ...credentials, name, networkPolicy: 'deny-all', ...settings, ...more });
}

const status = (code: number) => expect.objectContaining({ response: expect.objectContaining({ status: code }) });

test('a sandbox is made, found, listed, stopped and deleted', async () => {
  const sandbox = await create('lifecycle', { ports: [3000], tags: { kind: 'test' }, env: { GREETING: 'hello' } });
  expect(sandbox).toMatchObject({
    name: 'lifecycle', status: 'running', persistent: false, runtime: 'node22', vcpus: 2, memory: 4096, timeout: 600_000,
    cwd: '/vercel/sandbox', networkPolicy: 'deny-all', tags: { kind: 'test' },
  });
  expect(sandbox.domain(3000)).toMatch(/^https:\/\/sb-[a-z0-9]+\.vercel\.run$/);
  const found = await Sandbox.get({ ...credentials, name: 'lifecycle' });
  expect(found.currentSession().sessionId).toBe(sandbox.currentSession().sessionId);
  const page = await Sandbox.list({ ...credentials, namePrefix: 'life' });
  expect(page.sandboxes.map((one) => one.name)).toEqual(['lifecycle']);
  await expect(create('lifecycle')).rejects.toEqual(status(409));

  await sandbox.extendTimeout(60_000);
  expect(sandbox.currentSession().timeout).toBe(660_000);
  await expect(sandbox.extendTimeout(5 * 3_600_000)).rejects.toEqual(status(400));
  const stopped = await sandbox.stop();
  expect(stopped.status).toBe('stopped');
  await expect(sandbox.currentSession().runCommand('true')).rejects.toEqual(status(410));
  await sandbox.delete();
  await expect(Sandbox.get({ ...credentials, name: 'lifecycle' })).rejects.toBeInstanceOf(APIError);
  expect((await world.snapshot()).vercel.removedSandboxes).toEqual([
    expect.objectContaining({ name: 'lifecycle', projectId: seeded.projectId, teamId: seeded.teamId, timeout: 660_000 }),
  ]);
});

test('an image instead of a runtime', async () => {
  const sandbox = await create('image', { runtime: undefined, image: 'vercel/sandbox/node:24' });
  expect(sandbox.image).toMatch(/^vercel\/sandbox\/node@sha256:[0-9a-f]{64}$/);
  expect(sandbox.runtime).toBeUndefined();
  await sandbox.delete();
});

test('files are written and read', async () => {
  const sandbox = await create('files');
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  await sandbox.writeFiles([
    { path: '/repo/tool', content: '#!/bin/sh\necho "tool $1"\n', mode: 0o755 },
    { path: 'data/bytes', content: bytes },
  ]);
  const ran = await sandbox.runCommand('/repo/tool', ['one']);
  expect(await ran.stdout()).toBe('tool one\n');
  expect((await sandbox.readFileToBuffer({ path: 'data/bytes' }))?.equals(bytes)).toBe(true);
  expect((await sandbox.readFileToBuffer({ path: 'bytes', cwd: '/vercel/sandbox/data' }))?.length).toBe(300_000);
  expect(await sandbox.readFileToBuffer({ path: '/none' })).toBeNull();
  await sandbox.mkDir('made');
  expect((await sandbox.fs.readdir('/vercel/sandbox')).sort()).toEqual(['data', 'made']);
  await sandbox.delete();
});

test('commands stream what they write, in order, and can be killed', async () => {
  const sandbox = await create('commands', { env: { GREETING: 'hello' } });
  const stdout = new PassThrough();
  const seen: string[] = [];
  stdout.on('data', (data) => seen.push(String(data)));
  // It goes on only when its first words have arrived: they do not come all at once at the end.
  const script = 'echo "$GREETING $NAME"; until [ -e /tmp/go ]; do sleep 0.05; done; echo oops >&2; echo end; exit 3';
  const running = sandbox.runCommand({ cmd: 'sh', args: ['-c', script], env: { NAME: 'you' }, stdout });
  await expect.poll(() => seen.join('')).toBe('hello you\n');
  await sandbox.runCommand('touch', ['/tmp/go']);
  const ran = await running;
  expect(ran.exitCode).toBe(3);
  expect(await ran.stdout()).toBe('hello you\nend\n');
  expect(await ran.stderr()).toBe('oops\n');

  const root = await sandbox.runCommand({ cmd: 'sh', args: ['-c', 'mkdir /repo && echo $USER'], sudo: true, cwd: '/' });
  expect(await root.stdout()).toBe('root\n');

  const detached = await sandbox.runCommand({ cmd: 'sh', args: ['-c', 'echo up; sleep 1000'], detached: true });
  expect(detached.exitCode).toBeNull();
  for await (const line of detached.logs()) {
    expect(line).toEqual({ stream: 'stdout', data: 'up\n' });
    break;
  }
  await detached.kill('SIGKILL');
  expect((await detached.wait()).exitCode).toBe(137);
  expect((await sandbox.getCommand(detached.cmdId)).exitCode).toBe(137);
  const limited = await sandbox.runCommand({ cmd: 'sleep', args: ['1000'], timeoutMs: 200 });
  expect(limited.exitCode).toBe(137);
  await sandbox.delete();
});

test('the network policy is changed while it runs', async () => {
  const sandbox = await create('network');
  const url = new URL(`${world.addressOf('vercel')}/v2/user`);
  const reached = async () => (await (await sandbox.runCommand('curl', ['-s', url.href])).stdout()).includes('forbidden');
  expect(await reached()).toBe(false);
  const subnets = { allow: ['127.0.0.0/8'], deny: ['10.0.0.0/8'] };
  expect(await sandbox.updateNetworkPolicy({ allow: ['*.example.org'], subnets })).toEqual({ allow: ['*.example.org'], subnets });
  expect(await reached()).toBe(true);
  expect(await sandbox.updateNetworkPolicy('deny-all')).toBe('deny-all');
  expect(await reached()).toBe(false);
  expect((await world.snapshot()).vercel.sandboxes[0].policies).toHaveLength(3);
  await sandbox.delete();
});

test('the library tries again what failed for a moment, and says what a lost machine means', async () => {
  const sandbox = await create('faults');
  await world.control('/faults', { server: 'vercel', path: '/cmd', kind: 'rate_limited', retry_after: 1 });
  await world.control('/faults', { server: 'vercel', path: '/cmd', kind: 'status', status: 503 });
  expect((await sandbox.runCommand('true')).exitCode).toBe(0);
  const detached = await sandbox.runCommand({ cmd: 'sh', args: ['-c', 'echo up; sleep 1000'], detached: true });
  const lost = (async () => {
    for await (const line of detached.logs()) {
      expect(line.data).toBe('up\n');
      await world.control('/vercel/sandboxes/faults/lose');
    }
  })();
  await expect(lost).rejects.toMatchObject({ name: 'StreamError', code: 'sandbox_stopped' });
  await expect(detached.wait()).rejects.toEqual(status(410));
  expect((await Sandbox.get({ ...credentials, name: 'faults' })).status).toBe('aborted');
  await sandbox.delete();
});
