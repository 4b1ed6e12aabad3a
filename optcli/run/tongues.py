"""The usual words of training logs in other languages than English, as the English words that say the same.

Chinese (both scripts), Japanese, Korean, German, Spanish, French, Portuguese and Russian. In the first three names are
written without blanks, and German joins words to one: those are looked for inside of names, the longest first.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

_INSIDE: Final = {
    "loss": "损失函数 损失值 损失 損失関数 損失値 損失 손실 verlust",
    "accuracy": "准确率 準確率 准确度 正确率 正確率 精度 正解率 정확도 genauigkeit",
    "lr": "学习率 學習率 学習率 학습률 lernrate",
    "train": "训练集 訓練集 训练 訓練 学習 훈련 학습 trainings",
    "val": "验证集 驗證集 验证 驗證 評価 评估 検証 검증 평가 validierungs validierung",
    "test": "测试集 測試集 测试 測試 テスト 테스트",
    "epoch": "轮次 輪次 轮数 轮 輪 エポック 에포크 에폭",
    "step": "训练次数 步数 步骤 步 ステップ 스텝",
    "iteration": "迭代次数 迭代 イテレーション 반복",
    "batch": "批次 バッチ 배치",
    "mean": "平均 평균",
    "total": "总 總 合計 전체",
    "current": "当前 當前 現在 현재",
    "best": "最佳 最优 最好 最良 최고",
    "min": "最小 최소",
    "max": "最大 최대",
    "time": "时间 時間 耗时 用时 시간",
    "grad norm": "梯度范数 勾配ノルム",
    "recall": "召回率 再現率 재현율",
    "precision": "精确率 精確率 適合率 정밀도",
    "perplexity": "困惑度",
}
_WHOLE: Final = {
    "loss": "pérdida perdida perte perda потери потеря",
    "accuracy": "exactitude exactitud acierto aciertos acurácia acuracia точность",
    "lr": "taux_d'apprentissage taux_d’apprentissage taux_apprentissage tasa_de_aprendizaje taxa_de_aprendizado",
    "train": "entraînement entrainement apprentissage entrenamiento treinamento treino обучение обучения",
    "val": "validación validacion validação validacao валидация валидации",
    "test": "prueba",
    "epoch": "epoche época epoca époque epoque эпоха",
    "step": "schritt étape шаг",
    "mean": "durchschnitt moyenne promedio",
    "best": "beste meilleure meilleur mejor",
}
"""English -> words that are found inside of longer ones, and words that stand by themselves (`_` is a blank)."""


def _table(said: dict[str, str]) -> dict[str, str]:
    return {word.replace("_", " "): english for english, words in said.items() for word in words.split()}


def _any(words: dict[str, str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_ENGLISH: Final = _table(_INSIDE) | _table(_WHOLE)
_PLAIN: Final = tuple(word for word in _ENGLISH if word.isascii())
"""Words without a letter that English lacks."""
_NTH: Final = re.compile(r"\u7b2c ?(\d{1,9}) ?(?:\u4e2a|\u500b)? {1,2}(epoch|step|iteration|batch)\b")
"""`\u7b2c 3 \u8f6e`, the third epoch."""


@lru_cache(maxsize=4096)
def english(name: str) -> str:
    """A name in lower case with the words that are known in English, and blanks around them."""
    return _english(name).lower()


@cache
def _letter() -> re.Pattern[str]:
    """A letter that no English word has. The blocks of a progress bar are none."""
    return re.compile("[\u00c0-\u024f\u0400-\u04ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


@cache
def _foreign() -> re.Pattern[str]:
    """All words; made when one is met, since that takes as long as reading a small log."""
    return re.compile(rf"{_any(_table(_INSIDE))}|(?<![^\W_])(?:{_any(_table(_WHOLE))})(?![^\W_])", re.I)


def _english(text: str) -> str:
    if text.isascii() and not any(word in text.lower() for word in _PLAIN):
        return text
    return _foreign().sub(lambda found: f" {_ENGLISH.get(found[0].lower(), found[0])} ", text)


def translated(line: str) -> str:
    """A line the same way, `epoch 3` for the third one in Chinese; one of English letters stays what it is."""
    return line if line.isascii() or _letter().search(line) is None else _NTH.sub(r"\2 \1 ", _english(line))


def names_of(english: str) -> tuple[str, ...]:
    """All words for an English one, in lower case."""
    return tuple(word for word, to in _ENGLISH.items() if to == english)
