"""The bench's training step, and its forward, in PyTorch, timed in turn with ladder's. Started by
pytorch.sh, which pins both to as many cores as --cores says.

The model is ladder's: learned embedding and positions, post norm, causal attention with scaled
scores, mlp x4 with tanh-gelu, final norm, head, cross-entropy, Adam; float32. PyTorch may choose:
every way that it has of computing attention and Adam is tried first, and the fastest one is compared.
Its batch is drawn once; ladder draws a new one at every step. Both use one thread a core.
"""
import argparse
import csv
import math
import os
import re
import statistics
import subprocess
import tempfile
import time

import torch
from torch import nn
from torch.nn import functional as F

# name: (base, context, d_model, layers, heads, batch), as in src/lab/bench.cpp
SHAPES = {
    "S": (16, 16, 32, 1, 4, 64),
    "M": (64, 64, 128, 2, 4, 32),
    "L": (64, 256, 256, 4, 8, 8),
}
DELAY = 4
# as in src/lab/bench/forward.cpp
FORWARDS = {f"context {n}": (64, n, 128, 2, 4, 1) for n in (512, 1024, 2048, 4096)}


def dpa_masked(q, k, v, mask):
    z = torch.matmul(q, k.transpose(-2, -1)) * (1 / math.sqrt(q.shape[-1]))
    return torch.matmul(F.softmax(z.masked_fill(mask.bool, -math.inf), -1), v)


def dpa_added(q, k, v, mask):
    z = torch.matmul(q * (1 / math.sqrt(q.shape[-1])), k.transpose(-2, -1)) + mask.bias
    return torch.matmul(F.softmax(z, -1), v)


def dpa_baddbmm(q, k, v, mask):
    b, h, t, e = q.shape
    q, k, v = (x.reshape(b * h, t, e) for x in (q, k, v))
    z = torch.baddbmm(mask.bias, q, k.transpose(1, 2), alpha=1 / math.sqrt(e))
    return torch.bmm(F.softmax(z, -1), v).view(b, h, t, e)


def dpa_builtin(q, k, v, mask):
    attend = getattr(F, "scaled_dot_product_attention", None)
    if attend:
        return attend(q, k, v, is_causal=True)
    return F._scaled_dot_product_attention(q, k, v, is_causal=True)[0]  # its name in 1.13


def ea_masked(q, k, v, mask):
    z = torch.matmul(q, k.transpose(-2, -1)) * (1 / math.sqrt(q.shape[-1]))
    z = z * z
    w = (z / (1 + z)).masked_fill(mask.bool, 0)
    return torch.matmul(w / (w.sum(-1, keepdim=True) + 1e-9), v)


def ea_multiplied(q, k, v, mask):
    z = torch.matmul(q * (1 / math.sqrt(q.shape[-1])), k.transpose(-2, -1))
    z = z * z
    w = z / (1 + z) * mask.keep
    return torch.matmul(w, v) / (w.sum(-1, keepdim=True) + 1e-9)


ATTENTIONS = {
    "dpa": [dpa_masked, dpa_added, dpa_baddbmm, dpa_builtin],
    "ea": [ea_masked, ea_multiplied],
}


class Mask:
    def __init__(self, context):
        self.bool = torch.ones(context, context, dtype=torch.bool).triu(1)
        self.bias = torch.zeros(context, context).masked_fill(self.bool, -math.inf)
        self.keep = (~self.bool).float()


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x, attend, mask):
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        x = self.norm1(x + self.out(attend(q, k, v, mask).transpose(1, 2).reshape(b, t, d)))
        return self.norm2(x + self.down(F.gelu(self.up(x), approximate="tanh")))


class Model(nn.Module):
    def __init__(self, base, context, d, layers, heads):
        super().__init__()
        self.embed = nn.Embedding(base, d)
        self.position = nn.Parameter(0.02 * torch.randn(context, d))
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.final_norm, self.head = nn.LayerNorm(d), nn.Linear(d, base)
        self.mask = Mask(context)

    def forward(self, tokens, attend):
        x = self.embed(tokens) + self.position
        for block in self.blocks:
            x = block(x, attend, self.mask)
        return self.head(self.final_norm(x))


class Trainer:
    """step() is one training step, computed in the given way."""

    def __init__(self, shape, attend, foreach, threads):
        base, context, d, layers, heads, batch = {**SHAPES, **FORWARDS}[shape]
        torch.manual_seed(0)
        self.base, self.attend, self.threads = base, attend, threads
        self.only_forward = shape in FORWARDS
        self.model = Model(base, context, d, layers, heads)
        self.adam = torch.optim.Adam(self.model.parameters(), lr=1e-3, foreach=foreach)
        sequences = torch.randint(base, (batch, context + 1))
        self.tokens, self.targets = sequences[:, :-1].clone(), sequences[:, 1:].clone()  # not to share memory
        self.targets[:, : DELAY - 1] = -1  # not determined by the rule
        self.name = attend.__name__ + ("" if self.only_forward else ", Adam foreach" if foreach else ", Adam")

    def step(self):
        self.adam.zero_grad(set_to_none=True)
        logits = self.model(self.tokens, self.attend)
        loss = F.cross_entropy(logits.view(-1, self.base), self.targets.view(-1), ignore_index=-1)
        loss.backward()
        self.adam.step()

    def forward(self):
        with torch.no_grad():
            self.model(self.tokens, self.attend)

    def seconds(self, steps):
        """Of one step, the median."""
        torch.set_num_threads(self.threads)
        work = self.forward if self.only_forward else self.step
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return statistics.median(times)


