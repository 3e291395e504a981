"""llama.cpp at one work: llama.py WORK MODEL.gguf REPETITIONS [flash|plain].

WORK: prefill, or decode-N for N sequences. Like llama-bench it feeds known tokens and samples
nothing. Prints a line of JSON.
"""

import ctypes
import sys
from pathlib import Path

import llama_cpp

import measuring
import sizes


@llama_cpp.llama_log_callback
def quiet(level, text, data):
    pass


class Anchor:
    def __init__(self, path, sequences, flash):
        llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        model = llama_cpp.llama_model_default_params()
        model.n_gpu_layers = 0
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), model)
        if not self.model:
            sys.exit(f"llama.cpp can't load {path}")
        context = llama_cpp.llama_context_default_params()
        length = max(sizes.PREFILL, sizes.CONTEXT + sizes.DECODED)
        context.n_ctx = sequences * length
        context.n_batch = context.n_ubatch = 512
        context.n_seq_max = sequences
        context.n_threads = context.n_threads_batch = measuring.THREADS
        context.flash_attn_type = 1 if flash else 0
        context.kv_unified = False
        self.context = llama_cpp.llama_init_from_model(self.model, context)
        if not self.context:
            sys.exit("llama.cpp can't make a context")
        vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self.batch = llama_cpp.llama_batch_init(512, 0, 1)

    def clear(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def decode(self, entries):
        """Runs (token, position, sequence, whether logits are wanted) through the network."""
        batch = self.batch
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, wanted) in enumerate(entries):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wanted
        if llama_cpp.llama_decode(self.context, batch) != 0:
            sys.exit("llama.cpp failed to decode")
        llama_cpp.llama_synchronize(self.context)

    def fill(self, sequence, tokens):
        last = len(tokens) - 1
        self.decode([(token, i, sequence, i == last) for i, token in enumerate(tokens)])


def prefill(anchor, repetitions):
    tokens = measuring.tokens(sizes.PREFILL, anchor.vocabulary, 0)
    return sizes.PREFILL, measuring.measure(
        lambda _: anchor.fill(0, tokens), repetitions, prepare=anchor.clear)


def decode(anchor, sequences, repetitions):
    streams = [
        measuring.tokens(sizes.CONTEXT + sizes.DECODED, anchor.vocabulary, s)
        for s in range(sequences)]

    def prepare():
        anchor.clear()
        for sequence, tokens in enumerate(streams):
            anchor.fill(sequence, tokens[:sizes.CONTEXT])

    def run(_):
        for position in range(sizes.CONTEXT, sizes.CONTEXT + sizes.DECODED):
            anchor.decode([
                (tokens[position], position, sequence, True)
                for sequence, tokens in enumerate(streams)])

    return sequences * sizes.DECODED, measuring.measure(run, repetitions, prepare=prepare)


def main():
    work, path, repetitions, attention = sys.argv[1:]
    sequences = 1 if work == "prefill" else int(work.removeprefix("decode-"))
    anchor = Anchor(Path(path), sequences, attention == "flash")
    if work == "prefill":
        count, times = prefill(anchor, int(repetitions))
    else:
        count, times = decode(anchor, sequences, int(repetitions))
    kind = Path(path).name.split(".")[-2]
    measuring.report(work, f"llama.cpp {kind} {attention}", count, times)


if __name__ == "__main__":
    main()
