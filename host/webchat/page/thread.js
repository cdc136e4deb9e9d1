// One chat as it is read: recorded steps in their order, and at its end what is under way.
//
// What is under way is a glimpse. Once the step is recorded, the record takes its place.

import { el, exact, pretty, spoken, timeElement, brief } from "./dom.js";
import { outcome, Question } from "./question.js";
import { render } from "./tree.js";

const OUTCOMES = { ok: "done", failed: "failed", denied: "refused", crashed: "crashed", interrupted: "interrupted" };
const ENDS = {
  length: "The answer was cut off: the model had reached its limit. Ask it to go on.",
  refusal: "The model refused to go on.",
  "content-filter": "The provider's filter cut the answer off.",
};
const WAITING = "Waiting for your answer to the question above.";
const NOTHING = "The model answered nothing.";
/** Of what a tool answered, so much is shown; `wirken sessions show` and the ledger have the rest. */
const RESULT_CHARS = 20_000;

export class Thread {
  /** `waiting(now)` is told whether a question waits in this chat; `answer` takes one to the server. */
  constructor({ root, announce, running, waiting, answer }) {
    Object.assign(this, { root, announce, setRunning: running, setWaiting: waiting, answer });
    this.reset();
  }

  reset() {
    this.root.replaceChildren();
    this.turn = null;
    this.cards = new Map();
    /** The questions that wait, by their ids. */
    this.questions = new Map();
    this.failure = null;
    /** Whether the turn has shown anything that the model did. */
    this.something = false;
    this.live = null;
    this.work = el("div", { class: "work", hidden: true }, el("span", { class: "dots", "aria-hidden": true }, el("i"), el("i"), el("i")), el("span", { class: "work-text" }));
    this.joined = false;
    /** Of the last response, until they are laid out. */
    this.calls = null;
    this.root.append(this.work);
    this.clearLive();
    this.setRunning(false);
  }

  /** A recorded step. `fresh`: it happens now, and is not read from the past. */
  apply({ at, event, tree, prompt, note }, fresh) {
    switch (event.kind) {
      case "inbound":
        return this.said(at, event);
      case "turn-started":
        this.turn = event.turn;
        this.something = false;
        this.setRunning(true);
        return this.working("Working…");
      case "turn-resumed":
        this.turn = event.turn;
        this.setRunning(true);
        this.clearLive();
        this.note("The gateway had stopped in the middle of this answer, and took it up again.");
        return this.working(this.questions.size > 0 ? WAITING : "Working…");
      case "requested":
        if (this.failure !== null) this.note(`A request failed (${this.failure}) and was made again.`);
        this.failure = null;
        this.clearLive();
        return this.working("Working…");
      case "responded":
        return this.responded(event);
      case "request-failed":
        this.failure = `${event.error}: ${event.message}`;
        return;
      case "approval-asked":
        return this.asked(event, prompt, fresh);
      case "approval-answered":
        return this.decided(event, fresh);
      case "approval-expired":
        this.settle(event.approval, `Nobody answered: ${sentence(event.reason)}`, "expired");
        return this.working("Working…");
      case "granted":
        return this.note(granted(event));
      case "grant-revoked":
        return this.note(`A right was revoked by ${event.by}.`);
      case "effect-started":
        this.cards.get(event.call_id)?.effect(event.effect, `${event.action}: ${event.content ?? "what exactly was erased"}`);
        return;
      case "effect-finished":
        this.cards.get(event.call_id)?.effect(event.effect, null, `${OUTCOMES[event.outcome] ?? event.outcome}${event.detail === "" ? "" : `: ${event.detail}`}`);
        return;
      case "screened":
        if (note !== undefined) this.note(sentence(note), "warn");
        return;
      case "tool-blocked":
        return this.blocked(event);
      case "tool-started":
        return this.toolStarted(event);
      case "tool-finished":
        return this.toolFinished(event);
      case "outbound-queued":
        return this.answered(at, event, tree, fresh);
      case "outbound-outcome":
        if (event.delivery === "failed") this.note(`This answer could not be delivered: ${event.detail}`, "warn");
        if (event.delivery === "in-doubt") this.note(`This answer may have been delivered, or not: ${event.detail}`, "warn");
        return;
      case "turn-finished":
        this.ended();
        if (Object.hasOwn(ENDS, event.stop)) this.note(ENDS[event.stop], "warn");
        else if (!this.something) {
          this.note(NOTHING);
          if (fresh) this.announce(NOTHING);
        }
        return;
      case "turn-interrupted":
        this.ended();
        this.note(`Interrupted: ${sentence(event.reason)}`, "warn");
        if (fresh) this.announce(`The answer was interrupted: ${event.reason}`);
        return;
      case "session-closed":
        return this.note("This chat is closed. It stays readable, and takes no more messages.");
    }
  }

