"""Runs the anchors and ours in turn and prints the table: compare.py [--rounds N] [--only WORK…].

Every run is a process of its own, so that its peak memory is the work's; it warms up once. All
variants of an anchor run once first, and the fastest stands for it. Then anchor and ours take
turns, so that a disturbance of the machine meets both.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BUILD = Path(".build/anchors")
MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf"
HINDSIGHT = ".build/release/hindsight"


def llama(work, kinds):
    files = {"BF16": BUILD / "models/model.BF16.gguf", "Q8_0": BUILD / "models/model.Q8_0.gguf",
             "Q4_1": MODEL}
    return [["llama.py", work, files[kind], "{n}", attention]
            for kind in kinds for attention in ("flash", "plain")]


def pytorch(work):
    return [["pytorch.py", work, precision, "{n}", BUILD / "models/hf"]
            for precision in ("fp32", "autocast", "bf16")]


class Work:
    """- variants: the anchor's commands. - target: how many times its speed we want at least.
    - repetitions: timed ones of a process; a round runs one process of each side.
    - ours: our precisions, each of which gets a row."""

    def __init__(self, title, variants, target, repetitions, ours=("auto",)):
        self.title, self.variants = title, variants
        self.target, self.repetitions = target, repetitions
        self.ours = ours


WORKS = {
    "prefill": Work(
        "prefill 512", llama("prefill", ["BF16"]) + pytorch("prefill") + pytorch("prefill-batch"),
        1.5, 3, ("auto", "quantized")),
    "decode-1": Work(
        "decode, 1 sequence at 256 context", llama("decode-1", ["BF16", "Q8_0", "Q4_1"]), 1.2, 3,
        ("auto", "quantized")),
    "decode-8": Work(
        "decode, 8 sequences", llama("decode-8", ["BF16"]), 3, 2, ("auto", "quantized")),
    "decode-32": Work(
        "decode, 32 sequences", llama("decode-32", ["BF16"]), 2.8, 2, ("auto", "quantized")),
    "lora": Work("LoRA step, 8 × 512, rank 16", pytorch("lora"), 2, 1),
    "full": Work("full step, 8 × 512", pytorch("full"), 1.8, 1),
    "sdpo": Work("SDPO step, 8 × 512, K = 100", pytorch("sdpo"), 2, 1),
    "sdpo-group": Work(
        "SDPO step, a group of 8 × 512 with one prompt of 256", pytorch("sdpo-group"), 2, 1),
    "step": Work("whole step, 4 × 8 episodes of 350 tokens", pytorch("step"), 5, 1),
}


class Side:
    """What has been measured of one side."""

    def __init__(self, name):
        self.name, self.seconds, self.peaks, self.processors = name, [], [], []
        self.tokens = 0

    def add(self, found):
        self.tokens = found["tokens"]
        self.seconds += found["seconds"]
        self.processors.append(found["processors"])
        self.peaks.append(found["peak_bytes"])

    @property
    def rate(self):
        return self.tokens / statistics.median(self.seconds)

    def json(self):
        return {"name": self.name, "tokens": self.tokens, "seconds": self.seconds,
                "tokens_per_second": self.rate, "peak_bytes": max(self.peaks),
                "processors": statistics.median(self.processors)}


def output(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        sys.exit(f"compare: {' '.join(map(str, command))} failed: {said}")
    return done.stdout


def run_anchor(variant, repetitions):
    script, *arguments = [str(part).replace("{n}", str(repetitions)) for part in variant]
    return json.loads(output([sys.executable, HERE / script, *arguments]).splitlines()[-1])


def run_ours(work, repetitions, precision, options):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.json")
        output([HINDSIGHT, "bench", "--model", MODEL, "--only", work, "--repetitions", repetitions,
                "--json", file, "--precision", precision, *options])
        found = json.loads(file.read_text())
    return found["results"][0] | {"variant": f"hindsight {found['precision']}"}


def note(text):
    print(text, file=sys.stderr, flush=True)


def fastest(work):
    """All variants once; the best one's command, and what each of them gave."""
    tried = [(variant, run_anchor(variant, 1)) for variant in work.variants]
    for _, found in tried:
        note(f"  {found['variant']}: {found['tokens_per_second']:.1f} tok/s")
    return max(tried, key=lambda one: one[1]["tokens_per_second"])[0], [one for _, one in tried]


def compare(name, rounds, options):
    work = WORKS[name]
    note(work.title)
    variant, tried = fastest(work)
    anchor = None
    ours = {}
    for _ in range(rounds):
        theirs = run_anchor(variant, work.repetitions)
        anchor = anchor or Side(theirs["variant"])
        anchor.add(theirs)
        for precision in work.ours:
            own = run_ours(name, work.repetitions, precision, options)
            ours.setdefault(precision, Side(own["variant"])).add(own)
    rows = []
    for side in ours.values():
        ratio = side.rate / anchor.rate
        note(f"  {anchor.name} {anchor.rate:.1f}, {side.name} {side.rate:.1f} tok/s: {ratio:.2f} ×")
        rows.append({"work": name, "title": work.title, "target": work.target, "ratio": ratio,
                     "anchor": anchor.json(), "ours": side.json(), "screened": tried})
    return rows


def machine():
    cpu = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    return {"date": datetime.date.today().isoformat(), "processor": cpu,
            "processors": len(os.sched_getaffinity(0))}


def table(about, rows):
    lines = [
        f"{about['date']}, {about['processor']}, {about['processors']} processors; medians of "
        f"{min(len(row['ours']['seconds']) for row in rows)} or more, in tokens a second.", "",
        "| work | anchor | ours | ratio | at least | anchor's peak | ours |",
        "|---|---|---|---|---|---|---|"]
    for row in rows:
        anchor, ours = row["anchor"], row["ours"]
        lines.append(
            f"| {row['title']} | {anchor['name']} {figure(anchor)} "
            f"| {ours['name'].removeprefix('hindsight ')} {figure(ours)} "
            f"| {row['ratio']:.2f} × | {row['target']} × | {memory(anchor)} | {memory(ours)} |")
    disturbed = [row["title"] for row in rows
                 if row["anchor"]["processors"] < 0.85 * about["processors"]]
    if disturbed:
        lines += ["", "Other programs took processors meanwhile, or the anchor left some idle: "
                  + "; ".join(dict.fromkeys(disturbed)) + "."]
    return "\n".join(lines)


def figure(side):
    return f"{side['tokens_per_second']:.0f}" if side["tokens_per_second"] >= 100 \
        else f"{side['tokens_per_second']:.1f}"


def memory(side):
    return f"{side['peak_bytes'] / 1e9:.2f} GB"


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/compare.sh")
    parser.add_argument("--rounds", type=int, default=5, help="turns of anchor and ours (5)")
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS), metavar="WORK",
                        help="some of: " + ", ".join(WORKS))
    parser.add_argument("--json", default=BUILD / "compare.json", help="where figures go")
    parser.add_argument("ours", nargs="*", help="options of `hindsight bench`, after --")
    arguments = parser.parse_args()
    about = machine()
    rows = []
    for name in arguments.only:
        rows += compare(name, arguments.rounds, arguments.ours)
        # An interruption loses only what is under way.
        Path(arguments.json).write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n")
    print(table(about, rows))


if __name__ == "__main__":
    main()
