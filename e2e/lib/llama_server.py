"""A llama.cpp server with a model that says what this file tells it to.

The server is the real one, in process. The model is a chain: each token has one successor, which its weights spell out (every
embedding is a unit vector, there is no attention to speak of, and the output matrix holds the successors). The chat template
chooses where the chain begins.

Usage: llama_server.py FOLDER API_KEY; prints the address, and serves until its stdin is closed.
"""

import sys
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

ANSWER = ["Grüße", ", ", "世界", " 👩‍🚀", " aus", " llama", ".cpp", "!"]
CALL = ["<tool_call>", '\n{"name": "', "files_list", '", "arguments": {"path": "', "./", '"}}', "\n</tool_call>"]
AFTER_CALL = ["Those", " are", " all", " of", " them", "."]
CHAINS = {"<|answer|>": ANSWER, "<|call|>": CALL, "<|after-call|>": AFTER_CALL}

# As models with tool calls in this form have it; the last lines choose a chain.
TEMPLATE = """{%- if tools %}<|system|># Tools
You may call one or more functions to assist with the user query. You are provided with function signatures within <tools></tools> XML tags:
<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}
</tools>
For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|end|>
{% endif %}{%- for message in messages %}
{%- if message.role == 'assistant' %}<|assistant|>{{ message.content or '' }}{% for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|end|>
{% elif message.role == 'tool' %}<|user|><tool_response>
{{ message.content }}
</tool_response><|end|>
{% else %}<|{{ message.role }}|>{{ message.content }}<|end|>
{% endif %}{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>
{%- if messages[-1].role == 'tool' %}<|after-call|>
{%- elif 'files' in messages[-1].content %}<|call|>
{%- else %}<|answer|>{% endif %}{% endif %}"""


def vocabulary():
    """Texts, kinds and the successor of each token."""
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("<|end|>", kinds.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [(f"<|{role}|>", kinds.CONTROL) for role in ("system", "user", "assistant")]
    successors = {}
    for start, chain in CHAINS.items():
        successors[len(tokens)] = len(tokens) + 1
        tokens.append((start, kinds.CONTROL))
        for place, text in enumerate(chain):
            last = place == len(chain) - 1
            successors[len(tokens)] = 2 if last else len(tokens) + 1
            tokens.append((text, kinds.USER_DEFINED))
    return tokens, successors


def write(path):
    tokens, successors = vocabulary()
    size, width = len(tokens), -(-len(tokens) // 32) * 32
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(32768)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(width // 32)
    writer.add_head_count_kv(width // 32)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(32)
    writer.add_vocab_size(size)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text.encode() for text, _ in tokens])
    writer.add_token_scores([0.0] * size)
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)

    def zeros(*shape):
        return np.zeros(shape, dtype=np.float32)

    embedding = zeros(size, width)
    output = zeros(size, width)
    for token in range(size):
        embedding[token, token] = 1.0
        output[successors.get(token, 2), token] = 4.0
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", zeros(width) + 1)
    writer.add_tensor("blk.0.attn_norm.weight", zeros(width) + 1)
    writer.add_tensor("blk.0.ffn_norm.weight", zeros(width) + 1)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", zeros(width, width))
    writer.add_tensor("blk.0.ffn_gate.weight", zeros(32, width))
    writer.add_tensor("blk.0.ffn_up.weight", zeros(32, width))
    writer.add_tensor("blk.0.ffn_down.weight", zeros(width, 32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    path = Path(sys.argv[1]) / "chain.gguf"
    write(path)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 32768
    parameters.n_parallel = 1
    parameters.use_jinja = True
    parameters.warmup = False
    parameters.api_keys = sys.argv[2:]
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


main()
