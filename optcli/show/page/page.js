"use strict";
// Adds to a page that is complete without it: a button that copies a patch, and one that lets a chart be zoomed.
(() => {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", () => act(made));
    return made;
  };

  const copy = async (pre, made) => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      made.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(pre);
      made.textContent = "selected";
    }
    setTimeout(() => { made.textContent = "copy"; }, 1500);
  };

  const steps = (told, count) =>
    Array.isArray(told) ? told : Array.from({ length: count }, (_, i) => told.first + i * told.gap);

  // Draws something of each finding within the plot: its stretch below the curves, its code above them.
  const ofBands = (bands, draw) => (plot) => {
    const { left, top, height, width } = plot.bbox;
    plot.ctx.save();
    plot.ctx.beginPath();
    plot.ctx.rect(left, top, width, height);
    plot.ctx.clip();
    bands.forEach(([first, last, severity, code], row) => {
      const [from, to] = [first, last].map((step) => plot.valToPos(step, "x", true));
      plot.ctx.fillStyle = color(severity);
      draw(plot.ctx, from, to, plot.bbox, severity, code, row);
    });
    plot.ctx.restore();
  };

  const stretch = (ctx, from, to, { top, height }, severity) => {
    ctx.globalAlpha = severity === "info" ? 0.05 : 0.08;
    ctx.fillRect(from, top, Math.max(to - from, 3), height);
  };

  const name = (ctx, from, to, { left, top }, _, code, row) => {
    if (to < left) return;
    [ctx.textAlign, ctx.textBaseline] = ["start", "alphabetic"];
    ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillText(code, Math.max(from, left) + 4, top + (13 + 14 * row) * devicePixelRatio);
  };

  const short = (value) => {
    if (value === null) return "";
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential() : String(+value.toPrecision(4));
  };

  const inside = (figure) => {
    const { paddingLeft, paddingRight } = getComputedStyle(figure);
    return figure.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  };

  // Puts the script's chart in the place of the drawing; returns what undoes it.
  const zoom = (figure) => {
    const told = JSON.parse(figure.dataset.panel);
    const drawing = figure.querySelector(".chart");
    const joined = uPlot.join(told.tables.map(([x, y]) => [steps(x, y.length), y]));
    const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
    const lines = told.names.map((name, i) => ({ label: name, stroke: color("c" + i), width: 1.5, spanGaps: i > 0 }));
    const options = {
      width: inside(figure),
      height: 320,
      scales: { x: { time: false }, y: { distr: told.log ? 3 : 1 } },
      axes: [axis, { ...axis, size: 62, values: (_, splits) => splits.map(short) }],
      series: [{ label: "step" }, ...lines],
      hooks: { drawClear: [ofBands(told.bands, stretch)], draw: [ofBands(told.bands, name)] },
    };
    const place = document.createElement("div");
    drawing.replaceWith(place);
    const plot = new uPlot(options, joined, place);
    const fit = () => plot.setSize({ width: inside(figure), height: options.height });
    addEventListener("resize", fit);
    return () => {
      removeEventListener("resize", fit);
      plot.destroy();
      place.replaceWith(drawing);
    };
  };

  for (const patch of document.querySelectorAll(".patch")) {
    patch.append(button("copy", (made) => copy(patch.querySelector("pre"), made)));
  }
  for (const figure of document.querySelectorAll("figure[data-panel]")) {
    const hint = document.createElement("span");
    hint.className = "quiet";
    hint.textContent = "drag to zoom, double-click to reset";
    let undo = null;
    const toggle = (made) => {
      if (undo) {
        undo();
        undo = null;
        hint.remove();
      } else {
        undo = zoom(figure);
        made.before(hint);
      }
      made.textContent = undo ? "close" : "zoom";
    };
    figure.querySelector("figcaption").append(button("zoom", toggle));
  }
})();
