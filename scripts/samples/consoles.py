"""Console output with a line a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from samples.training import Training, write_lines


def _console(folder: Path, t: Training, name: str, step: Callable[[int], str], val: Callable[[int, int], str]) -> Path:
    lines = []
    for i, at in enumerate(t.steps):
        lines.append(step(i))
        if at % t.per_epoch == 0:
            lines.append(val(at // t.per_epoch - 1, at))
    return write_lines(folder, name, lines)


def detectron2_console(folder: Path, t: Training) -> Path:
    rows = [
        f"[11/30 01:16:13] d2.utils.events INFO:  eta: 1:54:02  iter: {i + 1}  total_loss: {t.loss[i]}  loss_cls: 0.06"
        f"  time: 0.6813  data_time: 0.3694  lr: {t.lr[i]}  max_mem: 11811M"
        for i in range(len(t.loss))
    ]
    return write_lines(folder, "log_d2.txt", rows)


def darknet(folder: Path, t: Training) -> Path:
    rows = [
        f" {i + 1}: 99.5, {t.loss[i]} avg loss, {t.lr[i]} rate, 3.172139 seconds, {64 * i + 64} images, 1.5 hours left"
        for i in range(len(t.loss))
    ]
    return write_lines(folder, "darknet.log", rows)


def boxes(folder: Path, t: Training) -> Path:
    rows: list[str] = []
    for i, loss in enumerate(t.loss):
        rows += ["-" * 40, "| time/              |             |", f"|    total_timesteps | {i + 1:<11} |"]
        rows += ["| train/             |             |", f"|    learning_rate   | {t.lr[i]:<11} |"]
        rows += [f"|    loss            | {loss:<11} |", "-" * 40]
    return write_lines(folder, "sb3.log", rows)


def nanogpt(folder: Path, t: Training) -> Path:
    return _console(
        folder,
        t,
        "nano.out",
        lambda i: f"iter {i + 1}: loss {t.loss[i]}, time 27488.56ms, mfu -100.00%",
        lambda e, at: f"step {at}: train loss {t.mean(e):.4f}, val loss {t.val_loss[e]}",
    )


def build_nanogpt(folder: Path, t: Training) -> Path:
    return _console(
        folder, t, "log.txt", lambda i: f"{i + 1} train {t.loss[i]}", lambda e, at: f"{at} val {t.val_loss[e]}"
    )


def modded_nanogpt(folder: Path, t: Training) -> Path:
    n = len(t.loss)
    return _console(
        folder,
        t,
        "modded.txt",
        lambda i: f"step:{i + 1}/{n} train_loss:{t.loss[i]} train_time:9ms step_avg:1ms",
        lambda e, at: f"step:{at}/{n} val_loss:{t.val_loss[e]} train_time:99ms step_avg:3.2ms",
    )


def llmc(folder: Path, t: Training) -> Path:
    n = len(t.loss)

    def step(i: int) -> str:
        return (
            f"step {i + 1:4d}/{n} | loss {t.loss[i]} (+nanz)| norm {t.grad_norm[i]} (+nanz)| lr {t.lr[i]:.2e}"
            " | 200.1 ms | 12.3% bf16 MFU | 2600 tok/s"
        )

    return _console(folder, t, "llmc.txt", step, lambda e, at: f"val loss {t.val_loss[e]}")


def nanochat(folder: Path, t: Training) -> Path:
    n = len(t.loss)

    def step(i: int) -> str:
        done = f"{100 * i / n:.2f}%"
        return f"step {i + 1:05d}/{n:05d} ({done}) | loss: {t.loss[i]} | lrm: 1.00 | dt: 20.1ms | tok/sec: 2,600"

    return _console(folder, t, "chat.txt", step, lambda e, at: f"Step {at:05d} | Validation bpb: {t.val_loss[e]}")


def megatron(folder: Path, t: Training) -> Path:
    n = len(t.loss)

    def step(i: int) -> str:
        return (
            f" iteration {i + 1:8d}/{n:8d} | consumed samples: {i * 64:12d} | elapsed time per iteration (ms): 436.9 |"
            f" learning rate: {t.lr[i]:.3E} | global batch size:    64 | lm loss: {t.loss[i]:.6E} |"
            f" loss scale: 131072.0 | grad norm: {t.grad_norm[i]:.3f} | number of skipped iterations:   0 |"
            " number of nan iterations:   0 |"
        )

    def val(e: int, at: int) -> str:
        return f" validation loss at iteration {at} | lm loss value: {t.val_loss[e]:.6E} | lm loss PPL: 1.2E+00 | "

    return _console(folder, t, "megatron.log", step, val)


def fairseq(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        e, at = divmod(i, t.per_epoch)
        return (
            f"2024-01-01 00:00:00 | INFO | train_inner | epoch {e + 1:03d}: {at + 1:5d} / {t.per_epoch}"
            f" loss={t.loss[i]},"
            f" ppl=9.1, wps=100, ups=1.2, wpb=80, num_updates={i + 1}, lr={t.lr[i]}, gnorm={t.grad_norm[i]}, clip=0"
        )

    def val(e: int, at: int) -> str:
        return (
            f"2024-01-01 00:00:00 | INFO | valid | epoch {e + 1:03d} | valid on 'valid' subset | loss {t.val_loss[e]} |"
            f" ppl 4.2 | wps 0 | num_updates {at} | best_loss 0.4"
        )

    return _console(folder, t, "fairseq.log", step, val)


def torchtune(folder: Path, t: Training) -> Path:
    return write_lines(
        folder,
        "log_1.txt",
        [f"Step {i + 1} | loss:{t.loss[i]} lr:{t.lr[i]} tokens_per_second_per_gpu:900.5 " for i in range(len(t.loss))],
    )


def composer(folder: Path, t: Training) -> Path:
    n = len(t.loss)
    return _console(
        folder,
        t,
        "logs.txt",
        lambda i: f"[batch={i + 1}/{n}]:\n\t Train loss/train/total: {t.loss[i]}",
        lambda e, at: f"[eval] [batch={at}/{n}]:\n\t Eval metrics/eval/loss: {t.val_loss[e]}",
    )


def hf_console(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        row = {"loss": t.loss[i], "grad_norm": t.grad_norm[i], "learning_rate": t.lr[i], "epoch": (i + 1) / t.per_epoch}
        return f"  {i}%|#   | {i}/100 [00:01<00:09]\r{row}"

    return _console(folder, t, "hf.out", step, lambda e, at: str({"eval_loss": t.val_loss[e], "epoch": float(e + 1)}))


def step_console(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        stamp = f"2024-01-01 12:00:{i % 60:02d},123 INFO trainer"
        return f"{stamp} step={i + 1} loss={t.loss[i]} lr={t.lr[i]} grad_norm={t.grad_norm[i]}"

    return _console(
        folder, t, "run.log", step, lambda e, at: f"2024-01-01 12:00:00 INFO trainer step={at} val_loss={t.val_loss[e]}"
    )


def tutorial_console(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        e, at = divmod(i, t.per_epoch)
        return f"Epoch [{e + 1}/{t.epochs}], Step [{at + 1}/{t.per_epoch}], Loss: {t.loss[i]}"

    return _console(folder, t, "tutorial.txt", step, lambda e, at: f"Validation loss: {t.val_loss[e]}")
