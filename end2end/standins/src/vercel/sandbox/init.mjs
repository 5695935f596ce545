// The first program of a sandbox's machine: init.mjs FOLDER PORT.
// FOLDER/init.sock takes one order per connection: a line of JSON, for `write` followed by the archive. The answers
// are lines of JSON, too, for `read` followed by the file. 127.0.0.1:PORT leads to FOLDER/proxy.sock.
import { spawn } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';

const [folder, port] = process.argv.slice(2);
/** Commands that have not ended, by their ids. */
const commands = new Map();
/** How long the output of a command that has ended must be silent, in ms, where something holds it open. */
const SILENCE = 200;
/** Whether the machine ends. Its commands then have not ended by themselves, and nothing is said about them. */
let ending = false;

const say = (socket, message) => socket.write(`${JSON.stringify(message)}\n`);
const answer = (socket, message) => socket.end(`${JSON.stringify(message)}\n`);

function run(socket, { id, command, args, cwd, env, timeout }) {
  try {
    if (!statSync(cwd).isDirectory()) throw Object.assign(new Error('no folder'), { code: 'ENOTDIR' });
  } catch {
    answer(socket, { error: 'cwd' });
    return;
  }
  // A process group of its own, so that a signal reaches what the command has started, too.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.once('error', (error) => answer(socket, { error: error.code ?? 'EIO' }));
  if (child.pid === undefined) return;
  commands.set(id, child);
  say(socket, { started: true });

  const signal = (number) => {
    try {
      process.kill(-child.pid, number);
    } catch {
      // It has just ended.
    }
  };
  const timer = timeout && setTimeout(() => signal('SIGKILL'), timeout);
  let heard = Date.now();
  let full = false;
  const streams = [child.stdout, child.stderr];
  const flow = () => {
    full = false;
    heard = Date.now();
    for (const stream of streams) stream.resume();
  };
  socket.on('drain', flow);
  // Nobody listens any more; the command goes on, and must not wait for a reader.
  socket.on('close', flow);
  for (const [index, stream] of streams.entries()) {
    stream.setEncoding('utf8');
    stream.on('data', (data) => {
      heard = Date.now();
      if (!socket.writable || say(socket, { stream: index ? 'stderr' : 'stdout', data })) return;
      full = true;
      for (const each of streams) each.pause();
    });
  }

  let exit;
  let watch;
  const finish = () => {
    clearInterval(watch);
    if (ending) return;
    for (const stream of streams) {
      stream.removeAllListeners('data');
      stream.resume();
    }
    socket.off('drain', flow);
    if (socket.writable) answer(socket, { exit });
  };
  child.once('close', finish);
  child.once('exit', (code, name) => {
    clearTimeout(timer);
    commands.delete(id);
    exit = code ?? 128 + os.constants.signals[name];
    // What the command left in the background may hold its output open for as long as it lives.
    watch = setInterval(() => {
      if (full || Date.now() - heard < SILENCE) return;
      child.off('close', finish);
      finish();
    }, SILENCE / 4);
    heard = Date.now();
  });
}

function kill(socket, { id, signal }) {
  const child = commands.get(id);
  try {
    if (child) process.kill(-child.pid, signal);
  } catch {
    // It has just ended.
  }
  answer(socket, {});
}

function mkdir(socket, { path }) {
  try {
    mkdirSync(path);
    answer(socket, {});
  } catch (error) {
    answer(socket, { error: error.code });
  }
}

function write(socket, { cwd }) {
  const args = ['--extract', '--gzip', '--no-same-owner', '--preserve-permissions', '--file=-', `--directory=${cwd}`];
  const tar = spawn('tar', args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  tar.stderr.on('data', (data) => (said += data));
  tar.stdin.on('error', () => socket.resume());
  tar.once('error', (error) => answer(socket, { error: error.code }));
  tar.once('close', (code) => socket.writable && answer(socket, code === 0 ? {} : { error: said.slice(0, 2000) || 'tar' }));
  socket.pipe(tar.stdin);
}

function read(socket, { path }) {
  try {
    if (!statSync(path).isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
  } catch (error) {
    answer(socket, { error: error.code });
    return;
  }
  const file = createReadStream(path);
  file.once('error', (error) => answer(socket, { error: error.code }));
  file.once('open', () => {
    say(socket, {});
    file.pipe(socket);
  });
}

// bubblewrap goes as soon as this program does, and the kernel ends the others only then: they have to go before.
function end() {
  ending = true;
  try {
    process.kill(-1, 'SIGKILL');
  } catch {
    // There are none.
  }
  const others = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && Number(name) > 1);
  if (others.some((pid) => Number(pid) !== process.pid)) setTimeout(end, 5);
  else process.exit(0);
}

const orders = { run, kill, mkdir, write, read, end };

const take = (socket) => {
  let head = Buffer.alloc(0);
  const more = (piece) => {
    head = Buffer.concat([head, piece]);
    const end = head.indexOf(10);
    if (end < 0) return;
    socket.off('data', more);
    socket.pause();
    if (end + 1 < head.length) socket.unshift(head.subarray(end + 1));
    try {
      const order = JSON.parse(head.subarray(0, end).toString());
      orders[order.op](socket, order);
      // Only to notice that the other side has gone.
      if (order.op === 'run') socket.resume();
    } catch (error) {
      answer(socket, { error: error.code ?? error.message });
    }
  };
  socket.on('data', more);
  socket.on('error', () => socket.destroy());
};

const carry = (inner) => {
  const outer = net.connect({ path: `${folder}/proxy.sock`, allowHalfOpen: true });
  inner.on('error', () => outer.destroy());
  outer.on('error', () => inner.destroy());
  inner.pipe(outer).pipe(inner);
};

const listen = (serve, place) =>
  new Promise((resolve, reject) => {
    net.createServer({ allowHalfOpen: true }, serve).once('error', reject).listen(place, resolve);
  });

await listen(carry, { host: '127.0.0.1', port: Number(port) });
await listen(take, { path: `${folder}/init.sock` });
process.stdout.write('ready\n');
