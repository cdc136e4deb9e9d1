// Roman numerals as two tools, with componentize-qjs.

import { read, write } from './numeral.js';

const schema = (name, property) =>
  JSON.stringify({ type: 'object', properties: { [name]: property }, required: [name], additionalProperties: false });

const wrong = (message) => ({ tag: 'invalid-arguments', val: message });

const known = {
  to_roman(given) {
    const text = write(given.number);
    if (text === null) throw wrong(`${JSON.stringify(given.number)} is not from 1 to 3999`);
    return text;
  },
  from_roman(given) {
    const number = typeof given.numeral === 'string' ? read(given.numeral) : null;
    if (number === null) throw wrong(`${JSON.stringify(given.numeral)} is no Roman numeral`);
    return String(number);
  },
};

export const tools = {
  definitions() {
    return [
      {
        name: 'to_roman',
        description: 'Writes a number from 1 to 3999 in Roman numerals.',
        inputSchema: schema('number', { type: 'integer', description: 'The number.' }),
      },
      {
        name: 'from_roman',
        description: 'Reads a Roman numeral, up to MMMCMXCIX.',
        inputSchema: schema('numeral', { type: 'string', description: 'The numeral.' }),
      },
    ];
  },

  plan(name, _text) {
    return { purpose: `Call ${name}.`, intents: [] };
  },

  call(name, text) {
    if (!Object.hasOwn(known, name)) throw wrong(`there is no tool "${name}" here`);
    let given;
    try {
      given = JSON.parse(text);
    } catch (error) {
      throw wrong(`the arguments are no JSON: ${error.message}`);
    }
    return [{ tag: 'text', val: known[name](given ?? {}) }];
  },
};
