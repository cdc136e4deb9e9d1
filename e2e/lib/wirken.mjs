// A wirken of its own for one test file: its own data folder, its own port, and the binary as it ships.

import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

// What a person would type in at the prompt for a key. Long enough for the leak scanner to look for it.
export const API_KEY = 'sk-e2e-0123456789abcdef0123456789abcdef';

function binary() {
  if (process.env.WIRKEN_BIN) return resolve(process.env.WIRKEN_BIN);
  const host = execFileSync('rustc', ['-vV'], { encoding: 'utf8' }).match(/^host: (.*)$/m)[1];
  return resolve(here, '../../target', host, 'verify/wirken');
}

export class Wirken {
  constructor() {
    this.binary = binary();
    if (!existsSync(this.binary)) throw new Error(`${this.binary} is missing: run 'just build-tests'`);
    this.root = mkdtempSync(join(tmpdir(), 'wirken-e2e-'));
    this.data = join(this.root, 'data');
    this.home = join(this.root, 'home');
    mkdirSync(this.home);
    // All that the gateway printed so far.
    this.stdout = '';
    this.stderr = '';
    // What is logged; undefined for what a person gets.
    this.log = undefined;
  }

  env() {
    const env = { PATH: process.env.PATH, HOME: this.home, TMPDIR: this.root, WIRKEN_DATA_DIR: this.data, NO_COLOR: '1' };
    return this.log === undefined ? env : { ...env, WIRKEN_LOG: this.log };
  }

  // Runs one command to its end.
  async command(args, { stdin = '', timeout = 60_000 } = {}) {
    const child = spawn(this.binary, args, { env: this.env(), cwd: this.root });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    const [code, signal] = await new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', (...end) => done(end));
    });
    clearTimeout(timer);
    return { code, signal, stdout, stderr };
  }

  async succeed(args, options) {
    const result = await this.command(args, options);
    if (result.code !== 0) {
      throw new Error(`wirken ${args.join(' ')} ended with ${result.code ?? result.signal}\n${result.stdout}\n${result.stderr}`);
    }
    return result.stdout;
  }

  setupDemo() {
    return this.succeed(['setup', '--non-interactive', '--provider', 'demo']);
  }

  setupOpenai(baseUrl, model = 'scripted', key = API_KEY) {
    return this.succeed(
      ['setup', '--non-interactive', '--provider', 'openai', '--setting', `base-url=${baseUrl}`, '--model', model, '--key-file', '--credential-stdin'],
      { stdin: key },
    );
  }

  // After the set-up: programs run in containers of the tests' own engine, whoever they run as.
  runPrograms() {
    const folder = resolve(here, '../../.tools/docker');
    if (!existsSync(join(folder, 'image'))) throw new Error("no container engine of the tests runs: use 'just e2e', or '.ci/docker run node --test …'");
    const image = readFileSync(join(folder, 'image'), 'utf8').trim();
    appendFileSync(join(this.data, 'config.toml'), `\n[programs]\nimage = "${image}"\nsocket = "${realpathSync(folder)}/docker.sock"\n`);
    mkdirSync(this.workspace, { recursive: true });
    chmodSync(this.workspace, 0o777);
  }

  get workspace() {
    return join(this.data, 'workspace');
  }

  // Starts the gateway and waits for the log-in line that it prints.
  async start() {
    const child = spawn(this.binary, ['run', '-p', '0'], { env: this.env(), cwd: this.root, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
    child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    const before = this.stdout.length;
    this.loginUrl = await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no log-in line within ${START_TIMEOUT_MS} ms\n${this.stdout}\n${this.stderr}`)), START_TIMEOUT_MS);
      child.on('error', fail);
      this.ended.then((end) => fail(new Error(`wirken run ended with ${end.code ?? end.signal}\n${this.stdout}\n${this.stderr}`)));
      child.stdout.setEncoding('utf8').on('data', (text) => {
        this.stdout += text;
        const found = this.stdout.slice(before).match(/http:\/\/127\.0\.0\.1:\d+\/#login=\S+/);
        if (!found) return;
        clearTimeout(timer);
        done(found[0]);
      });
    });
    this.url = new URL(this.loginUrl);
    this.origin = this.url.origin;
    this.port = Number(this.url.port);
  }

  // A new log-in URL: each is good for one log-in.
  async newLoginUrl() {
    const text = await this.succeed(['webchat', 'login']);
    return text.match(/http:\/\/127\.0\.0\.1:\d+\/#login=\S+/)[0];
  }

  async stop(signal = 'SIGTERM') {
    if (!this.child) return undefined;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.child.kill(signal);
    const end = await this.ended;
    clearTimeout(timer);
    this.child = undefined;
    return end;
  }

  async dispose() {
    await this.stop('SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}
