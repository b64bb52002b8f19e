// The page: what is chosen, and what is shown of it.

const content = JSON.parse(document.getElementById("content").textContent);
const byId = (id) => document.getElementById(id);
const MODES = [["side", "Side by side"], ["wipe", "Wipe"], ["difference", "Difference"]];
const SLICES = [
  "Drag a line over a picture, in any direction. Below, its pixels frame by frame, time downwards: what moves is a slanted streak, what fades in and out a ghost.",
  "Drag a line over a picture, in any direction. Below, its pixels step by step, downwards: how the picture was found.",
];
const PLAY = "M7 4l13 8-13 8z", PAUSE = "M6 4h4v16H6zM14 4h4v16h-4z";
const state = { mode: "side", first: 0, second: 1, wipe: 0.5, gain: 4 };
let sources = [], charts = [], slicing = false;
const player = new Player(draw);
const line = new Line([...document.querySelectorAll("#stage .frame")], sliced, () => state.mode === "wipe");
const divider = make("div", { class: "divider", hidden: true });
const marks = ["a", "b"].map(() => make("div", { class: "now" }));

const chosen = () => [sources[state.first], sources[state.second]];
const several = content.runs.length > 1;
const titled = (source) => (several ? `${source.run.name}: ${source.name}` : source.name);

