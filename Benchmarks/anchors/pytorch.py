"""PyTorch, transformers and PEFT at one work: pytorch.py WORK PRECISION REPETITIONS MODEL.

WORK: prefill, prefill-batch, lora, full, sdpo, sdpo-group or step. PRECISION: fp32, autocast
(fp32 weights, products in bf16) or bf16 (everything in it). Prints a line of JSON.
"""

import contextlib
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
import torch.nn.functional as F
import transformers

import measuring
import sizes

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(measuring.THREADS)


class Anchor:
    def __init__(self, precision, path):
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.precision = precision
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            path, dtype=dtype, attn_implementation="sdpa")
        self.vocabulary = self.model.config.vocab_size

    def casts(self):
        if self.precision == "autocast":
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def ids(self, rows, length, seed=0):
        return torch.tensor(
            [measuring.tokens(length, self.vocabulary, seed * 1000 + row) for row in range(rows)])

    def make_lora(self):
        """An adapter on all linear layers, which begins as nothing."""
        from peft import LoraConfig, get_peft_model

        torch.manual_seed(0)
        self.model = get_peft_model(self.model, LoraConfig(
            r=sizes.RANK, lora_alpha=2 * sizes.RANK, lora_dropout=0.0,
            target_modules="all-linear", task_type="CAUSAL_LM"))

    def optimizer(self):
        trained = [p for p in self.model.parameters() if p.requires_grad]
        return torch.optim.AdamW(trained, lr=1e-5, weight_decay=0.0, fused=True)

    def apply(self, optimizer):
        trained = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    @torch.no_grad()
    def prefill(self, ids):
        with self.casts():
            self.model(ids, use_cache=True, logits_to_keep=1)

    def cross_entropy_step(self, ids, optimizer):
        with self.casts():
            loss = self.model(ids, labels=ids, use_cache=False).loss
        loss.backward()
        self.apply(optimizer)

    def action_logits(self, model, ids, kept):
        with self.casts():
            return model(ids, use_cache=False, logits_to_keep=kept).logits

    def distill(self, student, teacher, ids, kept, hint_ids, hint_kept):
        """Σ of the Jensen-Shannon divergences over the student's top K and a tail, backward."""
        with torch.no_grad():
            q = self.action_logits(teacher, hint_ids, hint_kept)
        p = self.action_logits(student, ids, kept)
        loss = divergence(p.flatten(0, 1), q.flatten(0, 1))
        (loss / p.shape[0] / p.shape[1]).backward()


def divergence(student, teacher):
    """JSD (α = ½) over the student's top K tokens and one bucket for all others, summed."""
    logp = F.log_softmax(student.float(), dim=-1)
    top, index = logp.topk(sizes.TOP_K, dim=-1)
    with torch.no_grad():
        teacher = teacher.float()
        other = teacher.gather(-1, index) - teacher.logsumexp(-1, keepdim=True)
    p, q = with_tail(top), with_tail(other)
    half = torch.log(torch.tensor(0.5))
    mean = torch.logaddexp(p + half, q + half)
    both = F.kl_div(mean, p, log_target=True, reduction="sum") \
        + F.kl_div(mean, q, log_target=True, reduction="sum")
    return 0.5 * both


def with_tail(logs):
    mass = torch.logsumexp(logs, dim=-1, keepdim=True).clamp(max=-1e-7)
    return torch.cat([logs, torch.log(-torch.expm1(mass))], dim=-1)


def prefill(anchor, rows, repetitions):
    ids = anchor.ids(rows, sizes.PREFILL)
    anchor.model.eval()
    return rows * sizes.PREFILL, measuring.measure(lambda _: anchor.prefill(ids), repetitions)


def supervised(anchor, repetitions):
    anchor.model.train()
    optimizer = anchor.optimizer()
    ids = anchor.ids(sizes.BATCH, sizes.LENGTH)
    times = measuring.measure(lambda _: anchor.cross_entropy_step(ids, optimizer), repetitions)
    return ids.numel(), times