  /** The page came in the middle of an answer: its beginning was not seen. */
  join() {
    this.joined = this.turn !== null;
  }

  /** Glimpses were lost on the way: what is shown of the text under way has a gap. */
  missed() {
    if (this.live.text !== null) this.live.text.appendData(" … ");
    else this.join();
  }

  glimpse(turn, shown) {
    // The turn ended meanwhile, or is not known yet: its record says all.
    if (turn !== this.turn) return;
    switch (shown.type) {
      case "text": {
        this.working(null);
        this.liveText().appendData(shown.text);
        return;
      }
      case "reasoning":
        this.working("Thinking…");
        this.liveReasoning().appendData(shown.text);
        return;
      case "call-begun":
        this.working(`Preparing ${shown.tool}…`);
        return;
      case "output":
        this.cards.get(shown.id)?.output?.(shown.text);
        return;
      case "progress":
        return this.working(shown.total ? `${shown.label} (${shown.done} of ${shown.total})` : shown.label);
      case "waiting": {
        const wait = Math.max(1, Math.round(shown.millis / 1000));
        return this.working(`No answer yet: ${sentence(shown.message)} The next attempt comes in ${wait} s.`);
      }
    }
  }

  said(at, event) {
    const message = el("article", { class: "message user", "data-testid": "message", "data-role": "user", "aria-label": "You" });
    message.append(...this.parts(event.content), el("footer", {}, timeElement(at, brief(at))));
    // What is said while an answer is under way comes after what is there of it.
    this.put(message);
  }

  responded(event) {
    const items = event.content ?? [];
    const reasoning = items.map((item) => item.reasoning ?? "").join("");
    if (reasoning === "") this.live.reasoning?.details.remove();
    else this.liveReasoning().data = reasoning;
    this.live.reasoning = null;
    this.cards.clear();
    const calls = items.map((item) => item["tool-call"]).filter((call) => call !== undefined);
    // They stand after the answer's text, whose record follows this one.
    this.calls = calls;
    if (calls.length === 0 && event.stop !== "tool-use") this.working(null);
    if (event.content === undefined) this.note("What the model said here was erased.");
  }

  answered(at, event, tree, fresh) {
    this.something = true;
    const message = this.live.message ?? this.message();
    if (event.content === undefined) {
      message.replaceChildren(el("p", { class: "erased" }, "This answer was erased."));
    } else if (tree === undefined) {
      message.replaceChildren(el("p", { class: "as-is" }, event.content));
    } else {
      message.replaceChildren(...render(tree));
    }
    message.classList.remove("streaming");
    message.title = exact(at);
    if (message.parentNode === null) this.put(message);
    this.live.message = null;
    this.live.text = null;
    this.working(null);
    if (fresh && event.content !== undefined) this.announce(event.content);
  }

  /** A person is asked. The card takes no focus: whoever writes goes on writing. */
  asked(event, prompt, fresh) {
    this.something = true;
    this.layOut();
    this.cards.get(event.call_id)?.state("asking", "asks you");
    const question = new Question({ approval: event.approval, prompt, answer: this.answer });
    this.questions.set(event.approval, question);
    this.put(question.root);
    this.setWaiting(true);
    this.working(WAITING);
    if (fresh) this.announce("The agent asks to be allowed to do something. The question is at the end of the chat.");
  }

