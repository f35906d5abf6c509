"""The part of a run's report that tells how the network answers the test images: confusion, recall, mistakes."""

from __future__ import annotations

import base64
import io
import math
from html import escape

import numpy as np

from engine.history.records import Array
from engine.history.report_words import share
from engine.inspection.assessment import Assessment, Mistake

_MOST_CLASSES = 30  # as a matrix; of more, only what is confused most often is told
_MOST_PAIRS = 30
_FAINTEST = 0.12  # of a colour, so that a single mistake can be seen


def answers_section(assessment: Assessment) -> str:
    """Return the confusion matrix with recall as HTML; of many classes, what is confused most often."""
    many = len(assessment.class_names) > _MOST_CLASSES
    return (
        f"<p>{assessment.right:,} of {assessment.samples:,} test images are answered rightly "
        f"({share(assessment.right / assessment.samples)}).</p>" + (_pairs(assessment) if many else _matrix(assessment))
    )


def mistakes_section(assessment: Assessment) -> str:
    """Return the surest mistakes with their images as HTML."""
    shown, all_of_them = assessment.mistakes, assessment.samples - assessment.right
    if not all_of_them:
        return "<p>There is no mistake to show.</p>"
    which = "All" if len(shown) == all_of_them else f"The {len(shown)} surest of"
    tiles = "".join(_tile(mistake, assessment.class_names) for mistake in shown)
    return f'<p>{which} {all_of_them:,} wrong answers, the surest first.</p><div class="mistakes">{tiles}</div>'


def png_uri(image: Array) -> str:
    """Return an image (channels, height, width), uint8, as a ``data:`` address of a PNG; grey unless it has colours."""
    from PIL import Image  # no report, no Pillow

    pixels = image.transpose(1, 2, 0) if len(image) == 3 else image[0]
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _matrix(assessment: Assessment) -> str:
    names = [escape(name) for name in assessment.class_names]
    counts = assessment.confusion
    worst = int((counts - np.diag(counts.diagonal())).max())
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = []
    for place, (name, recall) in enumerate(zip(names, assessment.recall.tolist(), strict=True)):
        cells = "".join(
            _cell(int(count), place == column, counts[place], worst) for column, count in enumerate(counts[place])
        )
        told = f"{recall:.1%}" if not math.isnan(recall) else "–"
        bar = f'<span class="bar"><i style="width:{0 if math.isnan(recall) else recall:.1%}"></i></span>'
        rows.append(
            f'<tr><th scope="row">{name}</th>{cells}<td class="n">{int(counts[place].sum()):,}</td>'
            f'<td class="n">{told}</td><td>{bar}</td></tr>'
        )
    return (
        '<p class="muted">Rows are what the images show, columns what the network took them for; on the diagonal it '
        "was right. Recall is the share of a class that was recognised.</p>"
        f'<div class="wide"><table class="confusion"><thead><tr><td></td>{head}<th scope="col">images</th>'
        '<th scope="col" colspan="2">recall</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(count: int, is_right: bool, row: Array, worst: int) -> str:
    """Return a cell: right answers by their share of the class, wrong ones by the most frequent mistake."""
    if not count:
        return '<td class="none">0</td>'
    part = count / int(row.sum()) if is_right else count / worst
    heat = _FAINTEST + (0.6 - _FAINTEST) * part
    return f'<td class="{"right" if is_right else "wrong"}" style="--heat:{heat:.2f}">{count:,}</td>'


def _pairs(assessment: Assessment) -> str:
    """Return what was confused most often, for more classes than a page is wide."""
    names, counts = assessment.class_names, assessment.confusion
    wrong = counts - np.diag(counts.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    rows = []
    for label, answer in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[label, answer]:
            rows.append(
                f"<tr><td>{escape(names[label])}</td><td>{escape(names[answer])}</td>"
                f'<td class="n">{int(wrong[label, answer]):,}</td>'
                f'<td class="n">{share(float(assessment.recall[label]))}</td></tr>'
            )
    return (
        '<p class="muted">What was confused most often:</p><div class="wide"><table><thead><tr>'
        '<th scope="col">shown</th><th scope="col">taken for</th><th scope="col" class="n">times</th>'
        f'<th scope="col" class="n">recall of the class</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _tile(mistake: Mistake, names: tuple[str, ...]) -> str:
    label, answer = escape(names[mistake.label]), escape(names[mistake.answer])
    confidence = share(mistake.confidence) if mistake.confidence < 1 else "100%"
    return (
        f'<figure><img src="{png_uri(mistake.image)}" alt="test image {mistake.place}, {label}">'
        f'<figcaption>It is {label}.<br>Answer: <b>{answer}</b><br><span class="muted">{confidence} sure, '
        f"image {mistake.place:,}</span></figcaption></figure>"
    )