def available(attend):
    try:
        q = torch.zeros(1, 1, 4, 4)
        attend(q, q, q, Mask(4))
        return True
    except (AttributeError, RuntimeError, TypeError):
        return False


def fastest(shape, score, steps, cores):
    """Tries everything once, then the best four in turn, and keeps what was fastest."""
    trainers = [
        Trainer(shape, attend, foreach, cores)
        for attend in ATTENTIONS[score] if available(attend)
        for foreach in ((False,) if shape in FORWARDS else (False, True))
    ]
    for trainer in trainers:
        trainer.seconds(1)  # to warm up
    screening = max(1, steps // 10)
    trainers = sorted(trainers, key=lambda trainer: trainer.seconds(screening))[:4]
    times = [[] for _ in trainers]
    for _ in range(3):
        for trainer, own in zip(trainers, times):
            own.append(trainer.seconds(steps))
    return min(zip(trainers, times), key=lambda pair: statistics.median(pair[1]))[0]


def ladder_seconds(program, shape, score, cores, directory):
    """Of all shapes of the part, or of this one."""
    forward = shape in FORWARDS
    directory = os.path.join(directory, "bench")
    command = [program, "bench", "--parts", "forward" if forward else "steps", "--contestant", score,
               "--threads", str(cores), "--repeats", "3", "--fresh", "--out", directory]
    if not forward:
        command += ["--shapes", shape]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(directory, "bench.csv")) as file:
        return {row["shape"]: float(row["ms"]) / 1e3 for row in csv.DictReader(file)
                if row["part"] in ("steps", "forward") and row["threads"] == str(cores)}


def compare(program, shapes, score, cores, pairs):
    """Rows of these shapes, which ladder measures together."""
    trainers = {shape: fastest(shape, score, STEPS.get(shape, 1), cores) for shape in shapes}
    peer, ours = {shape: [] for shape in shapes}, {shape: [] for shape in shapes}
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(pairs):
            for shape, trainer in trainers.items():
                trainer.seconds(1)  # back into the caches
                peer[shape].append(trainer.seconds(STEPS.get(shape, 3)))
            seconds = ladder_seconds(program, shapes[0], score, cores, directory)
            for shape in shapes:
                ours[shape].append(seconds[shape])
    return [{
        "part": "forward" if shape in FORWARDS else "steps", "shape": shape, "contestant": score,
        "cores": cores,
        "ladder_ms": f"{1e3 * statistics.median(ours[shape]):.3f}",
        "pytorch_ms": f"{1e3 * statistics.median(peer[shape]):.3f}",
        "ratio": f"{statistics.median(p / o for p, o in zip(peer[shape], ours[shape])):.2f}",
        "pytorch_way": trainers[shape].name,
    } for shape in shapes]


STEPS = {"S": 30, "M": 3, "L": 1}


def products():
    """Which library multiplies matrices for PyTorch: the reference BLAS is 20 times slower than others."""
    torch.ones(64, 64) @ torch.ones(64, 64)  # it is loaded by now
    with open("/proc/self/maps") as maps:
        names = {os.path.basename(line.split()[-1]) for line in maps}
    found = sorted(name for name in names if re.match("lib(openblas|blis|mkl_core|atlas)", name))
    if found:
        return " and ".join(found)
    return "the reference BLAS, which is slow (Debian: apt-get install libopenblas0-openmp)"


def main():
    parser = argparse.ArgumentParser(prog="pytorch.sh")
    parser.add_argument("--ladder", default="./ladder", help="the program")
    parser.add_argument("--cores", type=int, default=1, help="threads of both; pinned by pytorch.sh")
    parser.add_argument("--shapes", default="S,M,L,forward")
    parser.add_argument("--score", default="dpa,ea")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--csv", help="add the table there, too")
    options = parser.parse_args()

    cores = options.cores
    print(f"ladder against PyTorch {torch.__version__} (eager, its fastest way of those tried; products by "
          f"{products()}), both on {cores} core{'s' if cores > 1 else ''}; median of {options.pairs} pairs\n"
          "ratio: how many times as fast ladder is\n")
    layout = ("{part:8} {shape:13} {contestant:10} {cores:>5} {ladder_ms:>10} {pytorch_ms:>11} {ratio:>6}  "
              "{pytorch_way}")
    columns = ["part", "shape", "contestant", "cores", "ladder_ms", "pytorch_ms", "ratio", "pytorch_way"]
    print(layout.format(**{column: column for column in columns}))
    rows = []
    for shape in options.shapes.split(","):
        if cores > 1 and shape in ("S", "forward"):
            continue  # ladder splits neither among threads
        for score in options.score.split(","):
            shapes = list(FORWARDS) if shape == "forward" else [shape]
            rows += compare(options.ladder, shapes, score, cores, options.pairs)
            for row in rows[-len(shapes):]:
                print(layout.format(**row), flush=True)
    if options.csv:
        new = not os.path.exists(options.csv)
        with open(options.csv, "a", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