  question(approval) {
    return this.questions.get(approval) ?? null;
  }

  /** The card of the question that waits. */
  get waits() {
    return [...this.questions.values()].at(-1)?.root ?? null;
  }

  decided(event, fresh) {
    const words = outcome(event.choice, event.by, event.via, event.content);
    this.settle(event.approval, words, event.choice === "deny" ? "denied" : "allowed");
    this.cards.get(event.call_id)?.state("queued", "waiting");
    this.working("Working…");
    if (fresh) this.announce(words);
  }

  settle(approval, words, kind) {
    this.questions.get(approval)?.settle(words, kind);
    this.questions.delete(approval);
    this.setWaiting(this.questions.size > 0);
  }

  blocked(event) {
    this.something = true;
    this.layOut();
    const card = this.cards.get(event.call_id) ?? this.card(event.call_id, event.tool, undefined);
    card.state("denied", "ended");
    card.effect("blocked", "Ended before it did something that nobody had allowed", event.reason);
    this.working("Working…");
  }

  toolStarted(event) {
    this.something = true;
    this.layOut();
    const card = this.cards.get(event.call_id) ?? this.card(event.call_id, event.tool, event.content?.arguments);
    card.from.textContent = event.component;
    card.root.title = `${event.component}, ${event.component_digest}`;
    card.state("running", event.attempt > 1 ? `running, attempt ${event.attempt}` : "running");
    this.working(`${event.tool} is running…`);
  }

  toolFinished(event) {
    this.something = true;
    this.layOut();
    const card = this.cards.get(event.call_id) ?? this.card(event.call_id, event.tool, undefined);
    card.state(event.outcome, OUTCOMES[event.outcome] ?? event.outcome);
    card.finish(event.content === undefined ? null : text(event.content));
    this.working("Working…");
  }

  /** Shows the calls of the last response, those that are still to be made too. */
  layOut() {
    const calls = this.calls ?? [];
    this.calls = null;
    for (const call of calls) this.card(call.id, call.name, call.arguments).state("queued", "waiting");
  }

  card(id, tool, json) {
    const state = el("span", { class: "tool-state" });
    const from = el("span", { class: "tool-from" });
    const effects = el("ul", { class: "tool-effects", hidden: true });
    const lines = new Map();
    let live = null;
    const result = el("details", { class: "tool-result", hidden: true }, el("summary", {}, "Result"));
    const root = el(
      "div",
      { class: "tool", "data-testid": "tool-call", "data-tool": tool },
      el("div", { class: "tool-head" }, el("span", { class: "tool-name" }, tool), from, state),
      json === undefined ? el("p", { class: "erased" }, "Its arguments are not shown.") : json.trim() === "" || json.trim() === "{}" ? null : el("pre", { class: "tool-arguments", tabindex: 0 }, pretty(json)),
      effects,
      result,
    );
    const card = {
      root,
      from,
      state(name, words) {
        root.dataset.state = name;
        state.textContent = words;
      },
      /** What the host does for the call, and how that ended. */
      effect(number, what, end = null) {
        let line = lines.get(number);
        if (line === undefined) {
          line = el("li", { "data-testid": "tool-effect" }, el("span", { class: "effect-what" }, what ?? "something"), el("span", { class: "effect-end" }));
          lines.set(number, line);
          effects.append(line);
          effects.hidden = false;
        }
        if (end !== null) line.lastElementChild.textContent = end;
      },
      /** What its program writes, as it writes it: a glimpse, until the result says all. */
      output(text) {
        if (live === null) {
          live = el("pre", { class: "tool-arguments", "data-testid": "tool-output", tabindex: 0 });
          result.before(live);
        }
        live.append(text);
        if (live.textContent.length > RESULT_CHARS) live.textContent = `…${live.textContent.slice(-RESULT_CHARS)}`;
      },
      finish(answer) {
        live?.remove();
        live = null;
        const shown = answer === null ? "It was erased." : answer.length > RESULT_CHARS ? `${answer.slice(0, RESULT_CHARS)}…` : answer;
        result.replaceChildren(result.firstElementChild, el("pre", { tabindex: 0 }, shown === "" ? "(nothing)" : shown));
        result.hidden = false;
        // What went wrong is not folded away.
        if (root.dataset.state !== "ok") result.open = true;
      },
    };
    this.cards.set(id, card);
    this.put(el("article", { class: "message tool-message", "data-testid": "message", "data-role": "tool", "aria-label": `Tool ${tool}` }, root));
    return card;
  }

