// The stand-ins and the product as child processes, and what a test does to them from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
/** The optimised ones for measuring. */
const programs = process.env.DEPLOYMEND_PROGRAMS ?? join(target, 'debug');

/** What a seeded project is built with: this machine's own Node.js takes no fetching. */
export const OWN_NODE = `${process.versions.node.split('.')[0]}.x`;

interface Addresses {
  vercel: string;
  cloudflare: string;
  render: string;
  githubApi: string;
  github: string;
  model: string;
  control: string;
  modelKey: string;
}

export interface Seeded {
  vercelToken: string;
  githubToken: string;
  teamId: string;
  projectId: string;
  repository: string;
  sha: string;
}

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? done(address.port) : failed(new Error('no port'))));
    });
  });
}

/** Resolves with the first JSON line that `wanted` accepts. */
function line(child: ChildProcess, stream: 'stdout' | 'stderr', wanted: (event: any) => boolean): Promise<any> {
  return new Promise((done, failed) => {
    const seen: string[] = [];
    child.once('exit', (code) => failed(new Error(`ended with ${code}:\n${seen.join('\n')}`)));
    createInterface({ input: child[stream]! }).on('line', (text) => {
      seen.push(text);
      try {
        const event = JSON.parse(text);
        if (wanted(event)) done(event);
      } catch {
        // Not every line is JSON.
      }
    });
  });
}

export class World {
  base = '';
  setUpToken = '';
  private app?: ChildProcess;

  private constructor(
    private readonly standins: ChildProcess,
    private readonly addresses: Addresses,
    private readonly folder: string,
  ) {}

  /** Starts the stand-ins. `stepDelay` slows the agent down, so that there is something to watch. */
  static async start(stepDelay = 0): Promise<World> {
    const standins = spawn(
      join(programs, 'standins'),
      ['serve', '--allow-loopback-webhooks', '--step-delay-ms', String(stepDelay)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const addresses = await line(standins, 'stdout', (event) => 'control' in event);
    return new World(standins, addresses, await mkdtemp(join(tmpdir(), 'deploymend-e2e-')));
  }

  async control(path: string, body?: unknown, method = 'POST'): Promise<any> {
    const answer = await fetch(`${this.addresses.control}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  seed(fixture: string): Promise<Seeded> {
    return this.control('/seed', { folder: join(root, 'end2end/fixtures', fixture), settings: { nodeVersion: OWN_NODE } });
  }

  /** Where a stand-in answers in place of the platform's API. */
  addressOf(api: 'vercel' | 'cloudflare' | 'render' | 'githubApi'): string {
    return this.addresses[api];
  }

  /** Everything that the stand-ins know. */
  snapshot(): Promise<any> {
    return this.control('/snapshot', undefined, 'GET');
  }

  /** The platform really builds the project, and tells the product what came of it. */
  build(projectId: string): Promise<any> {
    return this.control('/vercel/build', { project: projectId, run: true });
  }

  /** Starts the product, or starts it again at the same address; with other settings where they are given. */
  async startApp(settings: Record<string, string> = {}): Promise<void> {
    if (!this.base) this.base = `http://127.0.0.1:${await freePort()}`;
    this.app = spawn(join(programs, 'deploymend'), ['serve'], {
      env: {
        ...process.env,
        DATABASE_URL: `sqlite:${join(this.folder, 'deploymend.db')}`,
        DEPLOYMEND_LISTEN: this.base.replace('http://', ''),
        DEPLOYMEND_PUBLIC_URL: this.base,
        DEPLOYMEND_ALLOW_LOOPBACK_WEBHOOKS: 'true',
        DEPLOYMEND_DATA_DIR: join(this.folder, 'data'),
        DEPLOYMEND_SITE_DIR: join(root, 'target/site'),
        DEPLOYMEND_VERCEL_API: this.addresses.vercel,
        DEPLOYMEND_VERCEL_SANDBOX_API: this.addresses.vercel,
        DEPLOYMEND_CLOUDFLARE_API: this.addresses.cloudflare,
        DEPLOYMEND_RENDER_API: this.addresses.render,
        DEPLOYMEND_GITHUB_API: this.addresses.githubApi,
        DEPLOYMEND_GITHUB_URL: this.addresses.github,
        DEPLOYMEND_MODEL_URL: this.addresses.model,
        DEPLOYMEND_MODEL_KEY: this.addresses.modelKey,
        DEPLOYMEND_MODEL: 'scripted',
        DEPLOYMEND_OPENCODE:
          process.env.DEPLOYMEND_OPENCODE ?? join(root, 'tools/node_modules/opencode-linux-x64/bin/opencode'),
        ...settings,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await line(this.app, 'stderr', (event) => {
      if (event.token) this.setUpToken = event.token;
      return event.message === 'Deploymend is listening';
    });
  }

  /** Ends the product as a crash would. */
  async killApp(): Promise<void> {
    const app = this.app;
    if (!app || app.exitCode !== null || app.signalCode !== null) return;
    const ended = new Promise((done) => app.once('exit', done));
    app.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.killApp();
    this.standins.kill('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}
