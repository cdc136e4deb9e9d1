// A tool that counts the words of a text. `wit/deps/tool/tool.wit` says what each function is for.

const NAME = '{{tool}}';

const schema = {
  type: 'object',
  properties: {
    text: { type: 'string', description: 'The text.' },
    distinct: { type: 'boolean', description: 'Whether a word that occurs again counts once.' },
  },
  required: ['text'],
  additionalProperties: false,
};

// What is thrown reaches the model.
const wrong = (message) => ({ tag: 'invalid-arguments', val: message });

// JSON.parse goes as deep as its text, and the stack of a call does not: past it the call crashes.
const MAX_DEPTH = 64;

function isDeep(json) {
  let [depth, quoted] = [0, false];
  for (let at = 0; at < json.length; at++) {
    const sign = json[at];
    if (sign === '"') quoted = !quoted;
    else if (quoted) at += sign === '\\' ? 1 : 0;
    else if (sign === '[' || sign === '{') depth++;
    else if (sign === ']' || sign === '}') depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function parse(name, text) {
  if (name !== NAME) throw wrong(`there is no tool "${name}" here`);
  if (isDeep(text)) throw wrong(`the arguments are nested deeper than ${MAX_DEPTH} levels`);
  let given;
  try {
    given = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    throw wrong(`the arguments are no JSON: ${error.message}`);
  }
  if (typeof given?.text !== 'string') throw wrong('"text" has to be a text');
  if (given.text.trim() === '') throw wrong('the text is empty; give the words to count');
  if (!['undefined', 'boolean'].includes(typeof given.distinct)) throw wrong('"distinct" has to be true or false');
  const unknown = Object.keys(given).find((key) => !(key in schema.properties));
  if (unknown) throw wrong(`there is no argument "${unknown}"`);
  return given;
}

function count({ text, distinct }) {
  const words = text.trim().split(/\s+/u);
  return distinct === true ? new Set(words.map((word) => word.toLowerCase())).size : words.length;
}

export const tools = {
  definitions() {
    const description = 'Counts the words of a text. Use it instead of counting yourself.';
    return [{ name: NAME, description, inputSchema: JSON.stringify(schema) }];
  },

  // What the call will ask of the host: nothing.
  plan(name, text) {
    parse(name, text);
    return { purpose: 'Count words.', intents: [] };
  },

  call(name, text) {
    const words = count(parse(name, text));
    return [{ tag: 'text', val: words === 1 ? '1 word' : `${words} words` }];
  },
};