  ended() {
    this.layOut();
    for (const card of this.cards.values()) {
      if (["queued", "running", "asking"].includes(card.root.dataset.state)) card.state("interrupted", "not run");
    }
    for (const approval of [...this.questions.keys()]) this.settle(approval, "The answer ended before this was decided.", "expired");
    this.turn = null;
    this.failure = null;
    this.joined = false;
    this.clearLive();
    this.working(null);
    this.setRunning(false);
  }

  liveText() {
    if (this.live.text === null) {
      this.live.message = this.message();
      this.live.message.classList.add("streaming");
      this.live.text = document.createTextNode(this.joined ? "… " : "");
      this.joined = false;
      this.live.message.append(this.live.text);
      this.put(this.live.message);
    }
    return this.live.text;
  }

  liveReasoning() {
    if (this.live.reasoning === null) {
      this.live.reasoning = reasoningBlock(this.joined ? "… " : "");
      this.put(this.live.reasoning.details, this.live.message);
    }
    return this.live.reasoning.text;
  }

  message() {
    return el("article", { class: "message assistant", "data-testid": "message", "data-role": "assistant", "aria-label": "wirken" });
  }

  /** Takes away what was never recorded. */
  clearLive() {
    this.live?.message?.remove();
    this.live?.reasoning?.details.remove();
    this.live = { message: null, text: null, reasoning: null };
  }

  /** What is being done, at the end; null hides it. */
  working(words) {
    this.work.hidden = words === null || this.turn === null;
    if (words !== null) this.work.lastElementChild.replaceChildren(...spoken(words));
  }

  note(words, kind = "quiet") {
    this.put(el("p", { class: `note ${kind}`, "data-testid": "note" }, ...spoken(words)));
  }

  put(node, before) {
    this.root.insertBefore(node, before?.parentNode === this.root ? before : this.work);
  }

  parts(content) {
    if (content === undefined) return [el("p", { class: "erased" }, "This message was erased.")];
    return content.map((part) => {
      if (part.text !== undefined) return el("p", { class: "as-is" }, part.text);
      if (part.blob !== undefined) return el("p", { class: "attachment" }, `${part.blob.name ?? "Attachment"} (${part.blob.media_type}, ${part.blob.size} bytes)`);
      return el("p", { class: "attachment" }, `Something of the kind ${part.other?.[0] ?? "unknown"}`);
    });
  }
}

function reasoningBlock(words) {
  const body = document.createTextNode(words);
  return { text: body, details: el("details", { class: "reasoning" }, el("summary", {}, "Reasoning"), el("p", { class: "as-is" }, body)) };
}

/** What was given beyond one call. */
function granted({ lasts, by }) {
  const end = lasts.until === undefined ? "this chat ends" : exact(lasts.until);
  return `Until ${end}, this is not asked again (allowed by ${by}). The view of permissions shows it, and can revoke it.`;
}

/** With a full stop at its end, if it has none. */
const sentence = (words) => (/[.!?…]$/.test(words) ? words : `${words}.`);

/** The texts of some parts. */
function text(parts) {
  return parts.map((part) => part.text ?? (part.blob ? `[${part.blob.name ?? part.blob.media_type}]` : part.other ? pretty(part.other[1]) : "")).join("\n");
}
