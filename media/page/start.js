// What listens, and what is read at the start.

function listen() {
  byId("modes").append(...MODES.map(([mode, name]) => make("label", {}, make("input", { type: "radio", name: "mode", value: mode }), name)));
  byId("modes").addEventListener("change", (event) => setMode(event.target.value));
  for (const id of ["source-a", "source-b"]) byId(id).addEventListener("change", () => choose(Number(byId("source-a").value), Number(byId("source-b").value)));
  byId("swap").addEventListener("click", () => choose(state.second, state.first));
  byId("gain").addEventListener("change", () => { state.gain = Number(byId("gain").value); player.seek(player.frame); });
  byId("wipe").addEventListener("input", () => { state.wipe = byId("wipe").value / 1000; player.seek(player.frame); });
  byId("scrubber").addEventListener("input", () => { player.pause(); player.seek(Number(byId("scrubber").value)); });
  byId("play").addEventListener("click", () => player.toggle());
  byId("back").addEventListener("click", () => player.step(-1));
  byId("forth").addEventListener("click", () => player.step(1));
  byId("speed").addEventListener("change", () => { player.speed = Number(byId("speed").value); });
  for (const id of ["boomerang", "loop"]) byId(id).addEventListener("change", () => { player[id] = byId(id).checked; });
  byId("pixelated").addEventListener("change", () => byId("views").classList.toggle("sharp", byId("pixelated").checked));
  player.changed = () => {
    byId("play-icon").setAttribute("d", player.playing ? PAUSE : PLAY);
    byId("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  };
  document.addEventListener("keydown", pressed);
  const frame = document.querySelector("#stage .frame");
  frame.append(divider);
  const wipe = (event) => {
    if (state.mode !== "wipe" || (event.type === "pointermove" && !event.buttons) || event.target.matches(".handle")) return;
    const box = frame.getBoundingClientRect();
    state.wipe = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    byId("wipe").value = Math.round(1000 * state.wipe);
    player.seek(player.frame);
  };
  for (const name of ["pointerdown", "pointermove"]) frame.addEventListener(name, wipe);
  ["a", "b"].forEach((side, index) => {
    const slice = byId(`slice-${side}`), place = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const box = slice.getBoundingClientRect(), source = chosen()[index];
      const lead = chosen()[0].moves ? chosen()[0] : chosen()[1];
      player.pause();
      player.seek(lead.matching(Math.min(source.count - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * source.count))), source));
    };
    slice.parentElement.append(marks[index]);
    for (const name of ["pointerdown", "pointermove"]) slice.addEventListener(name, place);
  });
  lineControls();
  byId("copy").addEventListener("click", copyCommand);
}

function lineControls() {
  const [w, h] = [() => line.size[0] - 1, () => line.size[1] - 1];
  byId("row").addEventListener("click", () => { const y = (line.ends[1] + line.ends[3]) / 2; line.set([0, y, w(), y]); });
  byId("column").addEventListener("click", () => { const x = (line.ends[0] + line.ends[2]) / 2; line.set([x, 0, x, h()]); });
  byId("diagonal").addEventListener("click", () => line.set([0, 0, w(), h()]));
  byId("line-numbers").append(...["from x", "y", "to x", "y"].map((name, index) => {
    const input = make("input", { type: "number", id: `line-${index}`, min: 0, step: 1, "aria-label": `Line ${index < 2 ? "from" : "to"} ${"xy"[index % 2]}` });
    input.addEventListener("change", () => line.set([0, 1, 2, 3].map((each) => Number(byId(`line-${each}`).value) || 0)));
    return make("label", {}, name, input);
  }));
}

async function copyCommand() {
  try {
    await navigator.clipboard.writeText(byId("command").textContent);
    byId("copy").textContent = "Copied";
  } catch {
    // Where a page may not write to the clipboard, the text is ready for the keyboard.
    getSelection().selectAllChildren(byId("command"));
    byId("copy").textContent = "Selected";
  }
  setTimeout(() => { byId("copy").textContent = "Copy"; }, 1500);
}

/** One row for each run, with what its head says of it. */
function compareRuns() {
  const labels = [...new Set(content.runs.flatMap((run) => run.tiles.map(([label]) => label)))];
  const rows = content.runs.map((run) => [run.name, run.summary, ...labels.map((label) => run.tiles.find((tile) => tile[0] === label)?.[1] ?? "–")]);
  byId("runs-table").append(table({ columns: ["", "", ...labels], rows }));
  byId("runs").hidden = false;
}

async function start() {
  document.title = content.title;
  byId("made").textContent = content.made;
  listen();
  if (several) compareRuns();
  for (const run of content.runs) {
    let path = null;
    for (const each of run.sources) {
      const source = new Source(run, each);
      await source.load(each.pictures, path);
      path ??= source;
      sources.push(source);
    }
  }
  for (const id of ["source-a", "source-b"]) {
    byId(id).append(...sources.map((source, index) => make("option", { value: index }, titled(source))));
  }
  byId("loading").hidden = true;
  byId("stage").hidden = false;
  const moving = content.runs[0];
  for (const id of ["boomerang", "loop"]) player[id] = byId(id).checked = moving[id];
  // Of several runs, the path of the first beside that of the second.
  // In the middle, where they differ most.
  choose(0, several ? content.runs[0].sources.length : Math.min(moving.beside, sources.length - 1));
  const fade = sources[1]?.fade?.[0] ?? [0, player.count - 1];
  player.seek(moving.steps.length ? player.count - 1 : sources[0].at.findIndex((each) => 2 * each >= fade[0] + fade[1]));
  document.body.dataset.ready = "yes";
}

start().catch((error) => {
  byId("loading").hidden = false;
  byId("loading").textContent = `The pictures cannot be shown: ${error.message}`;
  throw error;
});
