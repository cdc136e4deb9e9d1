// The scripted model: an independent server of the Chat Completions API, told what to answer to which message.

import { LLMock } from '@copilotkit/aimock';

// Starts one on a free port. A request that no rule expects is an error, so that a wrong request is seen.
export async function startModel() {
  const model = new LLMock({ port: 0, host: '127.0.0.1', strict: true, chunkSize: 8 });
  await model.start();
  return model;
}

export const baseUrl = (model) => `${model.url}/v1`;

// Answers with a call of the offered tool whose name matches, whatever prefix the host gave it.
export function callTool(pattern, args, id = 'call_1') {
  return (request) => {
    const names = (request.tools ?? []).map((tool) => tool.function.name);
    const name = names.find((candidate) => pattern.test(candidate));
    if (!name) return { content: `no tool matches ${pattern}; offered: ${names.join(', ')}` };
    return { toolCalls: [{ id, name, arguments: JSON.stringify(args) }] };
  };
}

// The bodies of the requests so far.
export const requests = (model) => model.getRequests().map((entry) => entry.body);
