"""The sizes of the work that is compared; `Sources/Benchmark/Work.swift` has the same ones."""

PREFILL = 512

# Decoding: sequences of so many tokens of context, and so many more to decode.
CONTEXT = 256
DECODED = 64

# A training step: loss on every token.
BATCH = 8
LENGTH = 512
RANK = 16

# An SDPO step over the same batch: the teacher's context is longer by a hint, and the loss stands
# on each sequence's last tokens.
HINT = 88
COMPLETION = 256
TOP_K = 100

# A whole training step. Every episode: an opening that its group shares, then turns of sampled
# tokens with an observation between two of them, 350 tokens in all.
TASKS = 4
GROUP = 8
TURNS = 4
OPENING = 152
ACTION = 30
OBSERVATION = 26
EPISODE = OPENING + TURNS * ACTION + (TURNS - 1) * OBSERVATION