def sdpo(anchor, repetitions, opening=0):
    """Teacher forward 8 × 600, student step 8 × 512, 256 positions of each in the loss. All sequences
    begin with the same `opening` tokens, as a group's do with its prompt; the hint follows them."""
    import copy

    anchor.model.train()
    teacher = copy.deepcopy(anchor.model).requires_grad_(False).eval()
    optimizer = anchor.optimizer()
    ids = anchor.ids(sizes.BATCH, sizes.LENGTH)
    ids[:, :opening] = ids[0, :opening]
    hints = anchor.ids(sizes.BATCH, sizes.HINT, seed=1)
    hint = torch.cat([ids[:, :opening], hints, ids[:, opening:]], dim=1)
    # The row before a token predicts it.
    kept = torch.arange(sizes.LENGTH - sizes.COMPLETION - 1, sizes.LENGTH - 1)

    def step(_):
        anchor.distill(anchor.model, teacher, ids, kept, hint, kept + sizes.HINT)
        anchor.apply(optimizer)

    return ids.numel(), measuring.measure(step, repetitions)


def whole_step(anchor, repetitions):
    """Rollouts by `generate`, which keeps its cache from turn to turn, and the SDPO update."""
    anchor.make_lora()
    optimizer = anchor.optimizer()
    rows = sizes.TASKS * sizes.GROUP

    def roll_out():
        openings = anchor.ids(sizes.TASKS, sizes.OPENING)
        context = openings.repeat_interleave(sizes.GROUP, dim=0)
        cache = transformers.DynamicCache(config=anchor.model.config)
        anchor.model.eval()
        for turn in range(sizes.TURNS):
            with torch.no_grad(), anchor.casts():
                context = anchor.model.generate(
                    context, attention_mask=torch.ones_like(context), past_key_values=cache,
                    do_sample=True, top_k=0, top_p=1.0, temperature=1.0, eos_token_id=None,
                    min_new_tokens=sizes.ACTION, max_new_tokens=sizes.ACTION, pad_token_id=0)
            if turn + 1 < sizes.TURNS:
                seen = anchor.ids(rows, sizes.OBSERVATION, seed=turn + 2)
                context = torch.cat([context, seen], dim=1)
        return context

    def step(_):
        episodes = roll_out()
        anchor.model.train()
        hints = torch.cat([anchor.ids(rows, sizes.HINT, seed=9), episodes], dim=1)
        kept = torch.cat([
            torch.arange(sizes.ACTION) - 1 + sizes.OPENING
            + turn * (sizes.ACTION + sizes.OBSERVATION) for turn in range(sizes.TURNS)])
        # 8 episodes at once, as in the steps above.
        for first in range(0, rows, sizes.BATCH):
            part = slice(first, first + sizes.BATCH)
            with torch.no_grad(), anchor.model.disable_adapter():
                q = anchor.action_logits(anchor.model, hints[part], kept + sizes.HINT)
            p = anchor.action_logits(anchor.model, episodes[part], kept)
            (divergence(p.flatten(0, 1), q.flatten(0, 1)) / rows / len(kept)).backward()
        anchor.apply(optimizer)

    times = measuring.measure(step, repetitions)
    return rows * sizes.EPISODE, times


def main():
    work, precision, repetitions, path = sys.argv[1:]
    anchor = Anchor(precision, path)
    if work == "lora":
        anchor.make_lora()
    run = {
        "prefill": lambda n: prefill(anchor, 1, n),
        "prefill-batch": lambda n: prefill(anchor, sizes.BATCH, n),
        "lora": lambda n: supervised(anchor, n),
        "full": lambda n: supervised(anchor, n),
        "sdpo": lambda n: sdpo(anchor, n),
        "sdpo-group": lambda n: sdpo(anchor, n, sizes.LENGTH - sizes.COMPLETION),
        "step": lambda n: whole_step(anchor, n),
    }[work]
    count, times = run(int(repetitions))
    measuring.report(work, f"PyTorch {precision}", count, times)


if __name__ == "__main__":
    main()
