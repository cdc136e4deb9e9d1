// A policy that bans words: an answer that holds one is withheld, a call that holds one is asked about, and one that
// reaches the model is put on record. `wit/deps/policy/policy.wit` says what each function is for.

// The first banned word that a text holds, in any case and not as a part of another.
function banned({ settings }, text) {
  const words = (JSON.parse(settings).words ?? []).map((word) => word.toLowerCase());
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u).find((word) => words.includes(word));
}

export const rules = {
  check(context, call, _intents) {
    const word = banned(context, call.arguments);
    return word === undefined ? { tag: 'allow' } : { tag: 'ask', val: `the call holds the word "${word}"` };
  },

  checkEffect(_context, _call, _effect) {
    return { tag: 'allow' };
  },

  review(_context, _call, _output) {
    return { tag: 'pass' };
  },

  reviewOutbound(context, text, _complete) {
    const word = banned(context, text);
    return word === undefined ? { tag: 'pass' } : { tag: 'refuse', val: `the answer holds the word "${word}"` };
  },

  screen(context, passage) {
    const word = banned(context, passage.text);
    const findings = word === undefined ? [] : [{ rule: 'banned-word', severity: 1, excerpt: word }];
    return { decision: { tag: 'pass' }, findings };
  },
};