function put(canvas, picture, label) {
  if (canvas.width !== picture.width || canvas.height !== picture.height) [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.setAttribute("aria-label", label);
}

function caption(figure, ...parts) { byId(figure).querySelector("figcaption").replaceChildren(...parts); }

const dotted = (role, text) => [make("span", { class: `dot ${role}`, "aria-hidden": "true" }), make("span", {}, text)];

function position(source, index) {
  if (!source.moves) return "";
  return source.labels ? source.labels[index] : `frame ${source.at[index] + 1} of ${source.total}`;
}

function draw(frame) {
  const [first, second] = chosen(), lead = first.moves ? first : second;
  const at = [first, second].map((source) => source.matching(frame, lead));
  const pictures = [first.picture(at[0]), second.picture(at[1])];
  const fitted = resized(pictures[1], pictures[0].width, pictures[0].height);
  const names = [first, second].map((source, index) => [titled(source), position(source, at[index])].filter(Boolean).join(", "));
  if (state.mode === "side") {
    put(byId("canvas-a"), pictures[0], names[0]);
    put(byId("canvas-b"), pictures[1], names[1]);
  } else if (state.mode === "wipe") {
    put(byId("canvas-a"), wiped(pictures[0], fitted, state.wipe), `${names[0]} on the left, ${names[1]} on the right`);
    divider.style.left = `${state.wipe * 100}%`;
  } else put(byId("canvas-a"), difference(pictures[0], fitted, state.gain), `Difference of ${names[0]} and ${names[1]}`);
  byId("scrubber").value = frame;
  byId("scrubber").setAttribute("aria-valuetext", position(lead, frame));
  byId("position").textContent = lead.labels ? lead.labels[frame] : `${lead.at[frame] + 1} / ${lead.total}`;
  marks.forEach((mark, index) => { mark.style.top = `${((at[index] + 0.5) / chosen()[index].count) * 100}%`; });
  // Charts are of the first one's run; where only another's pictures move, they have no place.
  if (lead.run !== first.run) return;
  for (const chart of charts) if (chart.linked) chart.mark(chart.content.step ? lead.run.steps[frame] : lead.at[frame] + 1);
}

function sliced(ends) {
  ends.forEach((value, index) => { byId(`line-${index}`).value = value; });
  if (slicing) return;
  slicing = true;
  requestAnimationFrame(() => { slicing = false; drawSlices(); });
}

function drawSlices() {
  const [width, height] = line.size;
  chosen().forEach((source, index) => {
    const side = "ab"[index], size = source.picture(0);
    byId(`slice-figure-${side}`).hidden = !source.moves;
    byId("slices").classList.toggle("one", !chosen().every((each) => each.moves));
    if (!source.moves) return;
    const points = linePoints(line.ends, (size.width - 1) / Math.max(1, width - 1), (size.height - 1) / Math.max(1, height - 1));
    const slice = sliceThrough(source.all(), points), canvas = byId(`slice-${side}`);
    put(canvas, slice, `${titled(source)}: pixels from (${line.ends.slice(0, 2)}) to (${line.ends.slice(2)}) over time`);
    // About as high as half a picture, however many frames and pixels there are.
    canvas.style.aspectRatio = "2 / 1";
    caption(`slice-figure-${side}`, ...dotted(side, titled(source)));
  });
}

function choose(first, second) {
  [state.first, state.second] = [first, second];
  [byId("source-a").value, byId("source-b").value] = [first, second];
  const [one, two] = chosen(), lead = one.moves ? one : two, share = player.frame / Math.max(1, player.count - 1);
  player.count = lead.count;
  player.period = lead.run.period;
  byId("scrubber").max = lead.count - 1;
  for (const id of ["transport", "playback"]) byId(id).hidden = !lead.moves;
  byId("through-time").hidden = !lead.moves;
  byId("views").classList.toggle("still", !lead.moves);
  const stepped = lead.labels !== undefined;
  byId("slices-title").textContent = stepped ? "A line through the steps" : "A line through time";
  byId("slices-words").textContent = stepped ? SLICES[1] : SLICES[0];
  const size = one.picture(0), before = line.size;
  line.size = [size.width, size.height];
  caption("figure-a", ...dotted("a", titled(one)));
  if (before[0] !== size.width || before[1] !== size.height) line.set([0, one.run.row ?? size.height >> 1, size.width - 1, one.run.row ?? size.height >> 1]);
  showMode();
  showRun(one.run, two.run);
  player.seek(share * (lead.count - 1));
  if (lead.moves) drawSlices();
}

function showMode() {
  const side = state.mode === "side", [one, two] = chosen();
  document.querySelector(`#modes input[value=${state.mode}]`).checked = true;
  byId("figure-b").hidden = !side;
  byId("views").classList.toggle("one", !side);
  byId("gain-box").hidden = state.mode !== "difference";
  byId("wipe-box").hidden = divider.hidden = state.mode !== "wipe";
  document.querySelector("#stage .frame").style.cursor = state.mode === "wipe" ? "ew-resize" : "";
  const both = [...dotted("a", titled(one)), ...dotted("b", titled(two))];
  caption("figure-a", ...(side ? dotted("a", titled(one)) : both));
  caption("figure-b", ...dotted("b", titled(two)));
  const [p, q] = [one.picture(0), two.picture(0)];
  const scaled = !side && (p.width !== q.width || p.height !== q.height) ? "The second is scaled to the size of the first." : "";
  byId("stage-note").textContent = [...new Set([one.run.note, two.run.note]), scaled].filter(Boolean).join(" ");
}

/** Show charts, certificate and record of a run, charts beside another's where there are two. */
function showRun(run, other) {
  const others = other === run ? [] : other.charts;
  charts = run.charts.map((chart) => {
    const match = others.find((each) => each.title === chart.title)?.series.filter(({ role }) => role === "a");
    // Another path's frames are spread over this one's, by their share of the way.
    const last = match && others.find((each) => each.title === chart.title).range[1];
    const spread = (x) => (chart.step ? x : 1 + ((x - 1) * (chart.range[1] - 1)) / (last - 1));
    const series = match
      ? [...chart.series.filter(({ role }) => role === "a").map((each) => ({ ...each, name: run.name })),
        ...match.map((each) => ({ ...each, role: "b", name: other.name, points: each.points.map(([x, y]) => [spread(x), y]) }))]
      : chart.series;
    const far = Math.max(...series.flatMap((each) => each.points.map(([x]) => x)));
    const range = chart.step ? [chart.range[0], Math.max(chart.range[1], far)] : chart.range;
    const linked = chart.linked;
    const seek = linked && ((x) => {
      const [one, two] = chosen(), lead = one.moves ? one : two;
      if (lead.run !== run) return;
      const places = chart.step ? run.steps : lead.at.map((each) => each + 1);
      player.pause();
      player.seek(places.reduce((best, each, index) => (Math.abs(each - x) < Math.abs(places[best] - x) ? index : best), 0));
    });
    return Object.assign(new Chart({ ...chart, series, range }, seek), { linked });
  });
  byId("charts").replaceChildren(...charts.map((chart) => chart.element));
  byId("along").hidden = !charts.length;
  byId("title").textContent = several ? content.title : run.title;
  byId("summary").textContent = several ? content.summary : run.summary;
  byId("tiles").replaceChildren(...(several ? [] : run.tiles.map(([label, value, hint]) =>
    make("li", {}, make("span", { class: "label" }, label), make("span", { class: "value" }, value), make("span", { class: "hint" }, hint)))));
  byId("certificate-title").textContent = several ? `How good ${run.name} is` : "How good it is";
  byId("record-title").textContent = several ? `How ${run.name} was made` : "How it was made";
  byId("words").replaceChildren(...run.words.map((text) => make("p", {}, text)), ...run.warnings.map((text) => make("p", { class: "warning" }, text)));
  byId("figures").replaceChildren(table(run.table));
  byId("figures").hidden = !run.table.rows.length;
  byId("command").textContent = run.command;
  byId("facts").replaceChildren(...run.facts.map(([name, pairs], index) => make("details", { open: index === 0 }, make("summary", {}, name),
    make("dl", {}, ...pairs.flatMap(([key, value]) => [make("dt", {}, key), make("dd", {}, value)])))));
}

function table({ columns, rows }) {
  return make("table", {}, make("thead", {}, make("tr", {}, ...columns.map((name, index) => (index ? make("th", { scope: "col" }, name) : make("td", {}, name))))),
    make("tbody", {}, ...rows.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell))))));
}

function setMode(mode) {
  state.mode = mode;
  showMode();
  player.seek(player.frame);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input[type=number]")) return;
  // What the focused element does with a key itself is left to it.
  const moving = event.key.startsWith("Arrow") || ["Home", "End"].includes(event.key);
  if (moving && event.target.closest("input[type=radio], #wipe, pre, .scroll")) return;
  if (event.key === " " && event.target.closest("button, input[type=checkbox], summary")) return;
  const last = player.count - 1, keys = {
    " ": () => player.toggle(), ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1),
    Home: () => player.step(-last), End: () => player.step(last), x: () => choose(state.second, state.first),
  };
  MODES.forEach(([mode], index) => { keys[index + 1] = () => setMode(mode); });
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
}
