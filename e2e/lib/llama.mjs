// A real server of the Chat Completions API: llama.cpp's, in a process of its own, with a model whose answers are known.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const START_TIMEOUT_MS = 30_000;

export class Llama {
  // Starts one on a free port that wants this key.
  static async start(key) {
    const python = execFileSync(resolve(here, '../../.ci/python'), { encoding: 'utf8' }).trim();
    const folder = mkdtempSync(join(tmpdir(), 'wirken-llama-'));
    const child = spawn(python, [join(here, 'llama_server.py'), folder, key], { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const url = await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`llama.cpp did not start within ${START_TIMEOUT_MS} ms\n${stderr}`)), START_TIMEOUT_MS);
      child.on('error', fail);
      child.on('close', (code, signal) => fail(new Error(`llama.cpp ended with ${code ?? signal}\n${stderr}`)));
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
        const found = stdout.match(/^(http:\S+)\n/m);
        if (!found) return;
        clearTimeout(timer);
        done(found[1]);
      });
    });
    return new Llama(child, folder, `${url}/v1`);
  }

  constructor(child, folder, baseUrl) {
    Object.assign(this, { child, folder, baseUrl });
    this.ended = new Promise((done) => child.on('close', done));
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
