"""Logs in other languages than English."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.roles import meaning
from optcli.run.tongues import english, translated

TRAIN = ("训练损失", "訓練損失", "学習損失", "훈련 손실", "Trainingsverlust", "perda de treino")
VAL = ("验证集上的损失", "検証損失", "검증 손실", "Validierungsverlust", "pérdida de validación", "perte de validation")


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (TRAIN, "train/loss"),
        (VAL, "val/loss"),
        (("测试损失", "テスト損失", "Testverlust", "perte de test"), "test/loss"),
        (("训练准确率", "訓練精度", "정확도", "Genauigkeit", "exactitud", "acurácia", "точность"), "train/accuracy"),
        (("验证正确率", "검증 정확도", "Validierungsgenauigkeit", "validación exactitud"), "val/accuracy"),
        (("学习率", "學習率", "학습률", "Lernrate", "taux d'apprentissage", "tasa de aprendizaje"), "lr"),
        (("梯度范数",), "grad_norm"),
        (("验证召回率",), "val/recall"),
    ],
)
def test_names_mean_the_same_in_all_of_them(names: tuple[str, ...], role: str) -> None:
    assert {name: found.role for name in names if (found := meaning(name))} == dict.fromkeys(names, role)


@pytest.mark.parametrize("name", ["expertembedding", "property", "最佳损失", "perteneciente", "bestepoch"])
def test_what_only_contains_a_word_means_nothing(name: str) -> None:
    found = meaning(name)
    assert found is None or found.rank >= 50


def test_lines() -> None:
    assert english("训练Loss").split() == ["train", "loss"]
    assert translated("--- 第 3 轮训练 ---").split() == ["---", "epoch", "3", "train", "---"]
    assert translated("Époque 3 of /home/André: Train: [1]") == " epoch  3 of /home/André: Train: [1]"
    assert translated("45%|██▌| Loss 3") == "45%|██▌| Loss 3"


@pytest.mark.parametrize(
    "line",
    [
        "第 {i} 轮 | 训练损失: {x} | 验证损失: {y} | 学习率: 0.1\n",
        "エポック {i}/40 学習損失: {x}, 検証損失: {y}, 学習率: 0.1\n",
        "에포크 {i}/40 - 훈련 손실: {x} - 검증 손실: {y} - 학습률: 0.1\n",
        "Epoche {i}/40: Trainingsverlust = {x}, Validierungsverlust = {y}, Lernrate = 0.1\n",
        "Época {i}: pérdida de entrenamiento: {x} | pérdida de validación: {y} | tasa de aprendizaje: 0.1\n",
        "Époque {i} perte d'entraînement: {x}, perte de validation: {y}, lr: 0.1\n",
    ],
)
def test_a_console(tmp_path: Path, line: str) -> None:
    path = tmp_path / "out.txt"
    path.write_text("".join(line.format(i=i, x=3 / i, y=4 / i) for i in range(1, 13)))
    run = read(str(path))[0]
    assert run.axis == "epoch"
    assert set(run.curves) == set(run.roles) == {"train/loss", "val/loss", "lr"}
    assert run.curves["train/loss"].step.tolist() == list(range(1, 13))
    assert run.curves["val/loss"].value.tolist() == [4 / i for i in range(1, 13)]


def test_a_heading_and_steps(tmp_path: Path) -> None:
    text = "".join(f"训练次数：{i}, Loss：{3 / i}\n" + "测试集：\n 准确率：0.5\n" * (i % 3 == 0) for i in range(1, 13))
    path = tmp_path / "out.txt"
    path.write_text(text)
    run = read(str(path))[0]
    assert set(run.curves) == {"train/loss", "val/accuracy"}
    assert run.curves["val/accuracy"].step.tolist() == [3, 6, 9, 12]


def test_a_table(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("轮次,训练损失,验证损失\n" + "".join(f"{i},{3 / i},{4 / i}\n" for i in range(1, 13)))
    run = read(str(path))[0]
    assert (run.axis, set(run.curves)) == ("epoch", {"train/loss", "val/loss"})
