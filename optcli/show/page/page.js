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

  const drawBands = (bands) => (plot) => {
    const { left, top, height, width } = plot.bbox;
    plot.ctx.save();
    plot.ctx.beginPath();
    plot.ctx.rect(left, top, width, height);
    plot.ctx.clip();
    for (const [first, last, severity] of bands) {
      const from = plot.valToPos(first, "x", true);
      plot.ctx.globalAlpha = 0.13;
      plot.ctx.fillStyle = color(severity);
      plot.ctx.fillRect(from, top, Math.max(plot.valToPos(last, "x", true) - from, 3), height);
    }
    plot.ctx.restore();
  };

  const zoom = (figure) => {
    const told = JSON.parse(figure.dataset.panel);
    const joined = uPlot.join(told.tables.map(([x, y]) => [steps(x, y.length), y]));
    const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
    const lines = told.names.map((name, i) => ({ label: name, stroke: color("c" + i), width: 1.5, spanGaps: i > 0 }));
    const options = {
      width: figure.clientWidth - 32,
      height: 320,
      scales: { x: { time: false }, y: { distr: told.log ? 3 : 1 } },
      axes: [axis, { ...axis, size: 62 }],
      series: [{ label: "step" }, ...lines],
      hooks: { drawClear: [drawBands(told.bands)] },
    };
    const place = document.createElement("div");
    figure.querySelector("svg").replaceWith(place);
    new uPlot(options, joined, place);
  };

  for (const patch of document.querySelectorAll(".patch")) {
    patch.append(button("copy", (made) => copy(patch.querySelector("pre"), made)));
  }
  for (const figure of document.querySelectorAll("figure[data-panel]")) {
    const start = (made) => {
      const hint = document.createElement("span");
      hint.className = "quiet";
      hint.textContent = "drag to zoom, double-click to reset";
      made.replaceWith(hint);
      zoom(figure);
    };
    figure.querySelector("figcaption").append(button("zoom", start));
  }
})();
