// A command on a terminal of its own, with somebody who types.

import { execFileSync, spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const python = execFileSync(resolve(here, '../../.ci/python'), { encoding: 'utf8' }).trim();

// As a pattern that nothing else matches.
export const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// What the terminal showed. A step is a pattern to wait for and what to type then, with `<name>` for what a group has found.
export async function atTerminal(wirken, args, steps) {
  const child = spawn(python, [join(here, 'terminal.py'), wirken.binary, ...args], { env: wirken.env(), cwd: wirken.root });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (shown += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (shown += text));
  child.stdin.end(JSON.stringify(steps));
  const code = await new Promise((done) => child.on('close', done));
  return { code, shown };
}
