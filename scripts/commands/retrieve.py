"""``elpips retrieve``: the pictures of a folder that are nearest to one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from ...media import list_images
from ...media.grid import Cell, save_grid
from ...metrics.seeds import check_seed
from ..runs.embeddings import EmbeddingStore
from ..runs.files import is_result, plain, prepare_outdir, write_json
from ..runs.options import (
    MetricOptions,
    PictureOptions,
    Pictures,
    TheMetric,
    describe_metric,
    weights_record,
)
from ..runs.retrieval import Found, retrieve
from ..runs.tables import format_table, print_json

_EMBEDDINGS = "embeddings"
_COLUMNS = 5


def retrieve_command(
    query: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="QUERY")],
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")],
    *,
    count: int = 9,
    pictures: Pictures = PictureOptions(),
    metric: TheMetric = MetricOptions(metric="lipsim"),
    draws: int = 4,
    seed: int = 0,
    outdir: Path = Path("outputs/retrieve"),
    json: bool = False,
) -> int:
    """Find the pictures of FOLDER that are nearest to the picture QUERY.

    Under lipsim pictures may be of any sizes, and a radius is given below which no change of
    the query can alter the first answer; other metrics need one size, or --size. Embeddings are
    kept in OUTDIR/embeddings by the files' contents, so that the next query takes little time.
    Pictures that cannot be read are told and left out; answers.png of an earlier query, where
    OUTDIR is FOLDER, is none of its pictures.

    Parameters
    ----------
    query
        The picture to look for; if it is in the folder itself, it is no answer.
    folder
        The pictures to look among.
    count
        Answers that are shown.
    pictures
        How images are read.
    metric
        Which distance.
    draws
        Random draws that distances are means over, where the metric is random.
    seed
        Of the draws.
    outdir
        Folder for retrieve.json, answers.png and the embeddings.
    json
        Print JSON.
    """
    check_seed(seed)
    listed = list_images(folder)
    out = prepare_outdir(
        outdir, ("retrieve.json", "answers.png", f"{_EMBEDDINGS}/"), (query, folder)
    )
    files = [each for each in listed if not is_result(each, out)]
    (out / _EMBEDDINGS).mkdir(exist_ok=True)
    store = EmbeddingStore(out / _EMBEDDINGS, metric.create(), pictures, draws, seed)
    with tqdm(total=len(files), desc="pictures", disable=None) as bar:
        found = retrieve(store, query, files, bar.update)
    shown = found.answers[:count]
    record = {
        "command": "retrieve",
        "query": query,
        "folder": folder,
        "metric": store.metric.name,
        "weights": weights_record(store.metric),
        "draws": draws if store.metric.stochastic else 1,
        "seed": seed,
        "pictures": pictures,
        "compared": len(found.answers),
        "radius": found.radius,
        "answers": shown,
        "unreadable": found.unreadable,
    }
    write_json(out / "retrieve.json", record)
    cells = [Cell(store.pictures.read([query])[0], "query")]
    for place, each in enumerate(shown, 1):
        caption = f"{place}: {each.image.name}, {each.distance:.4g}"
        cells.append(Cell(store.pictures.read([each.image])[0], caption))
    rows = [cells[start : start + _COLUMNS] for start in range(0, len(cells), _COLUMNS)]
    save_grid(out / "answers.png", rows)
    if json:
        print_json(plain(record))
    else:
        print(_report(found, count, describe_metric(store.metric)))
        print(f"{out / 'answers.png'}\n{out / 'retrieve.json'}")
    return 0


def _report(found: Found, count: int, metric: str) -> str:
    rows = [("", "image", "distance")]
    for place, each in enumerate(found.answers[:count], 1):
        rows.append((str(place), str(each.image), f"{each.distance:.6g}"))
    lines = [format_table(rows, "><>"), f"{metric}; nearest of {len(found.answers)} pictures"]
    if found.unreadable:
        lines[-1] += f", {len(found.unreadable)} left out"
    if found.radius:
        lines.append(
            f"the first answer is certified for changes of the query below l2 {found.radius:.4g}"
        )
    elif found.radius is not None:
        lines.append("the first answer is not certified: another is as near to within rounding")
    return "\n".join(lines)
