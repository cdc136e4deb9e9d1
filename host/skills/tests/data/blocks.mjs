// Writes blocks.json: lists of skills, and the block that the written rules make of each, byte for byte.
//
//   node blocks.mjs
//
// The rules are applied here a second time, in the language whose strings and sorting they are written for: `.length`
// counts UTF-16 code units, `\s` is its own, and `localeCompare("en")` is the real one. Nothing of the code under test is
// used.
import fs from "node:fs";

const CHECK = "Run `wirken skill check` to audit.";
const XML = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
const escape = (text) => text.replace(/[&<>"']/g, (c) => XML[c]);

function cut(text, units) {
  const last = text.charCodeAt(units - 1);
  return text.slice(0, units > 0 && last >= 0xd800 && last <= 0xdbff && units < text.length ? units - 1 : units);
}

function shorten(description, n) {
  const line = description.replace(/\s+/g, " ").trim();
  if (line.length <= n) return line;
  return n <= 3 ? cut(line, n) : cut(line, n - 3).trimEnd() + "...";
}

const READ = "Read a skill's file at its listed location when the task matches its ";
const FULL = { loading: READ + "description.", describe: (text) => text };
const compact = (n) =>
  n > 0
    ? { loading: READ + "name or description.", describe: (text) => shorten(text, n) || null, words: "descriptions shortened" }
    : { loading: READ + "name.", describe: () => null, words: "descriptions omitted" };

function catalog(skills, form) {
  if (skills.length === 0) return "";
  return [
    "\n\nThe following skills provide specialized instructions for specific tasks.",
    form.loading,
    "When a skill file references a relative path, resolve it against the skill directory (parent of SKILL.md / dirname of the path) and use that absolute path in tool commands.",
    "",
    "<available_skills>",
    ...skills.flatMap((skill) => {
      const description = form.describe(skill.description);
      return [
        "  <skill>",
        `    <name>${escape(skill.name)}</name>`,
        ...(description === null ? [] : [`    <description>${escape(description)}</description>`]),
        `    <location>${escape(skill.location)}</location>`,
        ...(skill.note ? [`    <location_note>${escape(skill.note)}</location_note>`] : []),
        "  </skill>",
      ];
    }),
    "</available_skills>",
  ].join("\n");
}

function note(included, total, form) {
  const words = form.words ? (included < total ? ` (compact format, ${form.words})` : ` (${form.words})`) : "";
  if (included < total) return `⚠️ Skills truncated: included ${included} of ${total}${words}. ${CHECK}`;
  return form.words ? `⚠️ Skills catalog using compact format${words}. ${CHECK}` : "";
}

function block({ skills, more = 0, limits = {} }) {
  const { skills: most = 150, length: room = 18000 } = limits;
  const sorted = [...skills].sort((a, b) => a.name.localeCompare(b.name, "en"));
  const total = sorted.length + more;
  const candidates = sorted.slice(0, most);
  const render = (count, form, noted) =>
    [noted ? note(count, total, form) : "", catalog(candidates.slice(0, count), form)].filter(Boolean).join("\n");
  const fits = (...all) => render(...all).length <= room;
  const done = (count, form, noted) => {
    const text = render(count, form, noted);
    return { text, included: text ? count : 0 };
  };
  // By trying each, where the rules say to search by halving: what they say is found is the largest.
  const largest = (from, to, works) => {
    let best = from;
    for (let value = from; value <= to; value += 1) if (works(value)) best = value;
    return best;
  };
  if (fits(candidates.length, FULL, true)) return done(candidates.length, FULL, true);
  let count = largest(0, candidates.length, (value) => fits(value, compact(0), true));
  if (count === 0 && candidates.length > 0) {
    if (fits(candidates.length, FULL, false)) return done(candidates.length, FULL, false);
    count = largest(0, candidates.length, (value) => fits(value, compact(0), false));
  }
  const noted = fits(count, compact(0), true);
  if (!noted && !fits(count, compact(0), false)) return { text: "", included: 0 };
  const length = count > 0 && fits(count, compact(4), noted) ? largest(4, 220, (value) => fits(count, compact(value), noted)) : 0;
  return done(count, compact(length), noted);
}

function forContext(text, tokens) {
  const room = Math.floor(tokens / 5);
  if (tokens <= 0 || text.length <= room) return text;
  const plain = (value) => value.replace(/&(amp|lt|gt|quot|apos);/g, (whole) => Object.keys(XML).find((c) => XML[c] === whole));
  const render = (n) =>
    text.replace(/<description>([^<]*)<\/description>/g, (_, value) => `<description>${escape(shorten(plain(value), n))}</description>`);
  let best = render(64);
  if (best.length <= room) for (let n = 65; n <= 220; n += 1) if (render(n).length <= room) best = render(n);
  return best.length < text.length ? best : text;
}

// The cases.
const skill = (name, description = `Does what ${name} does.`, location = `~/.wirken/skills/${name}/SKILL.md`, note = undefined) => ({ name, description, location, note });
const many = (count, describe = (n) => `Does number ${n}.`) =>
  Array.from({ length: count }, (_, n) => skill(`skill-${String(n).padStart(4, "0")}`, describe(n)));
const words = (count, word = "word") => Array.from({ length: count }, (_, n) => `${word}${n}`).join(" ");

/** A list whose full block has exactly this length. */
function exactly(length) {
  const skills = many(20, () => "");
  const room = length - block({ skills, limits: { length: 1e9 } }).text.length;
  skills.forEach((one, n) => (one.description = "d".repeat(Math.floor(room / 20) + (n < room % 20 ? 1 : 0))));
  return skills;
}

const cases = {
  "no skill": { skills: [] },
  "one skill": { skills: [skill("weather", "Tells the weather.")] },
  "what XML needs is escaped": {
    skills: [skill(`a<b>&"c'`, `</description>&amp; "it's" <b>`, `/srv/R&D "x"/SKILL.md`)],
  },
  "descriptions keep their lines in full": { skills: [skill("lines", "One.\n  Two.\n\nThree.\tFour.")] },
  "a note on the location": { skills: [skill("far", "Is elsewhere.", "/far/SKILL.md", `Read it with "far" & wait.`)] },
  "names in their order": {
    skills: [
      "zebra", "Zebra", "apple", "Apple", "äpfel", "résumé", "resume", "Resume", "10-x", "9-x", "a_b", "a-b", "ab", "a b", "a.b", "a/b", "a:b",
      "_under", "-dash", "@at", "#hash", "$dollar", "1password", "天気", "日本", "москва", "μ", "ß", "ss", "sz", "œuvre", "oeuvre", "ñ", "n", "o",
      "🦀-crab", "e\u0301t\u00e9", "\u00e9t\u00e9", "İ", "i", "I", "ı", "", "a\u00adb", "co-op", "coop", "CO-OP", "x1", "x10", "x2", "ﬁsh", "fish",
    ].map((name) => skill(name, "d", "/x/SKILL.md")),
  },
  "as many as may be": { skills: many(150, () => "d") },
  "one more than may be": { skills: many(151, () => "d") },
  "many more than may be": { skills: many(300, () => "d") },
  "some were left out before": { skills: many(3), more: 7 },
  "exactly the budget": { skills: exactly(18000) },
  "one over the budget": { skills: exactly(18001) },
  "descriptions shortened": { skills: many(60, (n) => words(80, `w${n}-`)) },
  "descriptions shortened and cut at spaces": { skills: many(80, (n) => "a ".repeat(200 + n)) },
  "short descriptions beside long ones": { skills: many(100, (n) => (n % 2 ? "short" : words(100))) },
  "descriptions with lines, shortened": { skills: many(90, (n) => `One ${n}.\n\n   Two.\t\u00a0\u3000Three. `.repeat(9)) },
  "characters of two units are not cut": { skills: many(80, (n) => "x".repeat(n % 7) + "🦀".repeat(150)) },
  "what is escaped counts as it is written": { skills: many(100, () => `<&"'>`.repeat(40)) },
  "descriptions omitted": { skills: many(130, () => words(50)).map((one) => ({ ...one, location: `/${"p".repeat(40)}/${one.name}/SKILL.md` })) },
  "nearly no room for descriptions": { skills: many(60, () => words(50)), limits: { length: 8700 } },
  "a prefix of names": { skills: many(150, () => words(50)).map((one) => ({ ...one, location: `/${"p".repeat(200)}/${one.name}/SKILL.md` })) },
  "too many and too long": { skills: many(400, () => words(60)) },
  "blank descriptions are left out when short": { skills: many(130, (n) => (n % 3 ? words(60) : " \n ")) },
  "no room for the note": { skills: many(3, () => "d"), limits: { length: 700, skills: 1 } },
  "no room for the note beside one short name": { skills: [skill("a", words(100), "/a")], limits: { length: 480 } },
  "room for the note alone": { skills: many(9, () => words(50)), limits: { length: 120 } },
  "no room at all": { skills: many(9), limits: { length: 20 } },
  "no skill may be": { skills: many(9), limits: { skills: 0 } },
};
for (let length = 380; length <= 900; length += 13) {
  cases[`two skills in ${length}`] = { skills: [skill("one", words(40)), skill("two", "Two & more. ".repeat(20))], limits: { length } };
}

const table = Object.entries(cases).map(([name, input]) => ({ name, ...input, expected: block(input) }));
const source = block({ skills: [...many(12, (n) => words(60, `w${n}`)), ...many(5).map((one) => ({ ...one, name: `x${one.name}` })), skill("x<y", `&<>"' `.repeat(40))] }).text;
const contexts = [0, 1, 1000, 8192, 10_000, 12_000, 15_000, 16_384, 20_000, 25_000, 32_000, 35_000, 128_000, 1_000_000];
const second = contexts.map((tokens) => ({ tokens, expected: forContext(source, tokens) }));
fs.writeFileSync(new URL("blocks.json", import.meta.url), [`{"blocks": [`, table.map((one) => JSON.stringify(one)).join(",\n"), `],\n"source": ${JSON.stringify(source)},\n"contexts": [`, second.map((one) => JSON.stringify(one)).join(",\n"), "]}\n"].join("\n"));
console.log(`${table.length} blocks, ${second.length} contexts`);
