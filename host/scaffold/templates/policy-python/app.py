"""A policy that bans words: an answer that holds one is withheld, a call that holds one is asked about, and one that reaches the
model is put on record. `wit/deps/policy/policy.wit` says what each function is for."""

from wit_world.exports import rules
from words import banned


class Rules:
    def check(self, context, call, intents):
        word = banned(context.settings, call.arguments)
        return rules.Verdict_Ask(f"the call holds the word {word!r}") if word else rules.Verdict_Allow()

    def check_effect(self, context, call, effect):
        return rules.Verdict_Allow()

    def review(self, context, call, output):
        return rules.Decision_Pass()

    def review_outbound(self, context, text, complete):
        word = banned(context.settings, text)
        return rules.Decision_Refuse(f"the answer holds the word {word!r}") if word else rules.Decision_Pass()

    def screen(self, context, passage):
        word = banned(context.settings, passage.text)
        return rules.Screening(rules.Decision_Pass(), [rules.Finding("banned-word", 1, word)] if word else [])
