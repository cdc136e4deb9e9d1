// Requests that no browser would make: any Host, any Origin, any cookie.

import { request } from 'node:http';

const TIMEOUT_MS = 5_000;

// The status of a plain request.
export function status(port, path, headers, { method = 'GET', body } = {}) {
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, setHost: headers.host === undefined, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () => done({ status: response.statusCode, headers: response.headers }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no response')));
    sent.on('error', fail);
    sent.end(body);
  });
}

// The status of a WebSocket handshake: 101 if the server took it.
export function handshake(port, path, headers) {
  return new Promise((done, fail) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      timeout: TIMEOUT_MS,
      setHost: headers.host === undefined,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
        ...headers,
      },
    });
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      done(response.statusCode);
    });
    sent.on('response', (response) => {
      response.resume();
      done(response.statusCode);
    });
    sent.on('timeout', () => sent.destroy(new Error('no response')));
    sent.on('error', fail);
    sent.end();
  });
}
